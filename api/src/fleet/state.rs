//! How an executor stands: a pure decision over its last report, how long ago that was, and the operator's order.

use std::collections::BTreeMap;

use cartwright_domain::wire::{ExecutorReport, LOST_AFTER};
use serde::Serialize;
use utoipa::ToSchema;

/// How an executor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It takes runs.
    Ready,
    /// An operator drains it, or its process is about to end.
    Draining,
    /// It misses something; `why` names it.
    NotReady,
    /// It was not heard of for 15 s.
    Lost,
}

impl State {
    /// Its word in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::NotReady => "not_ready",
            Self::Lost => "lost",
        }
    }
}

/// What of an executor's row decides.
pub(super) struct Facts<'a> {
    pub(super) report: &'a ExecutorReport,
    pub(super) unseen_s: f64,
    pub(super) drain_ordered: bool,
    pub(super) taken_over: bool,
}

/// How it stands, and why unless it is ready.
pub(super) fn state(facts: &Facts<'_>) -> (State, Option<String>) {
    let report = facts.report;
    if facts.unseen_s >= LOST_AFTER.as_secs_f64() {
        return (State::Lost, Some(why_lost(facts)));
    }
    if report.ending {
        let why = "its process is about to end".to_owned();
        return (State::Draining, Some(why));
    }
    if facts.drain_ordered {
        let why = if report.missing.contains_key("drain_order") {
            "an operator drains it"
        } else {
            "an operator drains it; it hears of it with its next report"
        };
        return (State::Draining, Some(why.to_owned()));
    }
    if !report.missing.is_empty() {
        return (State::NotReady, Some(list(&report.missing)));
    }
    (State::Ready, None)
}

fn why_lost(facts: &Facts<'_>) -> String {
    let unseen = format!("not heard of for {:.0} s", facts.unseen_s);
    if facts.taken_over {
        return format!("{unseen}; another executor took over its meter log");
    }
    format!(
        "{unseen}; nobody ships its meter log, which had {} unshipped records at its last report: start an executor on its data directory",
        facts.report.meter_log.unshipped
    )
}

fn list(missing: &BTreeMap<String, String>) -> String {
    let listed: Vec<String> = missing
        .iter()
        .map(|(what, why)| format!("{what} ({why})"))
        .collect();
    format!("missing: {}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::WriterId;
    use cartwright_domain::wire::{CachesReport, MeterLogReport, RunToken, SlotsReport};

    use super::*;

    fn report(missing: &[&str], ending: bool) -> ExecutorReport {
        ExecutorReport {
            executor_id: WriterId::new(),
            version: "1.0.0".to_owned(),
            engine_epoch: 1,
            started_at_ms: 0,
            public_url: "http://e".to_owned(),
            internal_url: "http://e".to_owned(),
            run_token: RunToken::default(),
            missing: missing
                .iter()
                .map(|what| ((*what).to_owned(), "it does not answer".to_owned()))
                .collect(),
            ending,
            ended: false,
            slots: SlotsReport::default(),
            caches: CachesReport::default(),
            meter_log: MeterLogReport {
                unshipped: 7,
                ..MeterLogReport::default()
            },
            took_over: Vec::new(),
        }
    }

    fn told(report: &ExecutorReport, unseen_s: f64, drain_ordered: bool) -> (State, String) {
        let facts = Facts {
            report,
            unseen_s,
            drain_ordered,
            taken_over: false,
        };
        let (state, why) = state(&facts);
        (state, why.unwrap_or_default())
    }

    #[test]
    fn who_is_silent_is_lost_whatever_it_said_and_an_order_counts_before_it_is_heard() {
        let (well, ill, ends) = (
            report(&[], false),
            report(&["redis"], false),
            report(&[], true),
        );
        for (report, unseen_s, drain_ordered, expected) in [
            (&well, 1.0, false, State::Ready),
            (&well, 14.9, false, State::Ready),
            (&well, 15.0, false, State::Lost),
            (&well, 15.0, true, State::Lost),
            (&well, 1.0, true, State::Draining),
            (&ends, 1.0, false, State::Draining),
            (&ill, 1.0, false, State::NotReady),
            (&ill, 1.0, true, State::Draining),
        ] {
            assert_eq!(told(report, unseen_s, drain_ordered).0, expected);
        }
        assert_eq!(
            told(&ill, 1.0, false).1,
            "missing: redis (it does not answer)"
        );
        assert!(told(&well, 60.0, false).1.contains("7 unshipped records"));
    }
}
