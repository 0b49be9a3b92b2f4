//! A receiver of messages that behaves as a test wants, and remembers what reached it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Answers this, as it is.
    Says(String),
    /// Says this before it hears anything, as servers of other protocols do.
    Greets(&'static str),
    /// Answers these, one after the other; the last again and again.
    Changes(Vec<&'static str>),
    /// Sends a letter of an answer now and then.
    Drips,
    /// Says nothing.
    Hangs,
    /// Ends the connection with a reset.
    Resets,
    /// Answers 200 and 10 GB.
    Pours,
    /// Begins 10 GB of headers.
    PoursHeaders,
}

/// An answer with this status and no body.
pub(crate) fn status(line: &str, headers: &str) -> Behaviour {
    Behaviour::Says(format!(
        "HTTP/1.1 {line}\r\n{headers}content-length: 0\r\n\r\n"
    ))
}

/// A request that came.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// A listener that behaves so.
pub(crate) struct Receiver {
    pub(crate) place: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    open_peak: AtomicUsize,
    /// Bytes of bodies and headers that it could get rid of.
    poured: AtomicUsize,
}

impl Receiver {
    /// At a free port of this machine.
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::at("127.0.0.1:0".parse().expect("a place"), behaviour, None).await
    }

    /// The same over TLS: with a certificate that the stack trusts, or with one that nobody does.
    pub(crate) async fn with_tls(behaviour: Behaviour, trusted: bool) -> Self {
        let certificate = if trusted {
            certificate().1.clone()
        } else {
            make_certificate().1
        };
        let place = "127.0.0.1:0".parse().expect("a place");
        Self::at(place, behaviour, Some(TlsAcceptor::from(certificate))).await
    }

    pub(crate) async fn at(
        place: SocketAddr,
        behaviour: Behaviour,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind(place).await.expect("a free port");
        let place = listener.local_addr().expect("a place");
        let state = Arc::<State>::default();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(take(stream, behaviour.clone(), tls.clone(), shared.clone()));
            }
        });
        Self { place, state }
    }

    /// Its address for an endpoint, over plain HTTP.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.place)
    }

    /// Its address over TLS, by its name.
    pub(crate) fn tls_url(&self) -> String {
        format!(
            "https://localhost:{}/hook?from=cartwright",
            self.place.port()
        )
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("a lock").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The most connections that were open at once.
    pub(crate) fn open_peak(&self) -> usize {
        self.state.open_peak.load(Ordering::SeqCst)
    }

    pub(crate) fn poured(&self) -> usize {
        self.state.poured.load(Ordering::SeqCst)
    }
}

async fn take(
    stream: TcpStream,
    behaviour: Behaviour,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
) {
    let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
    state.open_peak.fetch_max(open, Ordering::SeqCst);
    if matches!(behaviour, Behaviour::Resets) {
        stream.set_zero_linger().ok();
    }
    match tls {
        None => behave(stream, behaviour, &state).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                behave(stream, behaviour, &state).await;
            }
        }
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
}

async fn behave(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: Behaviour,
    state: &State,
) {
    if let Behaviour::Greets(text) = behaviour {
        stream.write_all(text.as_bytes()).await.ok();
    }
    let Some(received) = read(&mut stream).await else {
        return;
    };
    let earlier = {
        let mut all = state.received.lock().expect("a lock");
        all.push(received);
        all.len() - 1
    };
    match behaviour {
        Behaviour::Says(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            // Until the other side ends it, or a while.
            tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64]))
                .await
                .ok();
        }
        Behaviour::Changes(lines) => {
            let line = lines[earlier.min(lines.len() - 1)];
            let text = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(text.as_bytes()).await.ok();
            tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64]))
                .await
                .ok();
        }
        Behaviour::Drips => {
            for letter in "HTTP/1.1 200 OK\r\nx-slow: "
                .bytes()
                .chain(std::iter::repeat_n(b'x', 1_000))
            {
                if stream.write_all(&[letter]).await.is_err() {
                    return;
                }
                stream.flush().await.ok();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Behaviour::Hangs => {
            stream.read(&mut [0; 64]).await.ok();
        }
        Behaviour::Greets(_) | Behaviour::Resets => {}
        Behaviour::Pours => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n";
            stream.write_all(head.as_bytes()).await.ok();
            pour(stream, &[b'x'; 64 << 10], state).await;
        }
        Behaviour::PoursHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
            pour(
                stream,
                b"x-more: 0123456789012345678901234567890123456789\r\n",
                state,
            )
            .await;
        }
    }
}

async fn pour(mut stream: impl AsyncWrite + Unpin, piece: &[u8], state: &State) {
    while stream.write_all(piece).await.is_ok() {
        state.poured.fetch_add(piece.len(), Ordering::SeqCst);
    }
}

/// A request with a `content-length`.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).expect("a head is text");
    let headers: HeaderMap = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        })
        .collect();
    let length: usize = headers["content-length"].to_str().ok()?.parse().ok()?;
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = bytes[head + 4..].to_vec();
    Some(Received { headers, body })
}

/// The file with the certificate that stacks of these tests trust.
pub(crate) fn trusted_certificates() -> PathBuf {
    certificate().0.clone()
}

fn certificate() -> &'static (PathBuf, Arc<ServerConfig>) {
    static CERTIFICATE: OnceLock<(PathBuf, Arc<ServerConfig>)> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let (pem, config) = make_certificate();
        let file = std::env::temp_dir().join(format!("receiver-{}.pem", uuid::Uuid::now_v7()));
        std::fs::write(&file, pem).expect("a place for a file");
        (file, config)
    })
}

/// A certificate of `localhost` that it signed itself.
fn make_certificate() -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
    (made.cert.pem(), Arc::new(config))
}
