//! Everyone who watches a function on this process, and the last of what they were told, for who comes back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwright_domain::wire::{LiveLogs, Watched};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::entry::{EntryId, Run};
use super::filter::Wanted;
use super::reader::{Item, Reader, Reason};
use super::tail::Tail;

/// A function is watched for so long after its last reader left, so that one who comes back misses nothing.
const LINGER: Duration = Duration::from_secs(30);

/// Functions that are held though nobody reads them any more.
const LINGERING_MAX: usize = 200;

/// The readers of this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Somebody watches what nobody watched before.
    wanted: Notify,
}

#[derive(Default)]
struct State {
    tails: HashMap<Watched, Tail>,
    /// The way from the executors is broken.
    is_interrupted: bool,
}

/// A place among the readers of a function, given up when it is dropped.
pub(super) struct Seat {
    hub: Hub,
    which: Watched,
    pub(super) reader: Arc<Reader>,
}

impl Hub {
    /// Watch a function, and be told first what came since this entry, if that is still known.
    pub(super) fn watch(&self, which: Watched, wanted: Wanted, since: Option<Since>) -> Seat {
        let reader = Arc::new(Reader::new(wanted));
        let mut state = self.0.state.lock();
        let is_interrupted = state.is_interrupted;
        let tail = state.tails.entry(which).or_default();
        match since {
            None => {}
            Some(Since::Entry(id)) if tail.replay(id, &reader) => {}
            Some(_) => reader.dropped(None, Reason::NotResumed),
        }
        if tail.is_open {
            reader.say(Item::Open);
        } else if is_interrupted {
            reader.say(Item::Interrupted);
        }
        tail.readers.push(reader.clone());
        tail.left_at = None;
        state.linger(Instant::now());
        drop(state);
        self.0.wanted.notify_one();
        Seat {
            hub: self.clone(),
            which,
            reader,
        }
    }

    /// Wait until somebody watches what nobody watched before.
    pub(crate) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// Every function that is watched now.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        let mut state = self.0.state.lock();
        state.linger(Instant::now());
        // What nobody watches is not interrupted: the next reader waits for its `open` and hears of no break before.
        state.is_interrupted &= !state.tails.is_empty();
        state.tails.keys().copied().collect()
    }

    /// Executors know that these are watched, and what they publish arrives here.
    pub(crate) fn opened(&self, functions: &[Watched]) {
        let mut state = self.0.state.lock();
        state.is_interrupted = false;
        for which in functions {
            let Some(tail) = state.tails.get_mut(which) else {
                continue;
            };
            tail.opened();
        }
    }

    /// The way from the executors broke, or could not be made.
    pub(crate) fn interrupted(&self) {
        let mut state = self.0.state.lock();
        let was_interrupted = std::mem::replace(&mut state.is_interrupted, true);
        for tail in state.tails.values_mut() {
            tail.interrupted(was_interrupted);
        }
    }

    /// Executors sent this of a function.
    pub(crate) fn take_in(&self, which: Watched, logs: &LiveLogs) {
        let runs: Vec<_> = logs
            .runs
            .iter()
            .map(|run| Arc::new(Run::live(run)))
            .collect();
        if logs.lines_dropped > 0 {
            metrics::counter!("cartwright_log_lines_dropped_total", "reason" => Reason::Flood.as_str())
                .increment(logs.lines_dropped);
        }
        let mut state = self.0.state.lock();
        let Some(tail) = state.tails.get_mut(&which) else {
            return;
        };
        tail.take_in(runs, logs.lines_dropped);
    }
}

/// What a reader who comes back saw last.
pub(super) enum Since {
    /// This entry.
    Entry(EntryId),
    /// Something that is no entry of ours.
    Unknown,
}

impl State {
    /// Forget functions that nobody reads any more: those whose time is over, and the longest left when there are too many.
    fn linger(&mut self, now: Instant) {
        self.tails
            .retain(|_, tail| tail.left_at.is_none_or(|left| now - left < LINGER));
        loop {
            let left = self
                .tails
                .iter()
                .filter_map(|(which, tail)| Some((tail.left_at?, *which)));
            let left: Vec<_> = left.collect();
            if left.len() <= LINGERING_MAX {
                return;
            }
            if let Some((_, which)) = left.into_iter().min_by_key(|(at, _)| *at) {
                self.tails.remove(&which);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.hub.0.state.lock();
        if let Some(tail) = state.tails.get_mut(&self.which) {
            tail.readers
                .retain(|reader| !Arc::ptr_eq(reader, &self.reader));
            if tail.readers.is_empty() {
                tail.left_at = Some(Instant::now());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::{FunctionId, InvocationId, TenantId};
    use cartwright_domain::outcome::Outcome;
    use cartwright_domain::wire::LiveRun;

    use super::super::tail::HELD_BYTES_MAX;
    use super::*;

    const WHICH: Watched = Watched {
        tenant_id: TenantId::from_bytes([1; 16]),
        function_id: FunctionId::from_bytes([2; 16]),
    };

    fn logged(id: u8, log: &str) -> LiveLogs {
        let run = LiveRun {
            invocation_id: InvocationId::from_bytes([id; 16]),
            version: 1,
            outcome: Outcome::Ok,
            log: log.to_owned(),
            log_truncated: false,
            failure: None,
        };
        LiveLogs {
            runs: vec![run],
            lines_dropped: 0,
        }
    }

    /// What a reader is told, in short.
    fn told(seat: &Seat) -> Vec<String> {
        let items = std::iter::from_fn(|| seat.reader.take());
        let said = items.map(|item| match item {
            Item::Open => "open".to_owned(),
            Item::Run(run, from) => format!("{}.{from}", run.id.as_bytes()[0]),
            Item::Dropped(count, reason) => format!("dropped {count:?} {}", reason.as_str()),
            Item::Interrupted => "interrupted".to_owned(),
            Item::End(code, _) => format!("end {}", code.as_str()),
        });
        said.collect()
    }

    fn since(id: u8, seq: usize) -> Option<Since> {
        let run = InvocationId::from_bytes([id; 16]);
        Some(Since::Entry(EntryId { run, seq }))
    }

    #[test]
    fn who_comes_back_in_time_is_told_what_came_between() {
        let hub = Hub::default();
        let first = hub.watch(WHICH, Wanted::default(), None);
        hub.opened(&[WHICH]);
        hub.take_in(WHICH, &logged(1, "a\nb\nc"));
        drop(first);
        hub.take_in(WHICH, &logged(2, "d"));

        let again = hub.watch(WHICH, Wanted::default(), since(1, 0));
        let stranger = hub.watch(WHICH, Wanted::default(), since(9, 0));

        assert_eq!(told(&again), ["1.1", "2.0", "open"]);
        assert_eq!(told(&stranger), ["dropped None not_resumed", "open"]);
    }

    #[test]
    fn a_break_is_told_once_and_its_end_too() {
        let hub = Hub::default();
        let seat = hub.watch(WHICH, Wanted::default(), None);
        hub.interrupted();
        hub.interrupted();
        assert_eq!(told(&seat), ["interrupted"], "it never was open");
        hub.opened(&[WHICH]);
        hub.opened(&[WHICH]);
        hub.take_in(WHICH, &logged(1, "a"));
        hub.interrupted();
        hub.interrupted();
        let late = hub.watch(WHICH, Wanted::default(), since(1, 0));
        assert_eq!(
            told(&seat),
            ["open", "1.0", "dropped None interrupted", "interrupted"]
        );
        assert_eq!(told(&late), ["dropped None not_resumed", "interrupted"]);
    }

    #[test]
    fn a_function_that_nobody_reads_is_watched_a_little_longer_and_no_more() {
        let hub = Hub::default();
        drop(hub.watch(WHICH, Wanted::default(), None));
        assert_eq!(hub.watched(), [WHICH]);
        hub.0.state.lock().linger(Instant::now() + LINGER);
        assert!(hub.watched().is_empty());
    }

    #[test]
    fn what_is_held_for_who_comes_back_is_bounded() {
        let hub = Hub::default();
        let _seat = hub.watch(WHICH, Wanted::default(), None);
        for id in 0..100 {
            hub.take_in(WHICH, &logged(id, &"x".repeat(10_000)));
        }
        let state = hub.0.state.lock();
        let held = state.tails[&WHICH].held();
        let bytes: usize = held.map(|run| run.bytes()).sum();
        assert!((HELD_BYTES_MAX / 2..=HELD_BYTES_MAX).contains(&bytes));
    }
}
