//! Who writes the log, and when. In `relaxed` mode whoever appends a record writes it at once, together with all that wait,
//! unless somebody else is writing just now: handing it to another thread and back would cost more than the write. In
//! `strict` mode a thread of its own does it, since each write is followed by a wait for the disk; what comes meanwhile
//! shares the next.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use cartwright_domain::meter::RECORD_LEN;
use parking_lot::{Mutex, MutexGuard};

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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::Ordering;

    use cartwright_domain::ids::InvocationId;
    use cartwright_domain::meter::{MeterRecord, decode_frame};

    use super::super::Progress;
    use super::super::reader::Reader;
    use super::super::segment::{Segment, tests::header};
    use super::*;
    use crate::mint;
    use crate::scratch::Folder;

    const SEGMENT_BYTES_MAX: u64 = 100_000;

    fn begin(folder: &Folder, durability: Durability) -> (Commit, Arc<Progress>) {
        let progress = Arc::<Progress>::default();
        let path = folder.path().to_owned();
        let begun = Writer::begin(
            path,
            header(0),
            durability,
            SEGMENT_BYTES_MAX,
            progress.clone(),
        );
        let writer = begun.unwrap();
        (Commit::begin(writer, durability).unwrap(), progress)
    }

    fn record() -> ([u8; RECORD_LEN], InvocationId) {
        let id = InvocationId::from_bytes(mint::id_bytes());
        let mut bytes = [0; RECORD_LEN];
        bytes[..16].copy_from_slice(id.as_bytes());
        (bytes, id)
    }

    /// Every record of a log, read as the shipper reads it.
    fn read_all(folder: &Folder, end_seq: u64) -> Vec<MeterRecord> {
        let mut reader = Reader::new(folder.path().to_owned(), 0);
        let mut records = Vec::new();
        while let Some(batch) = reader.read(end_seq, 1_000).unwrap() {
            let mut frames = &batch.frames[..];
            while !frames.is_empty() {
                let frame = decode_frame(frames, None).unwrap();
                assert_eq!(
                    frame.base_seq,
                    records.len() as u64,
                    "the sequence has no gap"
                );
                frames = &frames[frame.encoded_len..];
                records.extend(frame.records);
            }
        }
        records
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_many_append_at_once_is_written_before_they_are_told_and_once() {
        for (durability, each) in [(Durability::Relaxed, 500), (Durability::Strict, 20)] {
            let folder = Folder::new();
            let (commit, progress) = begin(&folder, durability);
            let commit = Arc::new(commit);
            let appending = (0..16).map(|_| {
                let commit = commit.clone();
                tokio::spawn(async move {
                    let mut told = Vec::new();
                    for _ in 0..each {
                        let (bytes, id) = record();
                        commit.append(bytes).await.unwrap();
                        told.push(id);
                    }
                    told
                })
            });
            let mut told = HashSet::new();
            for task in appending.collect::<Vec<_>>() {
                told.extend(task.await.unwrap());
            }
            let written = read_all(&folder, progress.written_seq.load(Ordering::Acquire));
            let ids: HashSet<InvocationId> =
                written.iter().map(|record| record.invocation_id).collect();
            assert_eq!((written.len(), told.len()), (16 * each, 16 * each));
            assert_eq!(ids, told);
            commit.close();
        }
    }

    #[tokio::test]
    async fn after_the_end_nothing_is_promised() {
        let folder = Folder::new();
        let (commit, _) = begin(&folder, Durability::Relaxed);
        commit.append(record().0).await.unwrap();
        commit.close();
        assert!(commit.append(record().0).await.is_err());
    }

    #[tokio::test]
    async fn a_full_segment_is_followed_by_the_next() {
        let folder = Folder::new();
        let (commit, progress) = begin(&folder, Durability::Relaxed);
        let count = 3 * SEGMENT_BYTES_MAX / RECORD_LEN as u64;
        let mut appended = Vec::new();
        for _ in 0..count {
            appended.push(commit.append(record().0));
        }
        for one in appended {
            one.await.unwrap();
        }
        commit.close();
        let segments = Segment::all(folder.path()).unwrap().len();
        assert!((4..6).contains(&segments), "{segments} segments");
        let written = read_all(&folder, progress.written_seq.load(Ordering::Acquire));
        assert_eq!(written.len() as u64, count);
    }
}
