//! Every number that this process counts, with its handle made once: counting is then one atomic addition.

use std::sync::atomic::{AtomicU64, Ordering};

use cartwright_domain::outcome::Outcome;
use metrics::{Counter, Histogram, counter, gauge, histogram};

use crate::modules::Tier;

/// Stages of a run as they stand in `Server-Timing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Who asks.
    Auth,
    /// What is asked for, and whether they may.
    Quota,
    /// Getting the module ready.
    Load,
    /// The function itself, with its fresh instance.
    Run,
    /// Until the meter record was written.
    Meter,
}

impl Stage {
    pub(crate) const ALL: [Self; 5] = [Self::Auth, Self::Quota, Self::Load, Self::Run, Self::Meter];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::Load => "load",
            Self::Run => "run",
            Self::Meter => "meter",
        }
    }
}

/// Handles of the counters that runs touch.
pub(crate) struct Counters {
    runs: [Counter; 256],
    stages: [Histogram; Stage::ALL.len()],
    /// Read back for the fleet's list, so they are ours, and told to `/metrics` once in a while.
    tiers: [AtomicU64; Tier::ALL.len()],
    pub(crate) fuel: Counter,
    pub(crate) key_lookups: Counter,
    pub(crate) snapshots_loaded: Counter,
    pub(crate) modules_evicted: Counter,
    pub(crate) artifacts_refused: Counter,
    pub(crate) left_early: Counter,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let outcome = |code: usize| {
            let outcome = u8::try_from(code).ok().and_then(Outcome::from_code);
            outcome.map_or_else(
                Counter::noop,
                |outcome| counter!("cartwright_runs_total", "outcome" => outcome.as_str()),
            )
        };
        Self {
            runs: std::array::from_fn(outcome),
            stages: Stage::ALL
                .map(|stage| histogram!("cartwright_run_stage_seconds", "stage" => stage.as_str())),
            tiers: Default::default(),
            fuel: counter!("cartwright_fuel_total"),
            key_lookups: counter!("cartwright_key_lookups_total"),
            snapshots_loaded: counter!("cartwright_tenant_snapshots_loaded_total"),
            modules_evicted: counter!("cartwright_modules_evicted_total"),
            artifacts_refused: counter!("cartwright_artifacts_refused_total"),
            left_early: counter!("cartwright_callers_left_early_total"),
        }
    }

    /// One run ended so.
    pub(crate) fn run(&self, outcome: Outcome) -> &Counter {
        &self.runs[usize::from(outcome.code())]
    }

    pub(crate) fn stage(&self, stage: Stage) -> &Histogram {
        &self.stages[stage as usize]
    }

    /// One more run found its module there.
    pub(crate) fn find(&self, tier: Tier) {
        self.tiers[tier as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Runs that found their module there, since the start.
    pub(crate) fn found(&self, tier: Tier) -> u64 {
        self.tiers[tier as usize].load(Ordering::Relaxed)
    }

    /// Tell `/metrics` of what is counted here.
    pub(crate) fn tell(&self) {
        for tier in Tier::ALL {
            counter!("cartwright_module_hits_total", "tier" => tier.as_str())
                .absolute(self.found(tier));
        }
    }
}

/// Count a request that was refused before it ran. Refusals are rare enough to look their counter up.
pub(crate) fn refused(code: &'static str) {
    counter!("cartwright_refusals_total", "code" => code).increment(1);
}

/// Count runs that a quota of this kind refused, or would have refused (`mode` is `refuse` or `shadow`).
pub(crate) fn quota_refusals(kind: &'static str, mode: &'static str, runs: u64) {
    counter!("cartwright_quota_refusals_total", "kind" => kind, "mode" => mode).increment(runs);
}

/// Levels, set once in a while by `server`.
pub(crate) fn level(name: &'static str, value: f64) {
    gauge!(name).set(value);
}
