//! SQL of gates.

use cartwright_domain::ids::FunctionId;

use super::{Gate, GateRequest};
use crate::database::TenantTx;
use crate::error::ApiError;

pub(super) async fn find(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
) -> Result<Option<Gate>, ApiError> {
    let gate = sqlx::query_as!(
        Gate,
        r#"
        select alias, min_runs, newly_failing_max, differs_max, max_age_hours, set_at, set_by from alias_gate
        where tenant_id = $1 and function_id = $2 and alias = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(gate)
}

pub(super) async fn put(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    gate: &GateRequest,
    by: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        insert into alias_gate (
            tenant_id, function_id, alias, min_runs, newly_failing_max, differs_max, max_age_hours, set_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (tenant_id, function_id, alias) do update set
            min_runs = excluded.min_runs, newly_failing_max = excluded.newly_failing_max, differs_max = excluded.differs_max,
            max_age_hours = excluded.max_age_hours, set_at = now(), set_by = excluded.set_by
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        gate.min_runs,
        gate.newly_failing_max,
        gate.differs_max,
        gate.max_age_hours,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn delete(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from alias_gate where tenant_id = $1 and function_id = $2 and alias = $3",
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether the gate has nothing to ask: the alias pointed at the version before, so this is a rollback, or it points nowhere
/// yet, so there is nothing to compare with.
pub(super) async fn is_free_to_move(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    version: i32,
) -> Result<bool, ApiError> {
    let free = sqlx::query_scalar!(
        r#"
        select coalesce(bool_or(to_version = $4), true) as "free!"
        from alias_move where tenant_id = $1 and function_id = $2 and alias = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        version,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(free)
}
