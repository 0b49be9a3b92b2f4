//! SQL of aliases and their moves.

use cartwright_domain::ids::FunctionId;
use uuid::Uuid;

use super::{Alias, Move};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions;

pub(super) async fn list(
    tx: &mut TenantTx,
    function_id: FunctionId,
) -> Result<Vec<Alias>, ApiError> {
    let aliases = sqlx::query_as!(
        Alias,
        r#"
        select name as alias, version as "version?", moved_at as "moved_at?", moved_by as "moved_by?"
        from alias where tenant_id = $1 and function_id = $2 order by name
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(aliases)
}

async fn version_of(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
) -> Result<Option<i32>, ApiError> {
    let version = sqlx::query_scalar!(
        "select version from alias where tenant_id = $1 and function_id = $2 and name = $3",
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(version)
}

/// Point the alias at a version that is ready, and keep the move. Whether it moved: it may point there already.
pub(crate) async fn point(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    version: i32,
    by: &str,
) -> Result<bool, ApiError> {
    // The first move has no alias to lock; the function is always there.
    functions::store::lock(tx, function_id).await?;
    let from = version_of(tx, function_id, alias).await?;
    if from == Some(version) {
        return Ok(false);
    }
    sqlx::query!(
        r#"
        insert into alias (tenant_id, function_id, name, version, moved_by) values ($1, $2, $3, $4, $5)
        on conflict (tenant_id, function_id, name)
        do update set version = excluded.version, moved_at = now(), moved_by = excluded.moved_by
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        version,
        by,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        r#"
        insert into alias_move (tenant_id, move_id, function_id, alias, from_version, to_version, moved_by)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        tx.tenant().uuid(),
        Uuid::now_v7(),
        function_id.uuid(),
        alias,
        from,
        version,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

/// Moves of an alias, newest first, before a move.
pub(super) async fn moves(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Move>, ApiError> {
    let moves = sqlx::query_as!(
        Move,
        r#"
        select move_id as id, from_version as "from", to_version as "to", moved_at, moved_by
        from alias_move
        where tenant_id = $1 and function_id = $2 and alias = $3 and ($4::uuid is null or move_id < $4)
        order by move_id desc
        limit $5
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(moves)
}
