//! Sends run logs to the api in compressed batches, and says who lost some.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use cartwright_domain::problem::Code;
use cartwright_role::internal::{CallError, Peer};
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::kept::KeptRun;
use super::ring::Ring;
use crate::mint;

/// What waits leaves as often.
const EVERY: Duration = Duration::from_millis(500);

/// Longest wait between two attempts while the api is away.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Most of one batch before it is compressed, in bytes of the ring.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// After so many internal errors of the api the batch itself is to blame.
const FAILURES_MAX: u32 = 6;

/// The last attempt when the process ends.
const LAST_ATTEMPT: Duration = Duration::from_secs(3);

pub(super) async fn run(ring: &Mutex<Ring>, api: &Peer, closed: &CancellationToken) {
    let mut failures = 0_u32;
    while !closed.is_cancelled() {
        let wait = match ship_batch(ring, api, failures).await {
            Ok(is_more) => {
                failures = 0;
                if is_more { Duration::ZERO } else { EVERY }
            }
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(
                        "run logs cannot be sent: {error}; they wait, and are dropped when there are too many"
                    );
                }
                EVERY.saturating_mul(1 << failures.min(8)).min(BACKOFF_MAX)
            }
        };
        say_dropped(ring);
        tokio::time::timeout(wait, closed.cancelled()).await.ok();
    }
    let last = async { while let Ok(true) = ship_batch(ring, api, 0).await {} };
    tokio::time::timeout(LAST_ATTEMPT, last).await.ok();
}

/// Send the oldest batch, after so many failures to; whether there was one.
async fn ship_batch(ring: &Mutex<Ring>, api: &Peer, failures: u32) -> Result<bool, CallError> {
    let batch = ring.lock().oldest(BATCH_BYTES_MAX);
    if batch.is_empty() {
        return Ok(false);
    }
    let count = batch.len();
    let compressed = spawn_blocking(move || compress(&batch))
        .await
        .expect("compressing does not panic");
    let request_id = RequestId::from_bytes(mint::id_bytes());
    let sent: Result<(), _> = api
        .post_bytes("run-logs", "application/gzip", compressed, request_id)
        .await;
    match sent {
        Ok(()) => {}
        Err(error) if error.is_passing() && !is_hopeless(&error, failures) => return Err(error),
        // The api will never take it: keeping it would hold up all that follow.
        Err(error) => tracing::error!(
            count,
            "the api refused {count} run logs, which are lost: {error}"
        ),
    }
    ring.lock().forget(count);
    Ok(true)
}

/// A batch that the api stumbles over again and again, while it answers.
fn is_hopeless(error: &CallError, failures: u32) -> bool {
    error.code() == Some(Code::Internal) && failures >= FAILURES_MAX
}

/// Lines of JSON, compressed.
fn compress(batch: &[KeptRun]) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for run in batch {
        serde_json::to_writer(&mut gzip, &run.to_wire())
            .expect("a run log is strings and numbers, and memory takes it");
        gzip.write_all(b"\n").expect("memory takes it");
    }
    gzip.finish().expect("memory takes it").into()
}

fn say_dropped(ring: &Mutex<Ring>) {
    let dropped = ring.lock().take_dropped();
    for (tenant_id, count) in dropped {
        metrics::counter!("cartwright_run_logs_dropped_total", "tenant" => tenant_id.to_string())
            .increment(count);
        tracing::warn!(tenant.id = %tenant_id, count, "dropped {count} run logs: too many wait for the api");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use cartwright_domain::wire::RunLog;
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_batch_is_one_line_of_json_for_each_run() {
        let compressed = compress(&[KeptRun::sample(1, 300), KeptRun::sample(2, 300)]);
        let mut text = String::new();
        GzDecoder::new(&compressed[..])
            .read_to_string(&mut text)
            .unwrap();
        let runs: Vec<RunLog> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            runs.iter()
                .map(|run| run.tenant_id.as_bytes()[0])
                .collect::<Vec<_>>(),
            [1, 2]
        );
    }
}
