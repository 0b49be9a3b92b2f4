//! Spreads requests over the executors that say they are ready, to the one with the fewest in flight. A request goes out
//! again only when nothing of it was sent; what may have run is never repeated, and its caller is told.

mod answer;
mod executor;
mod pass;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub use executor::Executor;

/// Each executor is asked as often whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// The executors behind the proxy.
pub struct Fleet {
    executors: Vec<Arc<Executor>>,
    turn: AtomicUsize,
}

impl Fleet {
    /// These, of which none is known to be ready yet.
    #[must_use]
    pub fn new(addresses: &[SocketAddr]) -> Self {
        Self {
            executors: addresses
                .iter()
                .map(|address| Arc::new(Executor::new(*address)))
                .collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The executors, in the order in which they were named.
    #[must_use]
    pub fn executors(&self) -> &[Arc<Executor>] {
        &self.executors
    }

    /// The ready one with the fewest requests in flight that was not tried yet; of equals, each in its turn.
    fn pick(&self, tried: &[SocketAddr]) -> Option<Arc<Executor>> {
        let count = self.executors.len();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        (0..count)
            .map(|at| &self.executors[first.wrapping_add(at) % count])
            .filter(|executor| executor.is_ready() && !tried.contains(&executor.address()))
            .min_by_key(|executor| executor.in_flight())
            .cloned()
    }
}

/// Ask every executor again and again whether it is ready. Never ends.
pub async fn watch(fleet: Arc<Fleet>) {
    for executor in fleet.executors().to_vec() {
        tokio::spawn(async move {
            loop {
                executor.look().await;
                tokio::time::sleep(ASK_EVERY).await;
            }
        });
    }
}

/// Answer until killed.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: &TcpListener, fleet: Arc<Fleet>) -> Result<()> {
    loop {
        let (connection, peer) = listener.accept().await?;
        connection.set_nodelay(true).ok();
        let fleet = fleet.clone();
        tokio::spawn(async move {
            let service = service_fn(async |request| {
                Ok::<_, Infallible>(pass::answer(&fleet, request, peer).await)
            });
            // A client that hangs up in the middle is its own affair.
            http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await
                .ok();
        });
    }
}
