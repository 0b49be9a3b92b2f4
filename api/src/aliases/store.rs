//! SQL of aliases and their moves.

use cartwright_domain::ids::FunctionId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Alias, Move, Wish};
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

/// What became of the wish to point an alias at a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointed {
    /// It points there since now.
    Moved,
    /// It pointed there before.
    Already,
    /// A move that was asked for later has been made, and stays.
    Overtaken,
}

/// Where an alias points, and whether that was asked for after a point in time.
struct Standing {
    version: i32,
    asked_later: bool,
}

async fn standing(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    asked_at: Option<DateTime<Utc>>,
) -> Result<Option<Standing>, ApiError> {
    let standing = sqlx::query_as!(
        Standing,
        r#"
        select version, coalesce(asked_at > $4, false) as "asked_later!"
        from alias where tenant_id = $1 and function_id = $2 and name = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        asked_at,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(standing)
}

/// Point the alias at a version that is ready, and keep the move.
pub(super) async fn point(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &str,
    wish: &Wish<'_>,
    by: &str,
) -> Result<Pointed, ApiError> {
    let (version, asked_at) = (wish.version, wish.asked_at);
    // The first move has no alias to lock; the function is always there.
    functions::store::lock(tx, function_id).await?;
    let standing = standing(tx, function_id, alias, asked_at).await?;
    if standing
        .as_ref()
        .is_some_and(|standing| standing.asked_later)
    {
        return Ok(Pointed::Overtaken);
    }
    let from = standing.map(|standing| standing.version);
    let moved = from != Some(version);
    // The clock, not the transaction's begin: under the lock, times are in the order of the wishes. A wish for what is so
    // already counts too: it says that nothing older may change it.
    sqlx::query!(
        r#"
        insert into alias (tenant_id, function_id, name, version, moved_by, asked_at)
        values ($1, $2, $3, $4, $5, coalesce($6, clock_timestamp()))
        on conflict (tenant_id, function_id, name) do update set
            version = excluded.version, asked_at = excluded.asked_at,
            moved_at = case when $7 then now() else alias.moved_at end,
            moved_by = case when $7 then excluded.moved_by else alias.moved_by end
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        alias,
        version,
        by,
        asked_at,
        moved,
    )
    .execute(tx.connection())
    .await?;
    if !moved {
        return Ok(Pointed::Already);
    }
    sqlx::query!(
        r#"
        insert into alias_move (tenant_id, move_id, function_id, alias, from_version, to_version, moved_by, over_gate)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        tx.tenant().uuid(),
        Uuid::now_v7(),
        function_id.uuid(),
        alias,
        from,
        version,
        by,
        wish.over_gate,
    )
    .execute(tx.connection())
    .await?;
    Ok(Pointed::Moved)
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
        select move_id as id, from_version as "from", to_version as "to", moved_at, moved_by, over_gate
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
