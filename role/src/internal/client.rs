//! The calling side: one client a process, one [`Peer`] for each role that it calls.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use cartwright_domain::problem::{Code, Problem};
use http::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{InternalConfig, PREFIX};
use crate::request::REQUEST_ID;

const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(10);
/// Below the listener's `HEAD_READ`, so that a connection is never used while the other side closes it.
const IDLE: Duration = Duration::from_secs(20);

/// Calls other roles with this process' credential. Clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    credential: SecretString,
}

impl Client {
    /// A client with the credential of this process.
    ///
    /// # Errors
    /// When TLS cannot be set up, for example because the system has no certificate authorities.
    pub fn new(config: &InternalConfig) -> Result<Self> {
        // Fails when one is installed already, which is as good.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .context("the client for internal calls cannot be set up")?;
        Ok(Self {
            http,
            credential: config.internal_credential.clone(),
        })
    }

    /// The role at this base URL, such as `http://127.0.0.1:8090`.
    #[must_use]
    pub fn peer(&self, base_url: &str) -> Peer {
        Peer {
            credential: self.credential.clone(),
            client: self.clone(),
            base: format!("{}{PREFIX}/", base_url.trim_end_matches('/')),
            within: ANSWER,
        }
    }
}

/// Why a call gave no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other side answered with a problem.
    #[error("{} ({})", .0.detail, .0.code.as_str())]
    Problem(Box<Problem>),
    /// The other side could not be reached, or did not answer in time.
    #[error("no answer")]
    Unreachable(#[source] reqwest::Error),
    /// The answer is not what the wire says.
    #[error("an answer ({status}) that is not on the wire")]
    Unreadable {
        /// Its HTTP status.
        status: u16,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl CallError {
    /// The problem's code, if the other side answered with one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Unreachable(_) | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the same call may succeed later: nobody answered, or the other side is not ready or sheds load.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.status >= 500 || problem.status == 429,
            Self::Unreachable(_) => true,
            Self::Unreadable { status, .. } => *status >= 500,
        }
    }
}

/// One role that this process calls. Paths are below `/internal/v1/`, with their query.
#[derive(Clone)]
pub struct Peer {
    client: Client,
    credential: SecretString,
    base: String,
    within: Duration,
}

impl Peer {
    /// The same role, shown this and not the credential of this process.
    #[must_use]
    pub fn bearing(mut self, credential: SecretString) -> Self {
        self.credential = credential;
        self
    }

    /// The same role, with another bound on the whole call than 10 s.
    #[must_use]
    pub fn within(mut self, bound: Duration) -> Self {
        self.within = bound;
        self
    }

    /// `GET` something.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        request_id: RequestId,
    ) -> Result<T, CallError> {
        let url = format!("{}{path}", self.base);
        self.call(self.client.http.get(url), request_id).await
    }

    /// `POST` a value as JSON. An answer without a body reads as `()`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        request_id: RequestId,
    ) -> Result<T, CallError> {
        let url = format!("{}{path}", self.base);
        self.call(self.client.http.post(url).json(body), request_id)
            .await
    }

    /// `POST` bytes of this content type. An answer without a body reads as `()`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &'static str,
        body: impl Into<Bytes>,
        request_id: RequestId,
    ) -> Result<T, CallError> {
        let request = self.client.http.post(format!("{}{path}", self.base));
        let request = request.header(CONTENT_TYPE, content_type).body(body.into());
        self.call(request, request_id).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        request_id: RequestId,
    ) -> Result<T, CallError> {
        let response = request
            .bearer_auth(self.credential.expose_secret())
            .header(REQUEST_ID, request_id.to_string())
            .timeout(self.within)
            .send()
            .await
            .map_err(|error| CallError::Unreachable(error.without_url()))?;
        read(response).await
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, CallError> {
    let status = response.status();
    let body = response
        .bytes()
        .await
        .map_err(|error| CallError::Unreachable(error.without_url()))?;
    let unreadable = |source| CallError::Unreadable {
        status: status.as_u16(),
        source,
    };
    if !status.is_success() {
        let problem = serde_json::from_slice(&body).map_err(unreadable)?;
        return Err(CallError::Problem(Box::new(problem)));
    }
    let body = if body.is_empty() {
        b"null".as_slice()
    } else {
        &body
    };
    serde_json::from_slice(body).map_err(unreadable)
}
