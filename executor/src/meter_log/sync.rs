//! The thread that makes the log durable every few milliseconds, beside those who write, so that no run waits for the disk.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use parking_lot::Mutex;

use super::writer::sync_or_abort;

/// What a power loss may cost in `relaxed` mode: this, and the sync itself.
const SYNC_EVERY: Duration = Duration::from_millis(5);

/// Syncs the segment that is being written, when something was written.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    sleeper: Thread,
}

struct Shared {
    file: Mutex<Arc<File>>,
    dirty: AtomicBool,
    stopped: AtomicBool,
}

impl Syncer {
    pub(super) fn start(file: Arc<File>) -> Self {
        let shared = Arc::new(Shared {
            file: Mutex::new(file),
            dirty: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let work = {
            let shared = shared.clone();
            move || shared.work()
        };
        let thread = thread::Builder::new()
            .name("meter-sync".to_owned())
            .spawn(work);
        let thread = thread.expect("a process can start a thread as it begins");
        Self {
            shared,
            sleeper: thread.thread().clone(),
            thread: Some(thread),
        }
    }

    /// Something was written since the last sync.
    pub(super) fn wrote(&self) {
        if !self.shared.dirty.swap(true, Ordering::AcqRel) {
            self.sleeper.unpark();
        }
    }

    /// From now on this file. The writer has synced the one before.
    pub(super) fn turn_to(&self, file: Arc<File>) {
        *self.shared.file.lock() = file;
    }

    pub(super) fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.sleeper.unpark();
        // It panics on nothing; and if it did, the log is synced by the writer's last word.
        self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn work(&self) {
        while !self.stopped.load(Ordering::Acquire) {
            if self.dirty.load(Ordering::Acquire) {
                thread::sleep(SYNC_EVERY);
                self.dirty.store(false, Ordering::Release);
                let file = self.file.lock().clone();
                sync_or_abort(&file);
            } else {
                thread::park();
            }
        }
    }
}
