//! Takes in run logs as executors send them: compressed lines, many tenants in one batch, the same batch perhaps twice.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::{FunctionId, InvocationId, RequestId, TenantId};
use cartwright_domain::outcome::Outcome;
use cartwright_domain::wire::RunLog;
use flate2::read::GzDecoder;
use http::StatusCode;
use serde_json::Value;

use crate::app::App;
use crate::error::ApiError;
use crate::invocations;

/// The largest batch as it is sent, in bytes. An executor holds no more than 8 MiB of run logs at all.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// The largest batch unpacked, in bytes: base64 adds a third, and a small body must not unpack to a large one.
const UNPACKED_BYTES_MAX: u64 = 32 << 20;

/// A run log with its bytes as bytes.
pub(crate) struct ReadLog {
    pub(crate) invocation_id: InvocationId,
    pub(crate) function_id: FunctionId,
    pub(crate) request_id: RequestId,
    pub(crate) version: Option<u32>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
    pub(crate) log: String,
    pub(crate) log_truncated: bool,
    pub(crate) error: Option<Value>,
}

impl ReadLog {
    fn bytes(&self) -> u64 {
        (self.input.len() + self.output.len() + self.log.len()) as u64
    }
}

/// The limit of a batch's body.
pub(super) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BATCH_BYTES_MAX)
}

/// Keep every log of the batch. Each tenant's are kept by a transaction of its own: one that fails is sent again, and what
/// was kept already stays as it is.
pub(super) async fn take_in(State(app): State<App>, body: Bytes) -> Result<StatusCode, ApiError> {
    let unpacked = tokio::task::spawn_blocking(move || unpack(&body, UNPACKED_BYTES_MAX)).await;
    let by_tenant =
        unpacked.map_err(|panic| anyhow::anyhow!("unpacking did not end: {panic}"))??;
    for (tenant_id, logs) in by_tenant {
        let bytes: u64 = logs.iter().map(ReadLog::bytes).sum();
        let mut tx = app.database.tenant_tx(tenant_id).await?;
        let kept = invocations::store::insert_logs(&mut tx, &logs).await?;
        tx.commit().await?;
        metrics::counter!("cartwright_run_logs_kept_total").increment(kept);
        metrics::counter!("cartwright_run_log_bytes_total").increment(bytes);
        let left_out = logs.len() as u64 - kept;
        if left_out > 0 {
            // Kept before, or from a day that has no partition: a clock that is days off.
            metrics::counter!("cartwright_run_logs_left_out_total").increment(left_out);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The logs of a batch, by tenant.
fn unpack(body: &[u8], bytes_max: u64) -> Result<HashMap<TenantId, Vec<ReadLog>>, ApiError> {
    let mut by_tenant: HashMap<TenantId, Vec<ReadLog>> = HashMap::new();
    let mut lines = BufReader::new(GzDecoder::new(body).take(bytes_max + 1));
    let (mut line, mut unpacked) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = lines
            .read_until(b'\n', &mut line)
            .map_err(|error| ApiError::Invalid(format!("the batch is not gzip: {error}")))?;
        unpacked += read as u64;
        if unpacked > bytes_max {
            return Err(ApiError::InputTooLarge {
                limit_bytes: bytes_max,
            });
        }
        if read == 0 {
            return Ok(by_tenant);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let log: RunLog = serde_json::from_slice(&line)
            .map_err(|error| ApiError::Invalid(format!("a line is no run log: {error}")))?;
        by_tenant
            .entry(log.tenant_id)
            .or_default()
            .push(read_log(log)?);
    }
}

fn read_log(log: RunLog) -> Result<ReadLog, ApiError> {
    let bytes_of = |text: &str| {
        STANDARD
            .decode(text)
            .map_err(|_| ApiError::Invalid("input and output are base64".to_owned()))
    };
    let error = log.error.map(serde_json::to_value).transpose();
    Ok(ReadLog {
        invocation_id: log.invocation_id,
        function_id: log.function_id,
        request_id: log.request_id,
        version: log.version,
        outcome: log.outcome,
        input: bytes_of(&log.input)?,
        output: bytes_of(&log.output)?,
        // Postgres keeps no NUL in text, and a guest may log one.
        log: log.log.replace('\0', "\u{fffd}"),
        log_truncated: log.log_truncated,
        error: error.map_err(anyhow::Error::from)?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn line(tenant: u8) -> String {
        let id = |n: u8| uuid::Uuid::from_bytes([n; 16]);
        serde_json::json!({
            "tenant_id": id(tenant), "invocation_id": id(3), "function_id": id(4), "request_id": id(5),
            "input": "e30=", "output": "", "log": "a\u{0}b", "log_truncated": false, "error": null,
        })
        .to_string()
    }

    #[test]
    fn a_batch_is_sorted_by_tenant() {
        let text = format!("{}\n{}\n\n{}\n", line(1), line(2), line(1));
        let logs = unpack(&packed(text.as_bytes()), 1 << 20).unwrap();
        assert_eq!(logs[&TenantId::from_bytes([1; 16])].len(), 2);
        let log = &logs[&TenantId::from_bytes([2; 16])][0];
        assert_eq!(
            (log.input.as_slice(), log.log.as_str()),
            (b"{}".as_slice(), "a\u{fffd}b")
        );
    }

    #[test]
    fn a_small_body_does_not_unpack_to_a_large_one() {
        let bomb = packed(&vec![b' '; 1 << 20]);
        assert!(bomb.len() < 8 << 10);
        assert!(matches!(
            unpack(&bomb, 1 << 16),
            Err(ApiError::InputTooLarge { .. })
        ));
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for bad in [b"plain".to_vec(), packed(b"{}\n"), packed(b"nonsense")] {
            assert!(matches!(unpack(&bad, 1 << 20), Err(ApiError::Invalid(_))));
        }
    }
}
