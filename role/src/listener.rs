//! A listener: bound with an error that says what to do, served over HTTP/1.1, and drained at the end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Buf;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::{BoxError, Service, ServiceExt};

use crate::drain::Drain;
use crate::write_deadline::WriteDeadline;

/// How long a connection may take to send a request's head, and how long it may lie idle between two requests: who
/// dribbles one header a second holds nothing for longer.
pub const HEAD_READ: Duration = Duration::from_secs(30);

/// The longest head of a request, and as much of an answer as waits for a reader: hyper's own default lets each connection
/// hold 400 KiB, which a few thousand strangers could fill.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Connections of one listener at the same time; who comes then waits to be accepted. It leaves the rest of the usual
/// 20,000 file descriptors to modules and segments.
const CONNECTIONS_MAX: usize = 4_096;

/// How long an answer may wait for its reader to take more of it. Who reads slowly is waited for, who reads nothing is cut.
pub const WRITE: Duration = Duration::from_secs(20);

/// How long running requests may take to finish once the drain has begun.
pub const DRAIN: Duration = Duration::from_secs(30);

/// Listen on this address, which was set by this variable.
///
/// # Errors
/// When it cannot be had; the message says which variable to set.
pub async fn bind(address: SocketAddr, variable: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "it is taken by another process".to_owned(),
            ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            ErrorKind::PermissionDenied => "this user may not use that port".to_owned(),
            _ => error.to_string(),
        };
        anyhow::anyhow!("cannot listen on {address}: {why}; set {variable} to another address")
    })?;
    let address = listener.local_addr().context("a listener has an address")?;
    tracing::info!(%address, "listening on {address} ({variable})");
    Ok(listener)
}

/// Serve until the drain begins, then let running requests finish within [`DRAIN`]. Any tower service will do, a
/// `Router` as it is or a leaner one.
pub async fn serve<S, B>(listener: TcpListener, service: S, drain: Drain)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<BoxError>,
{
    serve_each(listener, move |_| service.clone(), drain).await;
}

/// Who holds the other end of the connection: an extension of every request of [`serve_with_peers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The same as [`serve`], for handlers that ask for the [`PeerAddress`].
pub async fn serve_with_peers<S, B>(listener: TcpListener, service: S, drain: Drain)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<BoxError>,
{
    let named = move |peer| {
        let name = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer));
            request
        };
        service.clone().map_request(name)
    };
    serve_each(listener, named, drain).await;
}

async fn serve_each<S, B>(
    listener: TcpListener,
    service_for: impl Fn(SocketAddr) -> S,
    drain: Drain,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<BoxError>,
{
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ)
        .max_buf_size(HEAD_BYTES_MAX);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (
                place.expect("the semaphore is never closed"),
                listener.accept().await,
            )
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = drain.begun() => break,
            accepted = accepted => accepted,
        };
        let Some((stream, peer)) = usable(accepted).await else {
            continue;
        };
        let connection = http.serve_connection(
            TokioIo::new(WriteDeadline::new(stream, WRITE)),
            TowerToHyperService::new(service_for(peer)),
        );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests still ran after {DRAIN:?} of drain, and were cut");
    }
}

async fn usable(
    accepted: std::io::Result<(TcpStream, SocketAddr)>,
) -> Option<(TcpStream, SocketAddr)> {
    match accepted {
        Ok((stream, peer)) => {
            // Small answers must not wait for more to send. A stream that refuses is closed already.
            stream.set_nodelay(true).ok()?;
            Some((stream, peer))
        }
        Err(error) => {
            // Mostly no file descriptor is left. Asking again at once would only burn the processor.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
