//! One executor: whether it is ready, how much it has in flight, and the connections to it that lie idle.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;

/// Who does not answer for so long is not ready.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A new connection, on loopback, takes no longer.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// A connection that lay idle for longer is not used again: the executor closes it after 30 s, and a request that meets
/// that moment would be cut off.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// An executor behind the proxy.
pub struct Executor {
    address: SocketAddr,
    ready: AtomicBool,
    in_flight: AtomicUsize,
    idle: Mutex<Vec<(SendRequest<Incoming>, Instant)>>,
    pub(crate) passed: AtomicU64,
    pub(crate) unreached: AtomicU64,
    pub(crate) cut_off: AtomicU64,
}

/// Why an executor gave no answer.
pub(crate) enum Failure {
    /// Nothing of the request was sent, and here it is again.
    NotSent(Request<Incoming>),
    /// It was sent, or a part of it, and nobody knows what became of it.
    CutOff(hyper::Error),
}

impl Executor {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            ready: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            idle: Mutex::default(),
            passed: AtomicU64::new(0),
            unreached: AtomicU64::new(0),
            cut_off: AtomicU64::new(0),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it said so when it was last asked.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Requests that were passed to it, those that found nobody there, and those that it left without an answer.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (
            read(&self.passed),
            read(&self.unreached),
            read(&self.cut_off),
        )
    }

    /// Ask it whether it is ready.
    pub async fn look(&self) {
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.ask()).await;
        let ready = matches!(asked, Ok(Ok(())));
        if self.ready.swap(ready, Ordering::Relaxed) != ready {
            println!(
                "{} is {}ready",
                self.address,
                if ready { "" } else { "not " }
            );
        }
    }

    async fn ask(&self) -> Result<()> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::get("/readyz").header("host", self.address.to_string());
        let answer = sender
            .send_request(request.body(Empty::<Bytes>::new())?)
            .await?;
        ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
        Ok(())
    }

    /// Send it a request, over a connection that lies idle or a new one. Until the answer's body ends, the request counts
    /// as in flight by the guard that comes with it.
    pub(crate) async fn send(
        self: &std::sync::Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<(Response<Incoming>, InFlight), Failure> {
        let mut guard = InFlight::begin(self.clone());
        loop {
            let known = self.idle().await;
            let is_new = known.is_none();
            let mut sender = match known {
                Some(sender) => sender,
                None => match self.connect().await {
                    Some(sender) => sender,
                    None => return Err(Failure::NotSent(request)),
                },
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    guard.connection = Some(sender);
                    return Ok((response, guard));
                }
                Err(mut failed) => match failed.take_message() {
                    // An idle connection that had ended meanwhile. The next may have, too; a new one tells for sure.
                    Some(unsent) if !is_new => request = unsent,
                    Some(unsent) => return Err(Failure::NotSent(unsent)),
                    None => return Err(Failure::CutOff(failed.into_error())),
                },
            }
        }
    }

    /// A connection that lies idle and is still good.
    async fn idle(&self) -> Option<SendRequest<Incoming>> {
        loop {
            let (mut sender, since) = self.idle.lock().pop()?;
            if since.elapsed() < IDLE_MAX && sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    async fn connect(&self) -> Option<SendRequest<Incoming>> {
        let connecting = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(self.address));
        let Ok(Ok(stream)) = connecting.await else {
            // Whoever comes next need not try, until it answers again.
            self.ready.store(false, Ordering::Relaxed);
            return None;
        };
        stream.set_nodelay(true).ok();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(sender)
    }
}

/// A request in flight. Dropped when its answer has been passed on, it gives the connection back.
pub(crate) struct InFlight {
    executor: std::sync::Arc<Executor>,
    connection: Option<SendRequest<Incoming>>,
}

impl InFlight {
    fn begin(executor: std::sync::Arc<Executor>) -> Self {
        executor.in_flight.fetch_add(1, Ordering::Relaxed);
        Self {
            executor,
            connection: None,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.executor.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(connection) = self.connection.take()
            && !connection.is_closed()
        {
            let idle = (connection, Instant::now());
            self.executor.idle.lock().push(idle);
        }
    }
}
