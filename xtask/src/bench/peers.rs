//! The peers: processes of `cartwright-load`, and `wasmtime serve` where it is installed.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::place;

/// A peer that serves; it ends with this value.
pub(crate) struct Peer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Peer {
    /// Start one by its name in `cartwright-load peer`.
    pub(crate) fn start(load: &Path, kind: &str) -> Result<Self> {
        let mut child = Command::new(load)
            .args(["peer", kind])
            .stdout(Stdio::piped())
            .spawn()
            .context("start a peer")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("a peer without output")?)
            .read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .with_context(|| format!("the peer {kind} told no address: {line:?}"))?;
        Ok(Self { address, child })
    }

    /// Start `wasmtime serve` on our hello component, with these options of its own besides.
    pub(crate) fn wasmtime(wasmtime: &Path, options: &[&str]) -> Result<Self> {
        let component = place::root().join("xtask/load/hello-http/hello-http.wasm");
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(wasmtime)
            .args(["serve", "-Scli", "--addr", &address.to_string()])
            .args(options)
            .arg(component)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start wasmtime serve")?;
        let peer = Self { address, child };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            ensure!(
                Instant::now() < until,
                "wasmtime serve does not answer on {address}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(peer)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
