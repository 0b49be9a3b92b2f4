//! The peers: processes of `cartwright-load`, and `wasmtime serve` where it is installed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A peer that serves; it ends with this value.
pub(crate) struct Peer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Peer {
    /// Start one by its name in `cartwright-load peer`.
    pub(crate) fn start(load: &std::path::Path, kind: &str) -> Result<Self> {
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
