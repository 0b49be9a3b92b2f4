//! An object store for one developer's machine and for tests: the S3 protocol over a folder, on loopback. Not for
//! production, where an operator's own store holds the bytes; the roles speak to both with the same client.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

/// S3 over a folder, for development and tests only.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen; loopback only, since nothing here is hardened.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// The folder in which a folder is a bucket.
    #[arg(long)]
    folder: PathBuf,
    /// A bucket that is made when it is not there.
    #[arg(long, default_value = "cartwright")]
    bucket: String,
    /// The one access key that is let in.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: String,
    /// Its secret.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(
        options.listen.ip().is_loopback(),
        "{} is not on loopback; this store is for development only",
        options.listen
    );
    let bucket = options.folder.join(&options.bucket);
    std::fs::create_dir_all(&bucket)
        .with_context(|| format!("cannot make {}", bucket.display()))?;
    let files = FileSystem::new(&options.folder).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(
        options.access_key_id,
        options.secret_access_key,
    ));
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", options.listen))?;
    println!(
        "a development object store over {} listens on {}",
        options.folder.display(),
        options.listen
    );
    serve(&listener, service.build()).await
}

/// Answer until killed: nothing is held in memory, so there is nothing to drain.
async fn serve(listener: &TcpListener, service: S3Service) -> Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // A client that hangs up in the middle is its own affair.
            server
                .serve_connection(TokioIo::new(connection), service)
                .await
                .ok();
        });
    }
}
