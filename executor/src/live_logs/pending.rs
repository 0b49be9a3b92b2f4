//! What waits to be published, function by function, each bounded and all of them together.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::log_line;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::wire::{LiveLogs, LiveRun, WATCHING_FOR_MS, Watched};

use crate::admission::Done;
use crate::run_logs::log_text;

/// A function that has so many bytes waiting gets no more in until they left.
const FUNCTION_BYTES_MAX: usize = 64 << 10;

/// The same for all functions together.
const BYTES_MAX: usize = 4 << 20;

/// What a run takes beside its log.
const OVERHEAD_BYTES: usize = 128;

/// What one run logged, shared with whoever else keeps it.
pub(super) struct LoggedRun {
    invocation_id: InvocationId,
    version: u32,
    outcome: Outcome,
    log: Bytes,
    log_truncated: bool,
    failure: Option<String>,
    /// Its lines, with those that readers get beside what it wrote.
    lines: u64,
}

impl LoggedRun {
    pub(super) fn of(done: &Done) -> Self {
        let (granted, finished) = (&done.granted, &done.finished);
        let written = log_line::lines(&String::from_utf8_lossy(&finished.log)).count() as u64;
        Self {
            invocation_id: granted.invocation_id,
            version: granted.resolved.version.number,
            outcome: finished.outcome,
            log: finished.log.clone(),
            log_truncated: finished.log_truncated(),
            failure: finished.error.as_ref().map(|error| error.message.clone()),
            lines: written
                + u64::from(finished.log_truncated())
                + u64::from(finished.error.is_some()),
        }
    }

    fn says_nothing(&self) -> bool {
        self.log.is_empty() && !self.log_truncated && self.failure.is_none()
    }

    fn bytes(&self) -> usize {
        OVERHEAD_BYTES + self.log.len() + self.failure.as_ref().map_or(0, String::len)
    }

    fn to_wire(&self) -> LiveRun {
        LiveRun {
            invocation_id: self.invocation_id,
            version: self.version,
            outcome: self.outcome,
            log: log_text(&self.log),
            log_truncated: self.log_truncated,
            failure: self.failure.clone(),
        }
    }
}

/// Who is watched, and what waits of each.
#[derive(Default)]
pub(super) struct Pending {
    functions: HashMap<Watched, Function>,
    bytes: usize,
}

struct Function {
    until: Instant,
    runs: Vec<LoggedRun>,
    bytes: usize,
    lines_dropped: u64,
}

impl Pending {
    /// Somebody watches these, from now on until nobody said so for a while.
    pub(super) fn watch(&mut self, functions: &[Watched], now: Instant) {
        let until = now + Duration::from_millis(WATCHING_FOR_MS);
        for which in functions {
            let new = || Function {
                until,
                runs: Vec::new(),
                bytes: 0,
                lines_dropped: 0,
            };
            self.functions.entry(*which).or_insert_with(new).until = until;
        }
    }

    /// Forget who is no longer watched.
    pub(super) fn expire(&mut self, now: Instant) {
        self.functions.retain(|_, function| {
            let is_watched = function.until > now;
            if !is_watched {
                self.bytes -= function.bytes;
            }
            is_watched
        });
    }

    pub(super) fn watched(&self) -> usize {
        self.functions.len()
    }

    pub(super) fn is_watched(&self, which: Watched) -> bool {
        self.functions.contains_key(&which)
    }

    /// Take a run in, or count its lines when there is no room. Whether anything waits now that did not before.
    pub(super) fn push(&mut self, which: Watched, run: LoggedRun) -> bool {
        let Some(function) = self.functions.get_mut(&which) else {
            return false;
        };
        if run.says_nothing() {
            return false;
        }
        if function.bytes >= FUNCTION_BYTES_MAX || self.bytes >= BYTES_MAX {
            function.lines_dropped += run.lines;
            return false;
        }
        let bytes = run.bytes();
        function.bytes += bytes;
        self.bytes += bytes;
        function.runs.push(run);
        true
    }

    /// All that waits, which then waits no longer.
    pub(super) fn take(&mut self) -> Vec<(Watched, Batch)> {
        self.bytes = 0;
        let mut taken = Vec::new();
        for (which, function) in &mut self.functions {
            if function.runs.is_empty() && function.lines_dropped == 0 {
                continue;
            }
            function.bytes = 0;
            let batch = Batch {
                runs: std::mem::take(&mut function.runs),
                lines_dropped: std::mem::take(&mut function.lines_dropped),
            };
            taken.push((*which, batch));
        }
        taken
    }

    /// A batch could not be published: what it held is told of with the next.
    pub(super) fn lost(&mut self, which: Watched, lines: u64) {
        if let Some(function) = self.functions.get_mut(&which) {
            function.lines_dropped += lines;
        }
    }
}

/// What leaves at once of one function.
pub(super) struct Batch {
    runs: Vec<LoggedRun>,
    pub(super) lines_dropped: u64,
}

impl Batch {
    pub(super) fn to_wire(&self) -> LiveLogs {
        LiveLogs {
            runs: self.runs.iter().map(LoggedRun::to_wire).collect(),
            lines_dropped: self.lines_dropped,
        }
    }

    /// Its lines, and those that it only counts.
    pub(super) fn lines(&self) -> u64 {
        self.lines_dropped + self.runs.iter().map(|run| run.lines).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::{FunctionId, TenantId};

    use super::*;

    fn which(n: u8) -> Watched {
        Watched {
            tenant_id: TenantId::from_bytes([1; 16]),
            function_id: FunctionId::from_bytes([n; 16]),
        }
    }

    fn run(log: &str, failure: Option<&str>) -> LoggedRun {
        LoggedRun {
            invocation_id: InvocationId::from_bytes([2; 16]),
            version: 1,
            outcome: Outcome::Ok,
            log: Bytes::copy_from_slice(log.as_bytes()),
            log_truncated: false,
            failure: failure.map(str::to_owned),
            lines: log_line::lines(log).count() as u64 + u64::from(failure.is_some()),
        }
    }

    #[test]
    fn what_is_watched_is_taken_in_and_leaves_whole() {
        let mut pending = Pending::default();
        assert!(!pending.push(which(1), run("unwatched", None)));
        pending.watch(&[which(1)], Instant::now());
        assert!(pending.push(which(1), run("one\ntwo\n", Some("it failed"))));
        assert!(!pending.push(which(1), run("", None)), "it said nothing");

        let taken = pending.take();

        assert_eq!((taken.len(), taken[0].1.lines()), (1, 3));
        assert_eq!(taken[0].1.to_wire().runs[0].log, "one\ntwo\n");
        assert!(pending.take().is_empty());
    }

    #[test]
    fn a_flood_is_cut_and_its_lines_are_counted() {
        let mut pending = Pending::default();
        pending.watch(&[which(1), which(2)], Instant::now());
        let lines = "a line of sixteen\n".repeat(1_000);
        for _ in 0..10 {
            pending.push(which(1), run(&lines, None));
        }
        assert!(
            pending.push(which(2), run("quiet", None)),
            "others have room"
        );
        let taken = pending.take();
        let (_, flood) = taken.iter().find(|(of, _)| *of == which(1)).unwrap();
        assert_eq!((flood.runs.len(), flood.lines_dropped), (4, 6_000));
        assert!(
            pending.push(which(1), run(&lines, None)),
            "there is room again"
        );
    }

    #[test]
    fn who_is_spoken_of_no_more_is_forgotten() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        pending.watch(&[which(1), which(2)], now);
        pending.push(which(2), run("waits", None));
        let later = now + Duration::from_millis(WATCHING_FOR_MS);
        pending.watch(&[which(1)], later);
        pending.expire(later);
        assert_eq!((pending.watched(), pending.bytes), (1, 0));
        pending.lost(which(2), 5);
        assert!(pending.take().is_empty());
    }
}
