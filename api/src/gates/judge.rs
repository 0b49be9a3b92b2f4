//! Whether a batch went well enough for a gate. Pure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::Gate;
use crate::replays::FinishedBatch;

/// What a batch lacks of what the gate asks.
pub(super) fn missing(
    gate: &Gate,
    version: i32,
    newest: Option<&FinishedBatch>,
    now: DateTime<Utc>,
) -> Vec<String> {
    let Some(batch) = newest else {
        return vec![format!(
            "no batch of replays of version {version} has finished: start one with POST …/replays {{\"version\": {version}}}"
        )];
    };
    let mut missing = Vec::new();
    let (id, counts) = (batch.id, &batch.counts);
    if now - batch.finished_at > TimeDelta::hours(gate.max_age_hours.into()) {
        let hours = match gate.max_age_hours {
            1 => "1 hour".to_owned(),
            hours => format!("{hours} hours"),
        };
        missing.push(format!(
            "the newest batch, {id}, finished {}, and may be {hours} old: run another",
            batch.finished_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        ));
    }
    let mut hold = |is: u32, one: &str, many: &str, most: i32| {
        if i64::from(is) > i64::from(most) {
            let so_many = runs(is, one, many);
            missing.push(format!("{so_many} in batch {id}; at most {most} may"));
        }
    };
    let most = gate.newly_failing_max;
    hold(counts.newly_failing, "fails newly", "fail newly", most);
    if let Some(most) = gate.differs_max {
        hold(counts.differs, "differs", "differ", most);
    }
    let compared = counts.compared();
    if i64::from(compared) < i64::from(gate.min_runs) {
        let so_many = runs(compared, "was compared", "were compared");
        let least = gate.min_runs;
        missing.push(format!("{so_many} in batch {id}; {least} must be"));
    }
    missing
}

/// So many runs, and what one of them or many do.
fn runs(count: u32, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 run {one}"),
        _ => format!("{count} runs {many}"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::replays::Counts;

    fn gate() -> Gate {
        Gate {
            alias: "live".to_owned(),
            min_runs: 10,
            newly_failing_max: 0,
            differs_max: Some(2),
            max_age_hours: 24,
            set_at: DateTime::UNIX_EPOCH,
            set_by: "user:x".to_owned(),
        }
    }

    fn batch(change: fn(&mut Counts)) -> FinishedBatch {
        let mut counts = Counts {
            same: 8,
            differs: 2,
            ..Counts::default()
        };
        change(&mut counts);
        FinishedBatch {
            id: Uuid::nil(),
            finished_at: DateTime::UNIX_EPOCH,
            counts,
        }
    }

    #[test]
    fn a_gate_opens_when_nothing_is_missing_and_names_each_thing_that_is() {
        let day = DateTime::UNIX_EPOCH + TimeDelta::hours(24);
        let missing = |change, now| super::missing(&gate(), 2, Some(&batch(change)), now);
        assert_eq!(missing(|_| (), day), [""; 0]);
        let late = missing(|_| (), day + TimeDelta::seconds(1));
        assert!(late[0].contains("24 hours"), "{late:?}");
        let failing = missing(|counts| counts.newly_failing = 1, day);
        assert!(failing[0].contains("1 run fails newly"), "{failing:?}");
        let differing = missing(|counts| counts.differs = 3, day);
        assert!(differing[0].contains("3 runs differ"), "{differing:?}");
        // What could not be compared proves nothing.
        let few = missing(
            |counts| (counts.same, counts.not_comparable) = (7, 100),
            day,
        );
        assert!(few[0].contains("9 runs were compared"), "{few:?}");
        let one = missing(|counts| (counts.same, counts.differs) = (1, 0), day);
        assert!(one[0].contains("1 run was compared"), "{one:?}");
        assert_eq!(super::missing(&gate(), 2, None, day).len(), 1);
        let lenient = Gate {
            differs_max: None,
            ..gate()
        };
        let all_differ = batch(|counts| counts.differs = 900);
        assert_eq!(super::missing(&lenient, 2, Some(&all_differ), day), [""; 0]);
    }
}
