//! A wire that can be cut and made slow: a TCP proxy between the roles and a server, so that a test takes the server away from one
//! stack and from no other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// A server behind the roles that a test may cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// Postgres.
    Database,
    /// Redis.
    Redis,
    /// S3.
    ObjectStore,
}

/// A listener that passes everything on to one server, or nothing while it is cut.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    server: String,
    cut: AtomicBool,
    cutting: Notify,
    /// How much later everything arrives, in milliseconds.
    late_ms: AtomicU64,
}

impl Wire {
    /// Listen on a free port for a server at `host:port`.
    pub(crate) async fn to(server: &str) -> Result<Self> {
        let state = Arc::new(State {
            server: server.to_owned(),
            cut: AtomicBool::new(false),
            cutting: Notify::new(),
            late_ms: AtomicU64::new(0),
        });
        let accepting = state.clone();
        let (address, listener) = runtime()
            .spawn(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                anyhow::Ok((listener.local_addr()?, listener))
            })
            .await??;
        runtime().spawn(accept(listener, accepting));
        Ok(Self { address, state })
    }

    /// Drop every connection and refuse new ones.
    pub(crate) fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        self.state.cutting.notify_waiters();
    }

    /// Pass everything on so much later, in both directions.
    pub(crate) fn slow(&self, late_ms: u64) {
        self.state.late_ms.store(late_ms, Ordering::SeqCst);
    }

    /// Pass things on again, at once.
    pub(crate) fn mend(&self) {
        self.state.late_ms.store(0, Ordering::SeqCst);
        self.state.cut.store(false, Ordering::SeqCst);
    }
}

/// A runtime of the wires' own: a test's runtime ends with its test, and a stack may outlive that.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime needs threads and nothing else"))
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        if !state.cut.load(Ordering::SeqCst) {
            tokio::spawn(pass_on(client, state.clone()));
        }
    }
}

async fn pass_on(client: TcpStream, state: Arc<State>) {
    let cutting = state.cutting.notified();
    let Ok(server) = TcpStream::connect(&state.server).await else {
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = async {
        tokio::join!(
            copy(from_client, to_server, &state),
            copy(from_server, to_client, &state)
        )
    };
    tokio::select! {
        () = cutting => {}
        _ = both => {}
    }
}

/// Until one side ends, which the other then hears.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let late_ms = state.late_ms.load(Ordering::SeqCst);
        if late_ms > 0 {
            tokio::time::sleep(Duration::from_millis(late_ms)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
