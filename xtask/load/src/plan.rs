//! What is sent: one server, and requests to it that are sent in turn.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, ensure};
use bytes::Bytes;
use serde::Deserialize;

/// The file that `drive` reads.
#[derive(Deserialize)]
pub(crate) struct Plan {
    /// Where to, a loopback address.
    pub(crate) address: SocketAddr,
    /// The requests, sent in turn over all connections.
    pub(crate) requests: Vec<PlannedRequest>,
}

/// One request.
#[derive(Deserialize)]
pub(crate) struct PlannedRequest {
    /// Path and query.
    pub(crate) path: String,
    /// The bearer token, if one is sent.
    pub(crate) token: Option<String>,
    /// The body, JSON text. Without one the request is a GET.
    pub(crate) body: Option<String>,
}

impl Plan {
    /// Read a plan. One that leaves this machine is refused.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read(path).with_context(|| format!("read the plan {}", path.display()))?;
        let plan: Self = serde_json::from_slice(&text)
            .with_context(|| format!("understand the plan {}", path.display()))?;
        ensure!(
            plan.address.ip().is_loopback(),
            "load goes to this machine only, and {} is not on it",
            plan.address
        );
        ensure!(
            !plan.requests.is_empty(),
            "the plan {} has no request",
            path.display()
        );
        Ok(plan)
    }
}

impl PlannedRequest {
    /// The request as hyper sends it.
    pub(crate) fn to_http(
        &self,
        host: &str,
    ) -> anyhow::Result<http::Request<http_body_util::Full<Bytes>>> {
        let body = self.body.clone().map(Bytes::from);
        let method = if body.is_some() {
            http::Method::POST
        } else {
            http::Method::GET
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(&self.path)
            .header(http::header::HOST, host);
        if let Some(token) = &self.token {
            request = request.header(http::header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        Ok(request.body(http_body_util::Full::new(body.unwrap_or_default()))?)
    }
}
