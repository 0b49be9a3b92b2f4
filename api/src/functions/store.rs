//! SQL of functions.

use cartwright_domain::ids::FunctionId;
use cartwright_domain::limits::LimitOverrides;
use sqlx::types::Json;

use super::{Function, FunctionChange, NewFunction};
use crate::database::TenantTx;
use crate::error::{ApiError, OnConstraint};

pub(super) async fn insert(tx: &mut TenantTx, new: &NewFunction, by: &str) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        insert into function (tenant_id, function_id, name, target, limits, memoise, created_by, input_query)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        tx.tenant().uuid(),
        FunctionId::new().uuid(),
        new.name.as_str(),
        new.target.as_ref().map(|target| target.as_str()),
        Json(new.limits) as _,
        new.memoise,
        by,
        new.input_query.as_deref(),
    )
    .execute(tx.connection())
    .await
    .on_constraint("function_name_unique", ApiError::NameTaken("function"))?;
    Ok(())
}

pub(super) async fn find(tx: &mut TenantTx, name: &str) -> Result<Function, ApiError> {
    sqlx::query_as!(
        Function,
        r#"
        select f.function_id as id, f.name, f.target, f.input_query, f.limits as "limits: Json<LimitOverrides>", f.memoise,
               a.version as "live?", f.versions, f.config_versions as config_version, f.created_at, f.created_by
        from function f
        left join alias a on a.tenant_id = f.tenant_id and a.function_id = f.function_id and a.name = 'live'
        where f.tenant_id = $1 and f.name = $2 and f.deleted_at is null
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("function"))
}

/// Functions by name, after a name.
pub(super) async fn list(
    tx: &mut TenantTx,
    after: &str,
    limit: i64,
) -> Result<Vec<Function>, ApiError> {
    let functions = sqlx::query_as!(
        Function,
        r#"
        select f.function_id as id, f.name, f.target, f.input_query, f.limits as "limits: Json<LimitOverrides>", f.memoise,
               a.version as "live?", f.versions, f.config_versions as config_version, f.created_at, f.created_by
        from function f
        left join alias a on a.tenant_id = f.tenant_id and a.function_id = f.function_id and a.name = 'live'
        where f.tenant_id = $1 and f.name > $2 and f.deleted_at is null
        order by f.name
        limit $3
        "#,
        tx.tenant().uuid(),
        after,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(functions)
}

/// Change what the change names, and leave the rest.
pub(super) async fn update(
    tx: &mut TenantTx,
    name: &str,
    change: &FunctionChange,
) -> Result<(), ApiError> {
    let target = change.target.as_ref().map(Option::as_ref);
    let input_query = change.input_query.as_ref().map(Option::as_deref);
    let updated = sqlx::query!(
        r#"
        update function
        set target = case when $3 then $4 else target end, limits = coalesce($5, limits), memoise = coalesce($6, memoise),
            input_query = case when $7 then $8 else input_query end
        where tenant_id = $1 and name = $2 and deleted_at is null
        "#,
        tx.tenant().uuid(),
        name,
        target.is_some(),
        target.flatten().map(|target| target.as_str()),
        change.limits.map(Json) as _,
        change.memoise,
        input_query.is_some(),
        input_query.flatten(),
    )
    .execute(tx.connection())
    .await?;
    found(updated.rows_affected())
}

/// An alias that points at a version which is not deterministic, and that version.
pub(super) async fn not_deterministic(
    tx: &mut TenantTx,
    name: &str,
) -> Result<Option<(String, i32)>, ApiError> {
    let row = sqlx::query!(
        r#"
        select a.name, a.version
        from function f
        join alias a using (tenant_id, function_id)
        join version v using (tenant_id, function_id, version)
        where f.tenant_id = $1 and f.name = $2 and f.deleted_at is null
            and not coalesce((v.report ->> 'deterministic')::boolean, false)
        order by a.name
        limit 1
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (row.name, row.version)))
}

/// Free the name. The row stays, since meter records and invoices name it by id.
pub(super) async fn delete(tx: &mut TenantTx, name: &str) -> Result<(), ApiError> {
    let deleted = sqlx::query!(
        "update function set deleted_at = now() where tenant_id = $1 and name = $2 and deleted_at is null",
        tx.tenant().uuid(),
        name,
    )
    .execute(tx.connection())
    .await?;
    found(deleted.rows_affected())
}

fn found(rows: u64) -> Result<(), ApiError> {
    match rows {
        0 => Err(ApiError::NotFound("function")),
        _ => Ok(()),
    }
}

/// The function with this name now. Of those that were deleted, none.
pub(crate) async fn id_of(tx: &mut TenantTx, name: &str) -> Result<FunctionId, ApiError> {
    let id = sqlx::query_scalar!(
        "select function_id from function where tenant_id = $1 and name = $2 and deleted_at is null",
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    id.map(FunctionId::from)
        .ok_or(ApiError::NotFound("function"))
}

/// Lock a function: uploads, moves and verdicts of one function come one after the other. Whoever locks anything else of it
/// too locks this first.
pub(crate) async fn lock(tx: &mut TenantTx, function_id: FunctionId) -> Result<(), ApiError> {
    sqlx::query!(
        "select function_id from function where tenant_id = $1 and function_id = $2 for no key update",
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// The function that had this name last, be it deleted: for looking back at its runs.
pub(crate) async fn id_of_last(tx: &mut TenantTx, name: &str) -> Result<FunctionId, ApiError> {
    let id = sqlx::query_scalar!(
        r#"
        select function_id from function where tenant_id = $1 and name = $2
        order by deleted_at desc nulls first
        limit 1
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    id.map(FunctionId::from)
        .ok_or(ApiError::NotFound("function"))
}

/// The names of functions, deleted ones too.
pub(crate) async fn names_of(
    tx: &mut TenantTx,
    ids: &[uuid::Uuid],
) -> Result<std::collections::HashMap<FunctionId, String>, ApiError> {
    let rows = sqlx::query!(
        "select function_id, name from function where tenant_id = $1 and function_id = any($2)",
        tx.tenant().uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.function_id.into(), row.name))
        .collect())
}

/// The name of a function that was not deleted.
pub(crate) async fn name_of_living(
    tx: &mut TenantTx,
    function_id: FunctionId,
) -> Result<Option<String>, ApiError> {
    let name = sqlx::query_scalar!(
        "select name from function where tenant_id = $1 and function_id = $2 and deleted_at is null",
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(name)
}
