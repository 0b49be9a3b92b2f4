//! SQL of the runs of batches.

use cartwright_domain::wire::Record;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Place, RunResult};
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;
use crate::replays::comparison::Class;
use crate::replays::summary::DoneRun;

/// The runs that a batch is to repeat.
pub(in crate::replays) async fn insert(
    tx: &mut TenantTx,
    batch_id: Uuid,
    records: &[Record],
) -> Result<(), ApiError> {
    let ids: Vec<Uuid> = records
        .iter()
        .map(|each| each.invocation_id.uuid())
        .collect();
    let records: Result<Vec<String>, _> = records.iter().map(serde_json::to_string).collect();
    sqlx::query!(
        r#"
        insert into replay_run (tenant_id, batch_id, invocation_id, recorded)
        select $1, $2, invocation_id, recorded::json
        from unnest($3::uuid[], $4::text[]) as found (invocation_id, recorded)
        "#,
        tx.tenant().uuid(),
        batch_id,
        &ids,
        &records.map_err(anyhow::Error::from)?,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Some runs of a batch that were not repeated yet, the newest first.
pub(in crate::replays) async fn next(
    tx: &mut TenantTx,
    batch_id: Uuid,
    limit: i64,
) -> Result<Vec<Record>, ApiError> {
    let records = sqlx::query_scalar!(
        r#"
        select recorded as "recorded: Json<Record>" from replay_run
        where tenant_id = $1 and batch_id = $2 and class is null
        order by invocation_id desc
        limit $3
        "#,
        tx.tenant().uuid(),
        batch_id,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(records.into_iter().map(|record| record.0).collect())
}

/// Keep what came of a run. What another worker kept of it before stays.
pub(in crate::replays) async fn settle(
    tx: &mut TenantTx,
    batch_id: Uuid,
    invocation_id: Uuid,
    done: DoneRun,
    result: &RunResult,
) -> Result<(), ApiError> {
    // As text: sqlx would send jsonb, which refuses a NUL that a guest wrote.
    let result = serde_json::to_string(result).map_err(anyhow::Error::from)?;
    let stored = |fuel: u64| i64::try_from(fuel).unwrap_or(i64::MAX);
    sqlx::query!(
        r#"
        update replay_run set class = $4, fuel_before = $5, fuel_after = $6, result = $7::text::json
        where tenant_id = $1 and batch_id = $2 and invocation_id = $3 and class is null
        "#,
        tx.tenant().uuid(),
        batch_id,
        invocation_id,
        done.class as Class,
        done.fuel.map(|(before, _)| stored(before)),
        done.fuel.map(|(_, after)| stored(after)),
        result,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// How many runs a batch has, and those that are done.
pub(in crate::replays) async fn so_far(
    tx: &mut TenantTx,
    batch_id: Uuid,
) -> Result<(u32, Vec<DoneRun>), ApiError> {
    let rows = sqlx::query!(
        r#"
        select class as "class: Class", fuel_before, fuel_after from replay_run
        where tenant_id = $1 and batch_id = $2
        "#,
        tx.tenant().uuid(),
        batch_id,
    )
    .fetch_all(tx.connection())
    .await?;
    let inputs = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let fuel = |stored: Option<i64>| stored.and_then(|fuel| u64::try_from(fuel).ok());
    let done = rows.into_iter().filter_map(|row| {
        Some(DoneRun {
            class: row.class?,
            fuel: fuel(row.fuel_before).zip(fuel(row.fuel_after)),
        })
    });
    Ok((inputs, done.collect()))
}

/// A run of a batch that is done.
pub(in crate::replays) struct ResultRow {
    pub(in crate::replays) invocation_id: Uuid,
    pub(in crate::replays) class: Class,
    pub(in crate::replays) fuel_delta: i64,
    pub(in crate::replays) result: Json<RunResult>,
}

/// Runs of a batch that are done, the worst first, after a place.
pub(in crate::replays) async fn results(
    tx: &mut TenantTx,
    batch_id: Uuid,
    class: Option<Class>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ResultRow>, ApiError> {
    let results = sqlx::query_as!(
        ResultRow,
        r#"
        select invocation_id, class as "class!: Class", fuel_delta, result as "result!: Json<RunResult>"
        from replay_run
        where tenant_id = $1 and batch_id = $2 and class is not null and ($3::text is null or class = $3)
            and ($4::smallint is null or (rank, -fuel_delta, invocation_id) > ($4, $5::bigint, $6::uuid))
        order by rank, fuel_delta desc, invocation_id
        limit $7
        "#,
        tx.tenant().uuid(),
        batch_id,
        class as Option<Class>,
        after.map(|place| place.0),
        // A cursor is the caller's, and the least number has no opposite.
        after.map(|place| place.1.saturating_neg()),
        after.map(|place| place.2),
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(results)
}

/// Forget runs of batches that repeated what is older than run logs may get. Answers how many there were.
pub(in crate::replays) async fn forget(
    crossing: &mut Crossing,
    days_kept: i32,
) -> Result<i64, ApiError> {
    let forgotten = sqlx::query_scalar!(
        r#"select replay_runs_forget($1) as "forgotten!""#,
        days_kept
    )
    .fetch_one(crossing.connection())
    .await?;
    Ok(forgotten)
}
