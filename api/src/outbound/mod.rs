//! Requests to addresses that tenants chose. Nothing of them reaches inside: a name is resolved, its addresses are checked,
//! and the connection is opened to a checked address and to no other. No proxy, no redirect, no connection used twice.

mod address;
mod names;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use names::{Names, SystemNames};
pub(crate) use rules::{OutboundConfig, Rules};

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// Within which one address must have taken the connection, so that there is time left for the next.
const CONNECT: Duration = Duration::from_secs(5);

/// So much of an answer's body is read, in bytes, and thrown away: some receivers take an early end for a failure.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// And for so long.
const ANSWER_READ: Duration = Duration::from_secs(1);

/// Sends requests for tenants.
pub(crate) struct Outbound<N = SystemNames> {
    rules: Rules,
    names: N,
    tls: TlsConnector,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its HTTP status.
    pub(crate) status: StatusCode,
    /// How long it wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The name has no address.
    NameNotFound,
    /// Every address of the name leads inside, or the address itself does.
    AddressRefused,
    /// Nobody takes the connection, or it broke.
    ConnectionFailed,
    /// The certificate is not good, or no TLS is spoken there.
    TlsFailed,
    /// It took too long.
    TimedOut,
    /// What came is no HTTP.
    AnswerUnreadable,
}

impl Failure {
    /// Its word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::AddressRefused => "address_refused",
            Self::ConnectionFailed => "connection_failed",
            Self::TlsFailed => "tls_failed",
            Self::TimedOut => "timed_out",
            Self::AnswerUnreadable => "answer_unreadable",
        }
    }
}

impl<N: Names> Outbound<N> {
    /// By these rules and the certificate authorities of the system.
    pub(crate) fn new(config: &OutboundConfig, names: N) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_platform_verifier()
            .context("the system has no certificate authorities")?
            .with_no_client_auth();
        Ok(Self {
            rules: Rules::new(config),
            names,
            tls: TlsConnector::from(Arc::new(tls)),
        })
    }

    /// Within which a receiver must have answered.
    pub(crate) fn timeout(&self) -> Duration {
        self.rules.timeout
    }

    /// Post this JSON with these headers.
    pub(crate) async fn post(
        &self,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        // The operator may have changed the rules since it was taken in.
        let Ok(url) = self.rules.read(address) else {
            return Err(Failure::AddressRefused);
        };
        let sending = async {
            let stream = self.connect(&url).await?;
            let request = request(&url, headers, body).ok_or(Failure::AddressRefused)?;
            if url.scheme() == "http" {
                return exchange(stream, request).await;
            }
            let name = server_name(&url).ok_or(Failure::TlsFailed)?;
            let stream = self.tls.connect(name, stream).await.map_err(|error| {
                tracing::debug!("no TLS with a receiver: {error}");
                Failure::TlsFailed
            })?;
            exchange(stream, request).await
        };
        timeout(self.rules.timeout, sending)
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    /// Connect to a checked address of the host, and look once more at whom that reached.
    async fn connect(&self, url: &Url) -> Result<TcpStream, Failure> {
        let port = url.port_or_known_default().ok_or(Failure::AddressRefused)?;
        let found: Vec<IpAddr> = match (rules::literal(url), url.domain()) {
            (Some(literal), _) => vec![literal],
            (None, Some(name)) => self.names.addresses(name).await,
            (None, None) => Vec::new(),
        };
        if found.is_empty() {
            return Err(Failure::NameNotFound);
        }
        let places = found
            .into_iter()
            .map(|address| SocketAddr::new(address, port));
        let admitted: Vec<_> = places
            .filter(|place| self.rules.admits_place(*place))
            .collect();
        if admitted.is_empty() {
            return Err(Failure::AddressRefused);
        }
        for place in admitted {
            if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(place)).await {
                let is_it = stream
                    .peer_addr()
                    .is_ok_and(|peer| self.rules.admits(peer.ip()));
                return is_it.then_some(stream).ok_or(Failure::AddressRefused);
            }
        }
        Err(Failure::ConnectionFailed)
    }
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match rules::literal(url) {
        Some(address) => Some(ServerName::IpAddress(address.into())),
        None => ServerName::try_from(url.domain()?.to_owned()).ok(),
    }
}

fn request(url: &Url, mut headers: HeaderMap, body: Bytes) -> Option<Request<Full<Bytes>>> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    headers.insert(HOST, HeaderValue::from_str(&host).ok()?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let agent = concat!("Cartwright/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::post(path).body(Full::new(body)).ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

/// Send the request and hear the head of the answer, on a connection that ends with this.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failure)?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(failure)?;
    let answer = Answer {
        status: response.status(),
        retry_after: retry_after(response.headers(), Utc::now()),
    };
    // What was answered stands, however its body ends.
    timeout(ANSWER_READ, skip(response)).await.ok();
    Ok(answer)
}

fn failure(error: hyper::Error) -> Failure {
    tracing::debug!("no answer of a receiver: {error}");
    if error.is_parse() {
        Failure::AnswerUnreadable
    } else {
        Failure::ConnectionFailed
    }
}

async fn skip(mut response: Response<Incoming>) {
    let mut read = 0;
    while let Some(Ok(frame)) = response.body_mut().frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read >= ANSWER_BYTES_MAX {
            break;
        }
    }
}

/// What `Retry-After` says, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(said).ok()?;
    Some((until.to_utc() - now).to_std().unwrap_or_default())
}
