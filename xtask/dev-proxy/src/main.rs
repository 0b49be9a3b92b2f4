//! A front proxy for one developer's machine: several executors behind one address, as `cargo xtask up --executors N`
//! runs them. Not for production, where an operator's own balancer stands.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cartwright_dev_proxy::{Fleet, serve, watch};
use clap::Parser;
use tokio::net::TcpListener;

/// Several executors behind one address, for development and tests only.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen; loopback only, since nothing here is hardened.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The executors' public addresses, such as `127.0.0.1:8181`, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    executors: Vec<SocketAddr>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(
        options.listen.ip().is_loopback(),
        "{} is not on loopback; this proxy is for development only",
        options.listen
    );
    let fleet = Arc::new(Fleet::new(&options.executors));
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", options.listen))?;
    println!(
        "{} executors are behind {}",
        options.executors.len(),
        options.listen
    );
    tokio::spawn(watch(fleet.clone()));
    serve(&listener, fleet).await
}
