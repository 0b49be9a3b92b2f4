//! A wire to Redis that tests cut and slow down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A wire to Redis that can be cut and made slow.
pub(super) struct Wire {
    pub(super) url: String,
    state: Arc<AtomicU8>,
    accepting: tokio::task::JoinHandle<()>,
}

pub(super) const WHOLE: u8 = 0;
pub(super) const CUT: u8 = 1;
pub(super) const SLOW: u8 = 2;

impl Wire {
    pub(super) async fn to(url: &str) -> Self {
        let server = url.rsplit_once('@').unwrap().1.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(AtomicU8::new(WHOLE));
        let url = url.replace(&server, &address);
        let accepting = tokio::spawn(accept(listener, server, state.clone()));
        Self {
            url,
            state,
            accepting,
        }
    }

    pub(super) fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: String, state: Arc<AtomicU8>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state) = (server.clone(), state.clone());
        tokio::spawn(async move {
            if state.load(Ordering::SeqCst) == CUT {
                return;
            }
            let server = TcpStream::connect(&server).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::select! {
                () = copy(from_client, to_server, &state) => {}
                () = copy(from_server, to_client, &state) => {}
            }
        });
    }
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    state: &AtomicU8,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        match state.load(Ordering::SeqCst) {
            CUT => return,
            SLOW => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => {}
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
