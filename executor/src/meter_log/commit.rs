//! Who writes the log, and when. In `relaxed` mode whoever appends a record writes it at once, together with all that wait,
//! unless somebody else is writing just now: handing it to another thread and back would cost more than the write. In
//! `strict` mode a thread of its own does it, since each write is followed by a wait for the disk; what comes meanwhile
//! shares the next.

use std::thread::{self, JoinHandle};

use cartwright_domain::meter::RECORD_LEN;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

use super::queue::{Appended, Pending, Queue};
use super::writer::Writer;
use crate::config::Durability;

/// An appender writes so often what came from others before it leaves the rest to the thread: its own run waits for its
/// answer.
const TURNS_MAX: usize = 4;

/// Gets records from those who append them into the log.
pub(super) struct Commit {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Queue,
    writer: Mutex<Writer>,
    durability: Durability,
}

impl Commit {
    pub(super) fn begin(writer: Writer, durability: Durability) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Queue::default(),
            writer: Mutex::new(writer),
            durability,
        });
        let work = {
            let shared = shared.clone();
            move || shared.work()
        };
        let thread = thread::Builder::new()
            .name("meter-log".to_owned())
            .spawn(work)?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn append(&self, record: [u8; RECORD_LEN]) -> Appended {
        let appended = self.shared.queue.push(record);
        match self.shared.durability {
            Durability::Relaxed => self.shared.write_now(),
            Durability::Strict => self.shared.queue.call_thread(),
        }
        appended
    }

    /// Records that wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.shared.queue.length()
    }

    /// Write what waits, make all of it durable, and end the thread. Later records are not written.
    pub(super) fn close(&self) {
        self.shared.queue.close();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the meter log's thread had panicked");
        }
        self.shared.writer.lock().finish();
    }
}

impl Shared {
    /// Write all that waits, unless somebody is writing: he looks once more after he is done, and finds it then.
    fn write_now(&self) {
        for _ in 0..TURNS_MAX {
            let Some(writer) = self.writer.try_lock() else {
                return;
            };
            self.write(writer, self.queue.take());
            if self.queue.length() == 0 {
                return;
            }
        }
        self.queue.call_thread();
    }

    fn work(&self) {
        while let Some(batch) = self.queue.wait() {
            self.write(self.writer.lock(), batch);
        }
    }

    fn write(&self, mut writer: MutexGuard<'_, Writer>, batch: Vec<Pending>) {
        if batch.is_empty() {
            return;
        }
        let result = writer.append(&batch);
        drop(writer);
        for pending in batch {
            // Who no longer listens left after its run; the record stands.
            pending.written.send(result).ok();
        }
    }
}
