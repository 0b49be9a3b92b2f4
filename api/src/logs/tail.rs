//! One function that is watched: its readers, and the last of what they were told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::entry::{EntryId, Run};
use super::reader::{Item, Reader, Reason};

/// What is held of a function for who comes back, in bytes.
pub(super) const HELD_BYTES_MAX: usize = 128 << 10;

/// A function that is watched.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) readers: Vec<Arc<Reader>>,
    held: VecDeque<Arc<Run>>,
    held_bytes: usize,
    /// Executors send what runs.
    pub(super) is_open: bool,
    /// Since when nobody reads it any more.
    pub(super) left_at: Option<Instant>,
}

impl Tail {
    /// Executors send what runs from here on.
    pub(super) fn opened(&mut self) {
        if !std::mem::replace(&mut self.is_open, true) {
            self.readers
                .iter()
                .for_each(|reader| reader.say(Item::Open));
        }
    }

    /// The way from the executors broke, or could not be made. Who was told so before is told no more.
    pub(super) fn interrupted(&mut self, was_interrupted: bool) {
        let was_open = std::mem::replace(&mut self.is_open, false);
        if was_open {
            // What comes after the gap must not look as if it followed what was held before.
            (self.held, self.held_bytes) = (VecDeque::new(), 0);
            let readers = self.readers.iter();
            readers.for_each(|reader| reader.dropped(None, Reason::Interrupted));
        }
        if was_open || !was_interrupted {
            let readers = self.readers.iter();
            readers.for_each(|reader| reader.say(Item::Interrupted));
        }
    }

    /// An executor sent these, and left so many lines out.
    pub(super) fn take_in(&mut self, runs: Vec<Arc<Run>>, lines_dropped: u64) {
        for run in runs {
            self.readers.iter().for_each(|reader| reader.tell(&run, 0));
            self.hold(run);
        }
        // An executor that is full drops what comes after, so it belongs behind what there was room for.
        if lines_dropped > 0 {
            let readers = self.readers.iter();
            readers.for_each(|reader| reader.dropped(Some(lines_dropped), Reason::Flood));
        }
    }

    /// Tell a reader what came since an entry; whether that is still known.
    pub(super) fn replay(&self, since: EntryId, reader: &Reader) -> bool {
        let Some(at) = self.held.iter().position(|run| run.id == since.run) else {
            return false;
        };
        reader.tell(&self.held[at], since.seq + 1);
        let rest = self.held.iter().skip(at + 1);
        rest.for_each(|run| reader.tell(run, 0));
        true
    }

    fn hold(&mut self, run: Arc<Run>) {
        self.held_bytes += run.bytes();
        self.held.push_back(run);
        while self.held_bytes > HELD_BYTES_MAX
            && let Some(oldest) = self.held.pop_front()
        {
            self.held_bytes -= oldest.bytes();
        }
    }

    /// What is held for who comes back.
    #[cfg(test)]
    pub(super) fn held(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.held.iter()
    }
}
