//! The peers: what the same machine does in the same minute without a sandbox, a meter or a bill.

use std::net::SocketAddr;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;

// The template's rule itself, so that guest and native handler cannot drift apart.
#[path = "../../../functions/volume-discount-rust/src/discount.rs"]
mod discount_rule;

use discount_rule::{Input, Settings, discounts};

#[derive(Clone, Copy, clap::ValueEnum)]
enum Peer {
    /// `GET /` answers 15 bytes: the ceiling of the HTTP stack.
    Hello,
    /// `POST /` answers the volume discount of the cart, computed natively: the floor that the sandbox is measured from.
    Discount,
}

#[derive(clap::Args)]
pub(crate) struct PeerArgs {
    /// Which peer.
    kind: Peer,
    /// Where to listen. A free port by default.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Serve until stopped. The first line printed is the address.
pub(crate) fn serve(args: &PeerArgs) -> anyhow::Result<()> {
    let router = match args.kind {
        Peer::Hello => Router::new().route("/", get(|| async { "Hello, world!\n\n" })),
        Peer::Discount => Router::new().route("/", post(discount)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await?;
        println!("{}", listener.local_addr()?);
        axum::serve(listener, router).await?;
        Ok(())
    })
}

/// The rule of the volume discount template with its default settings: the guest's own source, compiled natively.
async fn discount(cart: Bytes) -> Result<axum::response::Response, axum::http::StatusCode> {
    let bad_request = axum::http::StatusCode::BAD_REQUEST;
    let input: Input<'_> = serde_json::from_slice(&cart).map_err(|_| bad_request)?;
    let settings = Settings::default();
    let answer = discounts(&input.cart, &settings).map_err(|_| bad_request)?;
    let body =
        serde_json::to_vec(&answer).map_err(|_| axum::http::StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok((
        [(axum::http::header::CONTENT_TYPE, "application/json")],
        body,
    )
        .into_response())
}
