//! How long each stage of a request took, for `Server-Timing` and the metrics.

use std::time::{Duration, Instant};

use crate::counters::Stage;

/// Runs from the request's arrival; each lap belongs to one stage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    began: Instant,
    lap_began: Instant,
    stages: [Duration; Stage::ALL.len()],
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let began = Instant::now();
        Self {
            began,
            lap_began: began,
            stages: [Duration::ZERO; Stage::ALL.len()],
        }
    }

    /// When the request arrived.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// What passed since the last lap was this stage.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        self.stages[stage as usize] += now - self.lap_began;
        self.lap_began = now;
    }

    /// What passed since the last lap belongs to no stage of ours, such as waiting for the caller's body.
    pub(crate) fn skip(&mut self) {
        self.lap_began = Instant::now();
    }

    pub(crate) fn of(&self, stage: Stage) -> Duration {
        self.stages[stage as usize]
    }
}
