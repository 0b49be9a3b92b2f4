//! One way to ask a server: with the credential that fits, in time, and with every failure told apart.

use std::error::Error as _;
use std::time::Duration;

use anyhow::Context;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use super::identity::{Identity, is_unauthenticated};
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;
use crate::problem::Problem;

/// A server that takes no connection for so long is not there.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Every answer but a stream and an upload's has come by then.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The header by which the platform's key names the tenant that it acts for.
const TENANT: &str = "Cartwright-Tenant";

/// A server, and whom it is spoken to as.
pub(crate) struct Remote {
    pub(crate) output: Output,
    http: Client,
    identity: Identity,
}

impl Remote {
    /// As whoever is signed in. Nothing is sent yet.
    pub(crate) fn new(start: &Start) -> Result<Self, Failure> {
        Ok(Self {
            output: start.output,
            http: http()?,
            identity: Identity::find(start)?,
        })
    }

    /// Who asks.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// `GET` a document.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        json(self.send(self.request(Method::GET, path)?).await?).await
    }

    /// `GET` a document with a query.
    pub(crate) async fn get_with(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Value, Failure> {
        json(
            self.send(self.request(Method::GET, path)?.query(query))
                .await?,
        )
        .await
    }

    /// Send a document, and read the one that comes back.
    pub(crate) async fn put(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        json(self.send(self.request(method, path)?.json(body)).await?).await
    }

    /// `DELETE`, which answers nothing.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(self.request(Method::DELETE, path)?)
            .await
            .map(drop)
    }

    /// A request to the control plane, to shape further and to [`Self::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        Ok(self.unbounded(method, path)?.timeout(ANSWER_WITHIN))
    }

    /// A request whose answer may take for ever, as a stream does.
    pub(crate) fn unbounded(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let url = joined(self.identity.api_url(), path)?;
        Ok(self.for_tenant(self.http.request(method, url)))
    }

    /// Send it; an answer that is no success is a failure. A token that the server finds too old is exchanged, once.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let token = self.identity.token(&self.http, None).await?;
        let answer = sent(request.bearer_auth(&token)).await?;
        if answer.status() == StatusCode::UNAUTHORIZED
            && let Some(again) = again
            && self.identity.can_refresh()
        {
            let fresh = self.identity.token(&self.http, Some(&token)).await?;
            return self.accepted(sent(again.bearer_auth(fresh)).await?).await;
        }
        self.accepted(answer).await
    }

    /// The answer, unless it is a refusal; a credential that is not good is told with how to get one that is.
    pub(crate) async fn accepted(&self, answer: Response) -> Result<Response, Failure> {
        successful(answer).await.map_err(|failure| match failure {
            Failure::Refused(problem) if is_unauthenticated(&problem) => {
                Failure::Refused(Box::new(problem.advising(&self.identity.renewal())))
            }
            other => other,
        })
    }

    /// `POST` to the data plane with an API key.
    pub(crate) fn invocation(
        &self,
        invoke_url: &str,
        path: &str,
        key: &str,
    ) -> Result<RequestBuilder, Failure> {
        let request = self
            .http
            .post(joined(invoke_url, path)?)
            .timeout(ANSWER_WITHIN)
            .bearer_auth(key);
        Ok(self.for_tenant(request))
    }

    /// The platform's key says whom it acts for.
    fn for_tenant(&self, request: RequestBuilder) -> RequestBuilder {
        match self.identity.acts_for() {
            Some(tenant) => request.header(TENANT, tenant),
            None => request,
        }
    }
}

/// The client for both planes. It follows no redirect: a credential goes where it was meant to go.
pub(super) fn http() -> Result<Client, Failure> {
    // Fails when it is done already, which is as good.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("cartwright/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("prepare to speak HTTP")?;
    Ok(client)
}

/// The address of a path on a server.
pub(super) fn joined(base: &str, path: &str) -> Result<Url, Failure> {
    let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/')));
    url.ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
        .ok_or_else(|| {
            Failure::local(format!(
                "{base} is no address of a server; give one such as https://cartwright.example.com"
            ))
        })
}

/// Send a request and wait for the head of its answer.
pub(super) async fn sent(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().await.map_err(|error| unreachable(&error))
}

/// The answer, unless it is a refusal.
pub(super) async fn successful(answer: Response) -> Result<Response, Failure> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (status, url) = (answer.status().as_u16(), answer.url().clone());
    let retry_after = answer.headers().get(RETRY_AFTER).cloned();
    let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
    let body = answer.bytes().await.map_err(|error| unreachable(&error))?;
    let problem = Problem::read(status, &body, url.as_str()).retried_after(retry_after);
    Err(Failure::Refused(Box::new(problem)))
}

/// The answer's body, which is a document.
pub(super) async fn json(answer: Response) -> Result<Value, Failure> {
    let url = answer.url().clone();
    let body = answer.bytes().await.map_err(|error| unreachable(&error))?;
    serde_json::from_slice(&body).map_err(|_| Failure::Unreachable {
        what: format!("{url} answered something that is not JSON"),
        why: "is this Cartwright's address?".to_owned(),
    })
}

/// No answer, with the last cause of the chain: the others say "error sending request" in other words.
pub(super) fn unreachable(error: &reqwest::Error) -> Failure {
    let mut why = error.source();
    while let Some(deeper) = why.and_then(std::error::Error::source) {
        why = Some(deeper);
    }
    let place = error.url().map_or("the server", Url::as_str);
    Failure::Unreachable {
        what: format!("no answer from {place}"),
        why: if error.is_timeout() {
            "it took too long".to_owned()
        } else {
            why.map_or_else(|| error.to_string(), ToString::to_string)
        },
    }
}
