//! Every log that this process ships, its own and those that it took over, and how much of them billing does not have.
//! A log that another living process beside it writes is counted by that one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::RECORD_LEN;
use cartwright_domain::wire::MeterLogReport;
use parking_lot::Mutex;
use tokio::sync::SetOnce;

use super::Progress;
use crate::mint;

/// The logs of this process.
pub(crate) struct Logs {
    own: Arc<Progress>,
    taken_over: Mutex<Vec<(WriterId, Arc<Progress>)>>,
    unreadable: AtomicU32,
    looked: SetOnce<()>,
}

impl Logs {
    pub(super) fn new(own: Arc<Progress>) -> Self {
        Self {
            own,
            taken_over: Mutex::default(),
            unreadable: AtomicU32::new(0),
            looked: SetOnce::new(),
        }
    }

    /// A log that this process ships from now on.
    pub(super) fn add(&self, writer_id: WriterId, progress: Arc<Progress>) {
        self.taken_over.lock().push((writer_id, progress));
    }

    /// A log that is no more.
    pub(super) fn remove(&self, writer_id: WriterId) {
        self.taken_over
            .lock()
            .retain(|(taken, _)| *taken != writer_id);
    }

    /// The folders of earlier processes were all looked into just now; so many of their logs cannot be read.
    pub(super) fn looked(&self, unreadable: u32) {
        self.unreadable.store(unreadable, Ordering::Relaxed);
        // Set already, except the first time.
        self.looked.set(()).ok();
    }

    /// Wait until what earlier processes left is counted too.
    pub(crate) async fn counted(&self) {
        self.looked.wait().await;
    }

    /// The earlier processes whose logs this one holds.
    pub(crate) fn taken_over(&self) -> Vec<WriterId> {
        self.taken_over.lock().iter().map(|(id, _)| *id).collect()
    }

    /// How much billing does not have, of all of them together.
    pub(crate) fn backlog(&self) -> MeterLogReport {
        let taken_over = self.taken_over.lock();
        let all = || taken_over.iter().map(|(_, progress)| progress);
        let all = || std::iter::once(&self.own).chain(all());
        let unshipped: u64 = all().map(|progress| progress.unshipped()).sum();
        let now_ms = mint::unix_ms();
        MeterLogReport {
            unshipped,
            unshipped_bytes: unshipped * RECORD_LEN as u64,
            oldest_ms: all().filter_map(|progress| progress.age_ms(now_ms)).max(),
            unreadable: self.unreadable.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(written: u64, acknowledged: u64, oldest_unix_ms: u64) -> Arc<Progress> {
        let progress = Progress::default();
        progress.written_seq.store(written, Ordering::Relaxed);
        progress
            .acknowledged_seq
            .store(acknowledged, Ordering::Relaxed);
        progress
            .oldest_unix_ms
            .store(oldest_unix_ms, Ordering::Relaxed);
        Arc::new(progress)
    }

    #[test]
    fn what_an_earlier_process_left_counts_until_billing_has_it() {
        let logs = Logs::new(progress(10, 10, 0));
        assert_eq!(logs.backlog(), MeterLogReport::default());

        let (left, earlier) = (progress(7, 4, mint::unix_ms() - 60_000), WriterId::new());
        logs.add(earlier, left.clone());
        let backlog = logs.backlog();
        assert_eq!(
            (backlog.unshipped, backlog.unshipped_bytes),
            (3, 3 * RECORD_LEN as u64)
        );
        assert!(backlog.oldest_ms.expect("it has an age") >= 60_000);
        assert_eq!(logs.taken_over(), [earlier]);

        left.acknowledged_seq.store(7, Ordering::Relaxed);
        assert_eq!(logs.backlog(), MeterLogReport::default());
        logs.remove(earlier);
        assert_eq!(logs.taken_over(), []);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_told() {
        let logs = Logs::new(progress(0, 0, 0));
        logs.looked(2);
        assert_eq!(logs.backlog().unreadable, 2);
        logs.looked(0);
        assert_eq!(logs.backlog().unreadable, 0);
    }
}
