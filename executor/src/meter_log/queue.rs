//! The way from the runs to the writer's thread: records wait here, a batch at a time, for the one who writes them.

use std::pin::Pin;
use std::task::{Context, Poll};

use cartwright_domain::meter::{RECORD_LEN, RECORDS_PER_FRAME_MAX};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// The record could not be written: the disk is full. The run must not be answered, since it cannot be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the meter record could not be written")]
pub(crate) struct NotWritten;

/// A record on its way, and whom to tell.
pub(super) struct Pending {
    pub(super) record: [u8; RECORD_LEN],
    pub(super) written: oneshot::Sender<Result<(), NotWritten>>,
}

/// Ready when the record lies in the log, as durable as the log's mode promises.
pub(crate) struct Appended(oneshot::Receiver<Result<(), NotWritten>>);

impl Future for Appended {
    type Output = Result<(), NotWritten>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A writer that is gone has not written.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|told| told.unwrap_or(Err(NotWritten)))
    }
}

/// Records in the order of their coming. It needs no bound of its own: each belongs to a run that waits for it, and
/// those are bounded by the engine's slots.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    called: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Pending>,
    closed: bool,
}

impl Queue {
    pub(super) fn push(&self, record: [u8; RECORD_LEN]) -> Appended {
        let (written, told) = oneshot::channel();
        let mut state = self.state.lock();
        if !state.closed {
            state.waiting.push(Pending { record, written });
        }
        Appended(told)
    }

    /// Up to one frame's worth of records; none when none wait.
    pub(super) fn take(&self) -> Vec<Pending> {
        take_from(&mut self.state.lock().waiting)
    }

    /// The same, after waiting for a call; `None` once the queue is closed and empty.
    pub(super) fn wait(&self) -> Option<Vec<Pending>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            self.called.wait(&mut state);
        }
        Some(take_from(&mut state.waiting))
    }

    /// Wake whoever waits.
    pub(super) fn call_thread(&self) {
        self.called.notify_one();
    }

    /// Take nothing more. What waits is still written.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.called.notify_all();
    }

    pub(super) fn length(&self) -> usize {
        self.state.lock().waiting.len()
    }
}

fn take_from(waiting: &mut Vec<Pending>) -> Vec<Pending> {
    if waiting.len() <= RECORDS_PER_FRAME_MAX {
        std::mem::take(waiting)
    } else {
        waiting.drain(..RECORDS_PER_FRAME_MAX).collect()
    }
}
