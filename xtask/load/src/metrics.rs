//! What a role says that it counted.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;

/// The sum of a counter over all its labels, from the role that serves `/metrics` there.
pub(crate) async fn sum(address: SocketAddr, counter: &str) -> Result<f64> {
    let stream = tokio::net::TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/metrics")
        .header("host", address.to_string())
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    ensure!(status == http::StatusCode::OK, "/metrics answers {status}");
    let text = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    let text = std::str::from_utf8(&text)?;
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(counter)?;
        rest.starts_with(['{', ' '])
            .then(|| rest.rsplit(' ').next())?
    });
    let mut sum = None;
    for value in values {
        let value: f64 = value.parse().context("a sample is a number")?;
        *sum.get_or_insert(0.0) += value;
    }
    sum.with_context(|| format!("nobody counted {counter}"))
}
