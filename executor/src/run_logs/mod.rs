//! Run logs: what a tenant keeps of a run beside its meter record. They wait in a bounded ring for the api and may be
//! lost, unlike meter records; a run never waits for them.

mod kept;
mod ring;
mod shipper;

use std::sync::Arc;

use cartwright_role::internal::Peer;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

pub(crate) use kept::{KeptRun, log_text, wire_error};
use ring::Ring;

/// The run logs of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct RunLogs(Arc<Mutex<Ring>>);

impl RunLogs {
    /// Holds up to so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Ring::new(bytes_max))))
    }

    /// Keep a run until the api has it, or drop and count it when there is no room.
    pub(crate) fn keep(&self, run: KeptRun) {
        self.0.lock().push(run);
    }

    /// Bytes that wait.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.0.lock().bytes()
    }

    /// Send what comes to the api until `closed`, then what is left.
    pub(crate) async fn ship(self, api: Peer, closed: CancellationToken) {
        shipper::run(&self.0, &api, &closed).await;
    }
}
