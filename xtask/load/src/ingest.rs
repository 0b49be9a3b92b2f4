//! Sends events to the api in batches, each event new, and counts those that were accepted.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use uuid::Uuid;

use crate::cpu::{cpu_time, family};

/// Most connections, events of a request and seconds: a benchmark is bounded in each.
const CONNECTIONS_MAX: usize = 64;
const BATCH_MAX: usize = 1_000;
const SECONDS_MAX: u64 = 600;

#[derive(clap::Args)]
pub(crate) struct IngestArgs {
    /// The api.
    #[arg(long)]
    address: SocketAddr,
    /// The platform's key.
    #[arg(long)]
    platform_key: String,
    /// Whose events these are.
    #[arg(long)]
    tenant: String,
    /// Their type.
    #[arg(long)]
    event_type: String,
    /// Keep-alive connections, each with one request under way.
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Events of a request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// How long to send, in seconds.
    #[arg(long)]
    seconds: u64,
    /// A process whose time counts.
    #[arg(long = "pid")]
    pids: Vec<u32>,
}

/// What was measured.
#[derive(Serialize)]
struct Figures {
    /// Events that were accepted in a second.
    ingest_events_per_s: f64,
    /// Processor time of the processes named, for each, in microseconds.
    cpu_us_per_ingested: f64,
}

pub(crate) fn send(args: &IngestArgs) -> Result<()> {
    ensure!(
        (1..=CONNECTIONS_MAX).contains(&args.connections),
        "connections: 1 to {CONNECTIONS_MAX}"
    );
    ensure!(
        (1..=BATCH_MAX).contains(&args.batch),
        "batch: 1 to {BATCH_MAX}"
    );
    ensure!(
        args.seconds <= SECONDS_MAX,
        "seconds: at most {SECONDS_MAX}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let figures = runtime.block_on(figures(args))?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

async fn figures(args: &IngestArgs) -> Result<Figures> {
    let pids: Vec<u32> = args.pids.iter().flat_map(|pid| family(*pid)).collect();
    // A connection of the database may end meanwhile, and takes its time along.
    let cpu = || {
        let times = pids.iter().filter_map(|pid| cpu_time(*pid).ok());
        times.sum::<Duration>()
    };
    let (cpu_before, began) = (cpu(), Instant::now());
    let end = began + Duration::from_secs(args.seconds);
    let senders = (0..args.connections).map(|_| send_until(args, end));
    let mut accepted = 0;
    for sent in futures_util::future::join_all(senders).await {
        accepted += sent?;
    }
    let (seconds, used) = (
        began.elapsed().as_secs_f64(),
        cpu().saturating_sub(cpu_before),
    );
    Ok(Figures {
        ingest_events_per_s: accepted as f64 / seconds,
        cpu_us_per_ingested: used.as_secs_f64() * 1e6 / accepted.max(1) as f64,
    })
}

/// One connection's share, until the time is over. Any answer but 202 ends the measurement.
async fn send_until(args: &IngestArgs, end: Instant) -> Result<u64> {
    let stream = tokio::net::TcpStream::connect(args.address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let _connection = tokio::spawn(connection);
    let mut accepted = 0;
    while Instant::now() < end {
        let request = Request::post("/v1/events")
            .header("host", args.address.to_string())
            .header("authorization", format!("Bearer {}", args.platform_key))
            .header("cartwright-tenant", &args.tenant)
            .header("content-type", "application/json")
            .body(Full::new(batch(args)))?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            status == http::StatusCode::ACCEPTED,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        accepted += u64::try_from(args.batch).context("a batch is small")?;
    }
    Ok(accepted)
}

/// So many new events of about 250 bytes.
fn batch(args: &IngestArgs) -> Bytes {
    let mut body = String::with_capacity(args.batch * 256);
    for at in 0..args.batch {
        body.push(if at == 0 { '[' } else { ',' });
        let id = Uuid::now_v7();
        body += &format!(
            r#"{{"id":"{id}","type":"{}","data":{{"order":"{id}","total":"129.90","currency":"EUR","lines":[{{"sku":"A-1","quantity":2}}]}}}}"#,
            args.event_type
        );
    }
    body.push(']');
    body.into()
}
