//! SQL of run logs. Meter records are billing's.

use cartwright_domain::ids::{FunctionId, InvocationId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::TenantTx;
use crate::error::ApiError;
use crate::internal::run_logs::ReadLog;

/// Keep run logs. What was kept before stays as it is, and what is of a day without a partition is left out: a log with a
/// wrong time must not keep the others of its batch out. Answers how many were kept.
pub(crate) async fn insert_logs(tx: &mut TenantTx, logs: &[ReadLog]) -> Result<u64, ApiError> {
    let days = days_kept(tx).await?;
    let logs: Vec<_> = logs
        .iter()
        .filter(|log| days.contain(log.invocation_id))
        .collect();
    let invocation_ids: Vec<_> = logs.iter().map(|log| log.invocation_id.uuid()).collect();
    let function_ids: Vec<_> = logs.iter().map(|log| log.function_id.uuid()).collect();
    let request_ids: Vec<_> = logs.iter().map(|log| log.request_id.uuid()).collect();
    let versions: Vec<_> = logs
        .iter()
        .map(|log| log.version.and_then(|version| i32::try_from(version).ok()))
        .collect();
    let outcomes: Vec<_> = logs
        .iter()
        .map(|log| log.outcome.map(|outcome| i16::from(outcome.code())))
        .collect();
    let inputs: Vec<_> = logs.iter().map(|log| log.input.clone()).collect();
    let outputs: Vec<_> = logs.iter().map(|log| log.output.clone()).collect();
    let texts: Vec<_> = logs.iter().map(|log| log.log.clone()).collect();
    let truncated: Vec<_> = logs.iter().map(|log| log.log_truncated).collect();
    let errors: Vec<_> = logs
        .iter()
        .map(|log| log.error.as_ref().map(Value::to_string))
        .collect();
    let inserted = sqlx::query!(
        r#"
        insert into run_log (
            tenant_id, invocation_id, function_id, request_id, version, outcome, input, output, log, log_truncated, error
        )
        select $1, invocation_id, function_id, request_id, version, outcome, input, output, log, log_truncated, error::json
        from unnest(
            $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::smallint[], $7::bytea[], $8::bytea[], $9::text[], $10::bool[],
            $11::text[]
        ) as sent (invocation_id, function_id, request_id, version, outcome, input, output, log, log_truncated, error)
        on conflict (tenant_id, invocation_id) do nothing
        "#,
        tx.tenant().uuid(),
        &invocation_ids,
        &function_ids,
        &request_ids,
        &versions as &[Option<i32>],
        &outcomes as &[Option<i16>],
        &inputs,
        &outputs,
        &texts,
        &truncated,
        &errors as &[Option<String>],
    )
    .execute(tx.connection())
    .await?;
    Ok(inserted.rows_affected())
}

/// From when to when there are partitions.
struct DaysKept {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl DaysKept {
    fn contain(&self, invocation_id: InvocationId) -> bool {
        let at = i64::try_from(invocation_id.unix_ms()).unwrap_or(i64::MAX);
        (self.from.timestamp_millis()..self.to.timestamp_millis()).contains(&at)
    }
}

async fn days_kept(tx: &mut TenantTx) -> Result<DaysKept, ApiError> {
    let days = sqlx::query_as!(
        DaysKept,
        r#"select first_day as "from!", end_of_last_day as "to!" from run_log_days()"#
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(days)
}

/// Of these runs, those that have a log.
pub(super) async fn with_log(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Uuid>, ApiError> {
    let ids = sqlx::query_scalar!(
        "select invocation_id from run_log where tenant_id = $1 and invocation_id = any($2)",
        tx.tenant().uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids)
}

/// What was kept of one run.
pub(crate) struct KeptLog {
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
    pub(crate) log: String,
    pub(crate) log_truncated: bool,
    pub(crate) error: Option<Json<Value>>,
}

pub(crate) async fn log_of(
    tx: &mut TenantTx,
    id: InvocationId,
) -> Result<Option<KeptLog>, ApiError> {
    let log = sqlx::query_as!(
        KeptLog,
        r#"
        select input, output, log, log_truncated, error as "error: Json<Value>"
        from run_log where tenant_id = $1 and invocation_id = $2
        "#,
        tx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(log)
}

/// Which runs of the tenant leave a log, as a word.
pub(crate) async fn retention(tx: &mut TenantTx) -> Result<String, ApiError> {
    let retention = sqlx::query_scalar!(
        "select run_log_retention from tenant where tenant_id = $1",
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(retention)
}

/// The same, and since when that is so.
pub(super) async fn retention_since(
    tx: &mut TenantTx,
) -> Result<(String, DateTime<Utc>), ApiError> {
    let tenant = sqlx::query!(
        "select run_log_retention, run_log_retention_since from tenant where tenant_id = $1",
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((tenant.run_log_retention, tenant.run_log_retention_since))
}

/// The newest runs of a function that have a log, from one id and below another.
pub(crate) async fn kept_of_function(
    tx: &mut TenantTx,
    function_id: FunctionId,
    from: Uuid,
    below: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, ApiError> {
    let ids = sqlx::query_scalar!(
        r#"
        select invocation_id from run_log
        where tenant_id = $1 and function_id = $2 and invocation_id >= $3 and invocation_id < $4
        order by invocation_id desc
        limit $5
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        from,
        below,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids)
}
