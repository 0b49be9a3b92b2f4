//! One reader of a stream: what waits for it, bounded, with what was dropped told at its place.

use std::collections::VecDeque;
use std::sync::Arc;

use cartwright_domain::problem::Code;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::entry::Run;
use super::filter::Wanted;

/// Bytes of runs that wait for one reader. They are shared with the other readers of the function.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// Why entries will never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The function logs more than is streamed.
    Flood,
    /// This reader reads more slowly than it came.
    SlowReader,
    /// Redis was away.
    Interrupted,
    /// The reader came back too late.
    NotResumed,
}

impl Reason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::SlowReader => "slow_reader",
            Self::Interrupted => "interrupted",
            Self::NotResumed => "not_resumed",
        }
    }
}

/// What a reader is told, in its order.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// From here on executors send what runs.
    Open,
    /// Entries of a run, from this place on.
    Run(Arc<Run>, usize),
    /// So many entries will never come; none when nobody knows how many.
    Dropped(Option<u64>, Reason),
    /// The way from the executors is broken.
    Interrupted,
    /// The stream ends, and why.
    End(Code, String),
}

/// The queue of one reader, which the hub fills and the stream empties.
pub(super) struct Reader {
    /// What it wants to see.
    pub(super) wanted: Wanted,
    waiting: Mutex<Waiting>,
    comes: Notify,
}

#[derive(Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Reader {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            waiting: Mutex::default(),
            comes: Notify::new(),
        }
    }

    /// Tell it of a run, or count what it loses when too much waits already.
    pub(super) fn tell(&self, run: &Arc<Run>, from: usize) {
        if !self.wanted.has_run(run) {
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.bytes >= WAITING_BYTES_MAX {
            let lost = self.wanted.count(run, from);
            waiting.drop_entries(Some(lost), Reason::SlowReader);
            metrics::counter!("cartwright_log_lines_dropped_total", "reason" => Reason::SlowReader.as_str())
                .increment(lost);
        } else {
            waiting.bytes += run.bytes();
            waiting.items.push_back(Item::Run(run.clone(), from));
        }
        drop(waiting);
        self.comes.notify_one();
    }

    /// Tell it that entries will never come.
    pub(super) fn dropped(&self, count: Option<u64>, reason: Reason) {
        self.waiting.lock().drop_entries(count, reason);
        self.comes.notify_one();
    }

    /// Tell it how the stream itself stands.
    pub(super) fn say(&self, item: Item) {
        self.waiting.lock().items.push_back(item);
        self.comes.notify_one();
    }

    /// What comes next, once there is something.
    pub(super) async fn next(&self) -> Item {
        loop {
            let coming = self.comes.notified();
            if let Some(item) = self.take() {
                return item;
            }
            coming.await;
        }
    }

    /// What comes next, if something waits.
    pub(super) fn take(&self) -> Option<Item> {
        let mut waiting = self.waiting.lock();
        let item = waiting.items.pop_front()?;
        if let Item::Run(run, _) = &item {
            waiting.bytes -= run.bytes();
        }
        Some(item)
    }
}

impl Waiting {
    /// One word for what was lost at one place, however often it is said.
    fn drop_entries(&mut self, count: Option<u64>, reason: Reason) {
        if count == Some(0) {
            return;
        }
        if let Some(Item::Dropped(before, same)) = self.items.back_mut()
            && *same == reason
        {
            *before = before.zip(count).map(|(before, more)| before + more);
            return;
        }
        self.items.push_back(Item::Dropped(count, reason));
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::InvocationId;
    use cartwright_domain::outcome::Outcome;

    use super::super::entry::Left;
    use super::*;

    fn run(log: &str) -> Arc<Run> {
        let left = Left {
            log,
            log_truncated: false,
            failure: None,
        };
        let id = InvocationId::from_bytes([5; 16]);
        Arc::new(Run::new(id, Some(1), Some(Outcome::Ok), &left))
    }

    #[test]
    fn who_does_not_read_holds_so_much_and_is_told_how_much_it_lost() {
        let reader = Reader::new(Wanted::default());
        let large = run(&"a line\n".repeat(1_000));
        for _ in 0..100 {
            reader.tell(&large, 0);
        }
        let held = WAITING_BYTES_MAX.div_ceil(large.bytes());
        for _ in 0..held {
            assert!(matches!(reader.take(), Some(Item::Run(..))));
        }
        let lost = (100 - held) as u64 * 1_000;
        assert!(
            matches!(reader.take(), Some(Item::Dropped(Some(n), Reason::SlowReader)) if n == lost)
        );
        assert!(reader.take().is_none());

        reader.tell(&large, 0);
        assert!(
            matches!(reader.take(), Some(Item::Run(..))),
            "it reads again"
        );
    }

    #[test]
    fn what_is_not_wanted_is_neither_held_nor_counted() {
        let reader = Reader::new(Wanted {
            version: Some(2),
            ..Wanted::default()
        });
        reader.tell(&run("a line"), 0);
        reader.dropped(Some(0), Reason::Flood);
        assert!(reader.take().is_none());
    }
}
