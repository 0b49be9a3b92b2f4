//! SQL of the search through run logs. Who keeps them is `invocations`.

use cartwright_domain::ids::{FunctionId, InvocationId};
use cartwright_domain::outcome::Outcome;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::entry::{Left, Run};
use crate::database::TenantTx;
use crate::error::ApiError;

/// Which runs to read, the newest first.
pub(super) struct Stretch {
    /// The oldest.
    pub(super) from: InvocationId,
    /// The newest.
    pub(super) to: InvocationId,
    /// Read the logs of this version alone.
    pub(super) version: Option<u32>,
    /// Read the logs of runs that ended so alone.
    pub(super) outcome: Option<Outcome>,
    /// Runs at most.
    pub(super) runs_max: i64,
    /// Bytes of log, after which no further run is read.
    pub(super) bytes_max: i64,
}

/// A run as it is kept. Its log is absent where the stretch leaves it out.
struct Row {
    invocation_id: Uuid,
    version: Option<i32>,
    outcome: Option<i16>,
    log: Option<String>,
    log_truncated: bool,
    error: Option<Json<Value>>,
}

/// The newest runs of a stretch. Every run counts, so that whoever asks knows how far they came; only those that are
/// asked for have entries.
pub(super) async fn newest(
    tx: &mut TenantTx,
    function_id: FunctionId,
    stretch: &Stretch,
) -> Result<Vec<Run>, ApiError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select invocation_id as "invocation_id!", version, outcome, log, log_truncated as "log_truncated!",
            error as "error: Json<Value>"
        from (
            select *, sum(octet_length(log)) over (order by invocation_id desc rows unbounded preceding)
                - octet_length(log) as bytes_before
            from (
                select invocation_id, version, outcome, log_truncated, error,
                    case when ($5::integer is null or version = $5) and ($6::smallint is null or outcome = $6) then log end as log
                from run_log
                where tenant_id = $1 and function_id = $2 and invocation_id >= $3 and invocation_id <= $4
                order by invocation_id desc
                limit $7
            ) as newest
        ) as counted
        where bytes_before is null or bytes_before < $8
        order by invocation_id desc
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        stretch.from.uuid(),
        stretch.to.uuid(),
        stretch.version.and_then(|version| i32::try_from(version).ok()),
        stretch.outcome.map(|outcome| i16::from(outcome.code())),
        stretch.runs_max,
        stretch.bytes_max,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Row::read).collect())
}

impl Row {
    fn read(self) -> Run {
        let error = self.error.as_ref();
        let outcome = self.outcome.and_then(|code| u8::try_from(code).ok());
        let left = match &self.log {
            None => Left {
                log: "",
                log_truncated: false,
                failure: None,
            },
            Some(log) => Left {
                log,
                log_truncated: self.log_truncated,
                failure: error.and_then(|error| error["message"].as_str()),
            },
        };
        Run::new(
            self.invocation_id.into(),
            self.version.and_then(|version| u32::try_from(version).ok()),
            outcome.and_then(Outcome::from_code),
            &left,
        )
    }
}
