//! The end of a process: SIGTERM or SIGINT, after which nothing new is taken and what runs may finish.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::health::Readiness;

/// Says when the process shall end. Clones share it.
#[derive(Clone, Default)]
pub struct Drain(CancellationToken);

impl Drain {
    /// A drain that begins with SIGTERM or SIGINT, and turns readiness off before anything else notices.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn on_signals(readiness: Readiness) -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened for");
        let (mut terminate, mut interrupt) = (
            listen(SignalKind::terminate())?,
            listen(SignalKind::interrupt())?,
        );
        let drain = Self::default();
        let begun = drain.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("draining: no new requests, those running may finish");
            readiness.drain();
            begun.begin();
        });
        Ok(drain)
    }

    /// Begin now.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Wait until it begins.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }
}
