//! Drives a server: a fixed number of connections, each with one request under way, for a fixed time.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde::Serialize;

use crate::cpu::cpu_time;
use crate::plan::Plan;

/// Most connections and longest time of one drive: a benchmark is bounded in both.
const CONNECTIONS_MAX: usize = 1_000;
const SECONDS_MAX: u64 = 60;

#[derive(clap::Args)]
pub(crate) struct DriveArgs {
    /// The plan: a JSON file `{"address","requests":[{"path","token","body"}]}`.
    #[arg(long)]
    plan: PathBuf,
    /// Keep-alive connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How long to send, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    duration_ms: u64,
    /// Process whose processor time is divided by the answers. May be given several times.
    #[arg(long)]
    pid: Vec<u32>,
    /// Write the invocation id of every answered run to this file, one per line.
    #[arg(long)]
    answered: Option<PathBuf>,
    /// Tell apart what the runs answered: how many different outputs there were, and which numbers of fuel.
    #[arg(long)]
    distinct: bool,
}

/// What a drive measured, printed as one line of JSON.
#[derive(Serialize)]
struct Measured {
    /// Requests sent, answered or not.
    sent: u64,
    /// Answers with status 200.
    ok: u64,
    /// Answers with another status.
    refused: u64,
    /// Requests whose connection broke before an answer.
    broken: u64,
    requests_per_second: f64,
    /// Processor time of the processes named, per answer.
    cpu_us_per_request: Option<f64>,
    p50_us: u64,
    p99_us: u64,
    /// Different outputs, with `--distinct`.
    outputs: Option<usize>,
    /// Every number of fuel that a run used, with `--distinct`.
    fuels: Option<BTreeSet<u64>>,
}

/// What is kept of an answer beside its latency.
#[derive(Clone, Copy)]
struct Keep {
    ids: bool,
    distinct: bool,
}

#[derive(Default)]
struct Tally {
    sent: u64,
    refused: u64,
    broken: u64,
    latencies_us: Vec<u32>,
    answered: Vec<String>,
    /// Hashes of them.
    outputs: BTreeSet<u64>,
    fuels: BTreeSet<u64>,
}

/// Send for the time given, and print what was measured.
pub(crate) fn drive(args: &DriveArgs) -> anyhow::Result<()> {
    ensure!(
        (1..=CONNECTIONS_MAX).contains(&args.connections),
        "connections: 1 to {CONNECTIONS_MAX}"
    );
    ensure!(
        args.duration_ms <= SECONDS_MAX * 1_000,
        "duration: at most {SECONDS_MAX} s"
    );
    let plan = Arc::new(Plan::read(&args.plan)?);
    // One thread: the server under test needs the rest of a small machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let measured = runtime.block_on(measure(args, plan))?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

async fn measure(args: &DriveArgs, plan: Arc<Plan>) -> anyhow::Result<Measured> {
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = cpu_of(&args.pid)?;
    let start = Instant::now();
    let end = start + Duration::from_millis(args.duration_ms);
    let workers: Vec<_> = (0..args.connections)
        .map(|_| {
            let keep = Keep {
                ids: args.answered.is_some(),
                distinct: args.distinct,
            };
            tokio::spawn(send_until(end, plan.clone(), next.clone(), keep))
        })
        .collect();
    let mut sum = Tally::default();
    for worker in workers {
        let tally = worker.await.context("a connection's task panicked")??;
        sum.sent += tally.sent;
        sum.refused += tally.refused;
        sum.broken += tally.broken;
        sum.latencies_us.extend(tally.latencies_us);
        sum.answered.extend(tally.answered);
        sum.outputs.extend(tally.outputs);
        sum.fuels.extend(tally.fuels);
    }
    let seconds = start.elapsed().as_secs_f64();
    // A killed process has no time to read any more; then there is no figure, rather than a wrong one.
    let cpu = cpu_of(&args.pid)
        .ok()
        .map(|after| after.saturating_sub(cpu_before));
    if let Some(path) = &args.answered {
        std::fs::write(path, sum.answered.join("\n") + "\n")
            .with_context(|| format!("write {}", path.display()))?;
    }
    let (outputs, fuels) = (sum.outputs.len(), std::mem::take(&mut sum.fuels));
    let mut measured = sum.measured(seconds, cpu.filter(|_| !args.pid.is_empty()));
    if args.distinct {
        (measured.outputs, measured.fuels) = (Some(outputs), Some(fuels));
    }
    Ok(measured)
}

impl Tally {
    fn measured(mut self, seconds: f64, cpu: Option<Duration>) -> Measured {
        self.latencies_us.sort_unstable();
        let ok = self.latencies_us.len() as u64;
        let quantile = |percent: usize| {
            let at = (self.latencies_us.len() * percent / 100)
                .min(self.latencies_us.len().saturating_sub(1));
            self.latencies_us.get(at).copied().map_or(0, u64::from)
        };
        let answers = (ok + self.refused).max(1) as f64;
        Measured {
            sent: self.sent,
            ok,
            refused: self.refused,
            broken: self.broken,
            requests_per_second: (ok as f64 / seconds * 10.0).round() / 10.0,
            cpu_us_per_request: cpu.map(|cpu| (cpu.as_secs_f64() * 1e7 / answers).round() / 10.0),
            p50_us: quantile(50),
            p99_us: quantile(99),
            outputs: None,
            fuels: None,
        }
    }
}

fn cpu_of(pids: &[u32]) -> anyhow::Result<Duration> {
    pids.iter().map(|pid| cpu_time(*pid)).sum()
}

async fn send_until(
    end: Instant,
    plan: Arc<Plan>,
    next: Arc<AtomicUsize>,
    keep: Keep,
) -> anyhow::Result<Tally> {
    let host = plan.address.to_string();
    let mut tally = Tally::default();
    let mut connection: Option<SendRequest<Full<Bytes>>> = None;
    while Instant::now() < end {
        let Some(sender) = connection.as_mut() else {
            connection = connect(&plan).await;
            continue;
        };
        let planned = &plan.requests[next.fetch_add(1, Ordering::Relaxed) % plan.requests.len()];
        let request = planned.to_http(&host)?;
        let sent_at = Instant::now();
        tally.sent += 1;
        match exchange(sender, request, keep).await {
            Ok(answer) if answer.status == http::StatusCode::OK => {
                tally
                    .latencies_us
                    .push(u32::try_from(sent_at.elapsed().as_micros()).unwrap_or(u32::MAX));
                tally.answered.extend(answer.id);
                tally.outputs.extend(answer.output);
                tally.fuels.extend(answer.fuel);
            }
            Ok(_) => tally.refused += 1,
            Err(_) => {
                tally.broken += 1;
                connection = None;
            }
        }
    }
    Ok(tally)
}

/// What came back, as far as it is kept.
struct Answer {
    status: http::StatusCode,
    id: Option<String>,
    /// A hash of the body.
    output: Option<u64>,
    fuel: Option<u64>,
}

/// One exchange, until the whole body has come.
async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: http::Request<Full<Bytes>>,
    keep: Keep,
) -> anyhow::Result<Answer> {
    sender.ready().await?;
    let mut response = sender.send_request(request).await?;
    let mut hasher = DefaultHasher::new();
    while let Some(frame) = response.frame().await {
        if let (true, Some(data)) = (keep.distinct, frame?.data_ref()) {
            hasher.write(data);
        }
    }
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    Ok(Answer {
        status: response.status(),
        id: header("cartwright-invocation-id")
            .filter(|_| keep.ids)
            .map(str::to_owned),
        output: keep.distinct.then(|| hasher.finish()),
        fuel: header("cartwright-fuel")
            .filter(|_| keep.distinct)
            .and_then(|fuel| fuel.parse().ok()),
    })
}

/// A new connection, or `None` after a short wait when there is no server just now.
async fn connect(plan: &Plan) -> Option<SendRequest<Full<Bytes>>> {
    let Ok(stream) = tokio::net::TcpStream::connect(plan.address).await else {
        tokio::time::sleep(Duration::from_millis(20)).await;
        return None;
    };
    stream.set_nodelay(true).ok()?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    tokio::spawn(connection);
    Some(sender)
}
