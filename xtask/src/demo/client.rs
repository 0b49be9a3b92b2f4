//! A client of the public routes, as small as the demo needs.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::http::HeaderMap;
use ureq::{Agent, Body, RequestBuilder};

use crate::probe;

/// Longer than the 30 s that an upload may wait for its compile.
const PATIENCE: Duration = Duration::from_secs(40);

/// Where to call, and as whom.
#[derive(Clone)]
pub struct Client {
    /// A user's token, for the control plane; empty before the login.
    pub access_token: String,
    /// A tenant's key, for the data plane.
    pub api_key: String,
    /// The tenant that the platform's key acts for, when the token is one.
    pub acts_for: Option<String>,
    api_url: String,
    invoke_url: String,
    agent: Agent,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// Nobody yet.
    pub fn new(api_url: &str, invoke_url: &str) -> Self {
        Self {
            access_token: String::new(),
            api_key: String::new(),
            acts_for: None,
            api_url: api_url.to_owned(),
            invoke_url: invoke_url.to_owned(),
            agent: probe::agent(PATIENCE),
        }
    }

    /// The control plane.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// `GET` on the control plane.
    pub fn get(&self, path: &str) -> Result<Answer> {
        Answer::read(self.as_caller(self.agent.get(self.url(path))).call())
    }

    /// `POST` on the control plane; without a token before the login.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        let request = self.agent.post(self.url(path));
        let signed_in = !self.access_token.is_empty();
        Answer::read(
            if signed_in {
                self.as_caller(request)
            } else {
                request
            }
            .send_json(body),
        )
    }

    /// `PUT` on the control plane.
    pub fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::read(
            self.as_caller(self.agent.put(self.url(path)))
                .send_json(body),
        )
    }

    /// A module to the control plane.
    pub fn upload(&self, path: &str, module: &[u8]) -> Result<Answer> {
        let request = self.as_caller(self.agent.post(self.url(path)));
        Answer::read(
            request
                .header("Content-Type", "application/wasm")
                .send(module),
        )
    }

    /// Run a function's live alias.
    pub fn invoke(&self, function: &str, input: &[u8]) -> Result<Answer> {
        let request = self
            .agent
            .post(format!("{}/v1/invoke/{function}", self.invoke_url));
        let request = request.header("Authorization", format!("Bearer {}", self.api_key));
        Answer::read(
            request
                .header("Content-Type", "application/json")
                .send(input),
        )
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api_url)
    }

    fn as_caller<Body>(&self, request: RequestBuilder<Body>) -> RequestBuilder<Body> {
        let request = request.header("Authorization", format!("Bearer {}", self.access_token));
        match &self.acts_for {
            Some(tenant) => request.header("Cartwright-Tenant", tenant),
            None => request,
        }
    }
}

impl Answer {
    fn read(response: Result<ureq::http::Response<Body>, ureq::Error>) -> Result<Self> {
        let (parts, mut body) = response?.into_parts();
        Ok(Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.read_to_vec()?,
        })
    }

    /// The answer if it has this status, else an error with what it said.
    pub fn expect(self, status: u16, doing: &str) -> Result<Self> {
        if self.status != status {
            bail!(
                "{doing}: expected {status}, got {}: {}",
                self.status,
                self.text()
            );
        }
        Ok(self)
    }

    /// A header; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// A text inside the body, by JSON pointer.
    pub fn text_at(&self, pointer: &str) -> Result<String> {
        let found = self
            .json()?
            .pointer(pointer)
            .and_then(|value| Some(value.as_str()?.to_owned()));
        found.with_context(|| format!("the answer has no {pointer}: {}", self.text()))
    }
}
