//! SQL of versions, as the api sees them. What the compiler finds out is written by [`crate::jobs`].

use anyhow::Context;
use cartwright_domain::compile::CompileReport;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::limits::LimitOverrides;
use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::Status;
use super::upload::Module;
use crate::database::TenantTx;
use crate::error::ApiError;

/// A version as it stands now, when bytes meet it.
pub(super) struct Known {
    pub(super) version: i32,
    pub(super) status: Status,
}

/// What an upload must know of its function.
pub(super) struct Locked {
    pub(super) function_id: FunctionId,
    pub(super) target: Option<String>,
    pub(super) limits: Json<LimitOverrides>,
}

/// Lock a function, so that numbers are handed out one after the other, without gaps.
pub(super) async fn lock_function(tx: &mut TenantTx, name: &str) -> Result<Locked, ApiError> {
    let locked = sqlx::query_as!(
        Locked,
        r#"
        select function_id, target, limits as "limits: Json<LimitOverrides>" from function
        where tenant_id = $1 and name = $2 and deleted_at is null
        for no key update
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    locked.ok_or(ApiError::NotFound("function"))
}

/// The version that these bytes are already.
pub(super) async fn find_by_bytes(
    tx: &mut TenantTx,
    function_id: FunctionId,
    sha256: &[u8; 32],
) -> Result<Option<Known>, ApiError> {
    let known = sqlx::query_as!(
        Known,
        r#"
        select version, status as "status: Status"
        from version where tenant_id = $1 and function_id = $2 and sha256 = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        sha256.as_slice(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(known)
}

/// The next version of the function, whose row the caller has locked.
pub(super) async fn insert(
    tx: &mut TenantTx,
    function_id: FunctionId,
    module: &Module,
    by: &str,
) -> Result<i32, ApiError> {
    let version = sqlx::query_scalar!(
        "update function set versions = versions + 1 where tenant_id = $1 and function_id = $2 returning versions",
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    sqlx::query!(
        r#"
        insert into version (tenant_id, function_id, version, sha256, size_bytes, status, created_by)
        values ($1, $2, $3, $4, $5, 'compiling', $6)
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
        module.sha256.as_slice(),
        i64::try_from(module.bytes.len()).unwrap_or(i64::MAX),
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(version)
}

/// Judge a refused version again. What it was refused for may have been a limit that is higher now.
pub(super) async fn reopen(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update version set status = 'compiling', report = null, settled_at = null
        where tenant_id = $1 and function_id = $2 and version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Move this alias as soon as the version is ready. False when another alias waits for it: only one can.
pub(super) async fn promote_when_ready(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
    alias: &str,
    by: &str,
) -> Result<bool, ApiError> {
    let noted = sqlx::query!(
        r#"
        update version set promote_alias = $4, promote_by = $5, promote_asked_at = clock_timestamp()
        where tenant_id = $1 and function_id = $2 and version = $3 and coalesce(promote_alias, $4) = $4
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
        alias,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The state of a version alone: what a waiting upload asks again and again.
pub(crate) async fn status_of(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
) -> Result<Status, ApiError> {
    sqlx::query_scalar!(
        r#"
        select status as "status: Status" from version
        where tenant_id = $1 and function_id = $2 and version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("version"))
}

/// A version's row. The report of a page leaves out what is long.
pub(super) struct VersionRow {
    pub(super) function: String,
    pub(super) version: i32,
    pub(super) status: Status,
    pub(super) sha256: String,
    pub(super) size_bytes: i64,
    pub(super) engine_epoch: Option<i32>,
    pub(super) report: Option<Json<CompileReport>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created_by: String,
    pub(super) settled_at: Option<DateTime<Utc>>,
    pub(super) aliases: Vec<String>,
}

/// One version, with its whole report.
pub(super) async fn find(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
) -> Result<VersionRow, ApiError> {
    let found = sqlx::query_as!(
        VersionRow,
        r#"
        select f.name as function, v.version, v.status as "status: Status", encode(v.sha256, 'hex') as "sha256!",
               v.size_bytes, v.engine_epoch, v.report as "report: Json<CompileReport>", v.created_at, v.created_by,
               v.settled_at,
               array(
                   select a.name from alias a
                   where a.tenant_id = v.tenant_id and a.function_id = v.function_id and a.version = v.version
                   order by a.name
               ) as "aliases!: Vec<String>"
        from version v
        join function f on f.tenant_id = v.tenant_id and f.function_id = v.function_id
        where v.tenant_id = $1 and v.function_id = $2 and v.version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
    )
    .fetch_optional(tx.connection())
    .await?;
    found.ok_or(ApiError::NotFound("version"))
}

/// Versions, newest first, before a number, without what is long in their reports.
pub(super) async fn page(
    tx: &mut TenantTx,
    function_id: FunctionId,
    before: i32,
    limit: i64,
) -> Result<Vec<VersionRow>, ApiError> {
    let versions = sqlx::query_as!(
        VersionRow,
        r#"
        select f.name as function, v.version, v.status as "status: Status", encode(v.sha256, 'hex') as "sha256!",
               v.size_bytes, v.engine_epoch,
               case when v.report is not null then json_build_object(
                   'module_sha256', v.report -> 'module_sha256', 'size_bytes', v.report -> 'size_bytes',
                   'abi', v.report -> 'abi', 'imports', v.report -> 'imports', 'exports', v.report -> 'exports',
                   'memory', v.report -> 'memory', 'functions', v.report -> 'functions',
                   'deterministic', v.report -> 'deterministic', 'findings', '[]'::json,
                   'compile_ms', v.report -> 'compile_ms', 'engine_epoch', v.report -> 'engine_epoch'
               ) end as "report: Json<CompileReport>",
               v.created_at, v.created_by, v.settled_at,
               array(
                   select a.name from alias a
                   where a.tenant_id = v.tenant_id and a.function_id = v.function_id and a.version = v.version
                   order by a.name
               ) as "aliases!: Vec<String>"
        from version v
        join function f on f.tenant_id = v.tenant_id and f.function_id = v.function_id
        where v.tenant_id = $1 and v.function_id = $2 and v.version < $3
        order by v.version desc
        limit $4
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(versions)
}

/// The generation of the tenant's snapshot as this transaction sees it.
pub(crate) async fn generation(tx: &mut TenantTx) -> Result<u64, ApiError> {
    let generation = sqlx::query_scalar!(
        "select generation from tenant where tenant_id = $1",
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(u64::try_from(generation).context("a generation is positive")?)
}
