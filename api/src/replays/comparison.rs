//! Whether two runs on the same input came out alike, and whether that could be expected. Decided from both sides alone.

use cartwright_domain::outcome::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::side::Side;

/// Why equal output and equal fuel are not promised here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WhyNot {
    /// The stable code of the reason.
    pub(super) code: Reason,
    /// In a sentence: what differs, and what to do.
    pub(super) detail: String,
}

/// Why two runs do not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NotComparableReason)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Fuel was counted by another engine.
    EngineChanged,
    /// The run was given another configuration.
    ConfigurationChanged,
    /// A limit that stopped one side is another one now.
    LimitsChanged,
    /// The schema that holds outputs is another one now.
    TargetChanged,
    /// The clock, or money, stopped one side.
    StoppedFromOutside,
    /// One side was answered from the cache of results.
    AnsweredFromCache,
    /// We failed on one side.
    OurFault,
    /// The input is no longer kept, or is larger than the limit is now.
    InputGone,
}

/// How two runs compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    /// Whether both ended the same way with the same output, as JSON: spaces and the order of members do not count.
    pub(super) output_equal: bool,
    /// Whether the outputs are the same byte for byte.
    pub(super) output_identical: bool,
    /// Whether both burned the same fuel.
    pub(super) fuel_equal: bool,
    /// Whether a difference is the version's doing: nothing else that decides about output and fuel has changed. For the
    /// same version, equal output and equal fuel are then promised.
    pub(super) comparable: bool,
    /// Why it is not comparable.
    pub(super) why_not: Vec<WhyNot>,
}

/// What a run of a batch says about the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[schema(as = ReplayClass)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Class {
    /// It ended the same way, with an equal output.
    Same,
    /// Its output is another one, or it fails in another way.
    Differs,
    /// It ended well before, and fails now.
    NewlyFailing,
    /// It failed before, and ends well now.
    NewlyPassing,
    /// What was there before cannot be held against it.
    NotComparable,
}

impl Class {
    /// Its place among the results, the worst first: the column `rank` has the same.
    pub(super) fn rank(self) -> i16 {
        match self {
            Self::NewlyFailing => 0,
            Self::Differs => 1,
            Self::NotComparable => 2,
            Self::NewlyPassing => 3,
            Self::Same => 4,
        }
    }
}

/// Compare a run with the one before.
pub(super) fn compare(before: &Side, after: &Side) -> Comparison {
    let why_not = why_not(before, after);
    let output_identical = before.output == after.output;
    Comparison {
        output_equal: before.outcome == after.outcome
            && (output_identical || equal_as_json(&before.output, &after.output)),
        output_identical,
        fuel_equal: before.fuel == after.fuel,
        comparable: why_not.is_empty(),
        why_not,
    }
}

fn equal_as_json(one: &[u8], other: &[u8]) -> bool {
    let read = |bytes| serde_json::from_slice::<Value>(bytes).ok();
    read(one).is_some_and(|one| Some(one) == read(other))
}

fn why_not(before: &Side, after: &Side) -> Vec<WhyNot> {
    let mut reasons = Vec::new();
    let mut add = |code, detail: String| reasons.push(WhyNot { code, detail });
    if before.engine_epoch != after.engine_epoch {
        add(
            Reason::EngineChanged,
            format!(
                "fuel was counted by engine epoch {} then and by {} now: run both versions now, with `against` in a batch",
                before.engine_epoch, after.engine_epoch
            ),
        );
    }
    if before.config_version != after.config_version {
        add(
            Reason::ConfigurationChanged,
            format!(
                "it ran with configuration {} then and with {} now: ask for `\"configuration\": \"recorded\"`",
                before.config_version, after.config_version
            ),
        );
    }
    for (side, when) in [(before, "then"), (after, "now")] {
        if is_stopped_from_outside(side.outcome) {
            add(
                Reason::StoppedFromOutside,
                format!(
                    "it ended `{}` {when}, which the clock or a cap decides and not the input",
                    side.outcome
                ),
            );
        }
        if side.cached {
            add(
                Reason::AnsweredFromCache,
                format!(
                    "it was answered from the cache of results {when}: nothing ran, so the outputs alone compare"
                ),
            );
        }
        if side.outcome == Outcome::PlatformFault {
            add(
                Reason::OurFault,
                format!("we failed {when}, not the function; try again"),
            );
        }
    }
    if let Some(detail) = limits_changed(before, after) {
        add(Reason::LimitsChanged, detail);
    }
    if is_target_changed(before, after) {
        add(
            Reason::TargetChanged,
            "one version gives one output on one input: what changed since is the target's schema, which holds it on one side only"
                .to_owned(),
        );
    }
    reasons
}

/// Whether one version's output broke the target's schema on one side only.
fn is_target_changed(before: &Side, after: &Side) -> bool {
    before.version == after.version
        && before.outcome != after.outcome
        && [before, after]
            .map(|side| side.outcome)
            .contains(&Outcome::OutputInvalid)
}

/// One version ends one way on one input; where it does not, the limit that stopped one side was another on the other side.
fn limits_changed(before: &Side, after: &Side) -> Option<String> {
    if before.version != after.version {
        return None;
    }
    let at_limit = |side: &Side| is_stopped_by_limit(side.outcome);
    if at_limit(after) && (before.outcome != after.outcome || before.limit() != after.limit()) {
        return Some(format!(
            "it ended `{}` now: its limit is lower than it was",
            after.outcome
        ));
    }
    (at_limit(before) && before.outcome != after.outcome).then(|| {
        format!(
            "it ended `{}` then: its limit is higher than it was",
            before.outcome
        )
    })
}

fn is_stopped_by_limit(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::FuelExhausted | Outcome::MemoryExceeded | Outcome::OutputTooLarge
    )
}

fn is_stopped_from_outside(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::DeadlineExceeded | Outcome::BudgetExceeded | Outcome::SpendCapReached
    )
}

/// What a compared run says about the version. A configuration that differs was asked for, and a result from the cache is
/// that of a run, so neither stands in the way; a run that fails now is counted against the version whatever the reason,
/// since a promote must be on the safe side.
pub(super) fn class(before: &Side, after: &Side, comparison: &Comparison) -> Class {
    let is_ours = after.outcome == Outcome::PlatformFault;
    if before.is_ok() && !after.is_ok() && !is_ours {
        return Class::NewlyFailing;
    }
    let stands_in_the_way = |why: &WhyNot| {
        !matches!(
            why.code,
            Reason::ConfigurationChanged | Reason::AnsweredFromCache
        )
    };
    if comparison.why_not.iter().any(stands_in_the_way) {
        return Class::NotComparable;
    }
    match (before.is_ok(), after.is_ok()) {
        (false, true) => Class::NewlyPassing,
        // What a failed run had written so far is no output.
        (false, false) if before.outcome == after.outcome => Class::Same,
        (true, true) if comparison.output_equal => Class::Same,
        _ => Class::Differs,
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::InvocationId;
    use serde_json::json;

    use super::*;

    fn side(outcome: Outcome, output: &str) -> Side {
        Side {
            invocation_id: InvocationId::from_bytes([1; 16]),
            version: 1,
            config_version: 1,
            engine_epoch: 1,
            outcome,
            fuel: 100,
            memory_peak_bytes: 1 << 16,
            duration_us: 10,
            cached: false,
            output: output.as_bytes().to_vec(),
            log: String::new(),
            log_truncated: false,
            error: None,
        }
    }

    fn judged(before: &Side, after: &Side) -> (Class, Vec<Reason>) {
        let comparison = compare(before, after);
        let reasons = comparison.why_not.iter().map(|why| why.code).collect();
        (class(before, after, &comparison), reasons)
    }

    #[test]
    fn outputs_are_compared_as_json_and_as_bytes() {
        let (one, other) = (
            side(Outcome::Ok, r#"{"a": 1, "b": [2]}"#),
            side(Outcome::Ok, r#"{"b":[2],"a":1}"#),
        );
        let comparison = compare(&one, &other);
        assert!(comparison.output_equal && !comparison.output_identical);
        assert!(comparison.fuel_equal && comparison.comparable);
        assert!(!compare(&one, &side(Outcome::Ok, "{}")).output_equal);
        assert!(!compare(&one, &side(Outcome::Trap, "{\"b\":[2],\"a\":1}")).output_equal);
    }

    #[test]
    fn each_thing_that_decides_beside_the_input_is_a_reason() {
        let before = side(Outcome::Ok, "1");
        let changed = |change: fn(&mut Side)| {
            let mut after = before.clone();
            change(&mut after);
            judged(&before, &after).1
        };
        assert_eq!(
            changed(|side| side.engine_epoch = 2),
            [Reason::EngineChanged]
        );
        assert_eq!(
            changed(|side| side.config_version = 2),
            [Reason::ConfigurationChanged]
        );
        assert_eq!(
            changed(|side| side.cached = true),
            [Reason::AnsweredFromCache]
        );
        assert_eq!(
            changed(|side| side.outcome = Outcome::PlatformFault),
            [Reason::OurFault]
        );
        for outcome in [
            Outcome::DeadlineExceeded,
            Outcome::BudgetExceeded,
            Outcome::SpendCapReached,
        ] {
            let stopped = side(outcome, "");
            assert_eq!(judged(&stopped, &before).1, [Reason::StoppedFromOutside]);
        }
        assert_eq!(changed(|_| ()), []);
    }

    #[test]
    fn one_version_that_meets_a_limit_once_had_another_limit_and_two_versions_need_not() {
        let (well, mut short) = (side(Outcome::Ok, "1"), side(Outcome::FuelExhausted, ""));
        assert_eq!(judged(&well, &short).1, [Reason::LimitsChanged]);
        assert_eq!(judged(&short, &well).1, [Reason::LimitsChanged]);
        short.error = Some(json!({"limit": 100}));
        assert_eq!(judged(&short, &short).1, []);
        let mut lower = short.clone();
        lower.error = Some(json!({"limit": 50}));
        assert_eq!(judged(&short, &lower).1, [Reason::LimitsChanged]);
        short.version = 2;
        assert_eq!(judged(&well, &short), (Class::NewlyFailing, vec![]));
    }

    #[test]
    fn one_version_whose_output_broke_the_schema_once_had_another_schema() {
        let (well, mut broke) = (side(Outcome::Ok, "1"), side(Outcome::OutputInvalid, "1"));
        assert_eq!(judged(&broke, &well).1, [Reason::TargetChanged]);
        assert_eq!(
            judged(&well, &broke),
            (Class::NewlyFailing, vec![Reason::TargetChanged])
        );
        assert_eq!(judged(&broke, &broke).1, []);
        broke.version = 2;
        assert_eq!(judged(&well, &broke), (Class::NewlyFailing, vec![]));
    }

    #[test]
    fn a_run_is_classed_by_how_both_sides_ended() {
        let (well, other, trap, exited) = (
            side(Outcome::Ok, "1"),
            side(Outcome::Ok, "2"),
            side(Outcome::Trap, ""),
            side(Outcome::Exited, ""),
        );
        let late = side(Outcome::DeadlineExceeded, "");
        let ours = side(Outcome::PlatformFault, "");
        for (before, after, class) in [
            (&well, &well, Class::Same),
            (&well, &other, Class::Differs),
            (&well, &trap, Class::NewlyFailing),
            (&trap, &well, Class::NewlyPassing),
            (&trap, &trap, Class::Same),
            (&trap, &exited, Class::Differs),
            // A busy machine may be to blame; a promote is refused all the same.
            (&well, &late, Class::NewlyFailing),
            (&late, &well, Class::NotComparable),
            (&well, &ours, Class::NotComparable),
            (&ours, &well, Class::NotComparable),
        ] {
            assert_eq!(judged(before, after).0, class, "{before:?} {after:?}");
        }
        let mut configured = well.clone();
        configured.config_version = 2;
        assert_eq!(judged(&well, &configured).0, Class::Same);
        let mut cached = well.clone();
        cached.cached = true;
        for (after, class) in [
            (&well, Class::Same),
            (&other, Class::Differs),
            (&trap, Class::NewlyFailing),
        ] {
            assert_eq!(judged(&cached, after).0, class);
        }
    }
}
