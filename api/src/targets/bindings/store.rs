//! SQL of bindings.

use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName, TargetName};

use super::{Binding, NewBinding, OnError};
use crate::database::TenantTx;
use crate::error::ApiError;

pub(super) async fn list(tx: &mut TenantTx, target: &TargetName) -> Result<Vec<Binding>, ApiError> {
    let bindings = sqlx::query_as!(
        Binding,
        r#"
        select f.name as function, b.on_error as "on_error: OnError", b.alias, a.version
        from target_binding b
        join function f on f.tenant_id = b.tenant_id and f.function_id = b.function_id
        join alias a on a.tenant_id = b.tenant_id and a.function_id = b.function_id and a.name = b.alias
        where b.tenant_id = $1 and b.target = $2
        order by b.ord
        "#,
        tx.tenant().uuid(),
        target.as_str(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(bindings)
}

pub(super) async fn delete_all(tx: &mut TenantTx, target: &TargetName) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from target_binding where tenant_id = $1 and target = $2",
        tx.tenant().uuid(),
        target.as_str(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A function that somebody wants to bind.
pub(super) struct Candidate {
    pub(super) function_id: FunctionId,
    /// The target that it answers.
    pub(super) target: Option<String>,
    /// Where the alias points.
    pub(super) version: Option<i32>,
}

pub(super) async fn candidate(
    tx: &mut TenantTx,
    function: &FunctionName,
    alias: &AliasName,
) -> Result<Option<Candidate>, ApiError> {
    let found = sqlx::query_as!(
        Candidate,
        r#"
        select f.function_id, f.target, a.version as "version?"
        from function f
        left join alias a on a.tenant_id = f.tenant_id and a.function_id = f.function_id and a.name = $3
        where f.tenant_id = $1 and f.name = $2 and f.deleted_at is null
        "#,
        tx.tenant().uuid(),
        function.as_str(),
        alias.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    target: &TargetName,
    ord: i16,
    function_id: FunctionId,
    binding: &NewBinding,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into target_binding (tenant_id, target, ord, function_id, alias, on_error) values ($1, $2, $3, $4, $5, $6)",
        tx.tenant().uuid(),
        target.as_str(),
        ord,
        function_id.uuid(),
        binding.alias.as_str(),
        binding.on_error as OnError,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The target that a function is bound to.
pub(crate) async fn target_bound_to(
    tx: &mut TenantTx,
    function: &str,
) -> Result<Option<String>, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        select b.target from target_binding b
        join function f on f.tenant_id = b.tenant_id and f.function_id = b.function_id
        where b.tenant_id = $1 and f.name = $2 and f.deleted_at is null
        "#,
        tx.tenant().uuid(),
        function,
    )
    .fetch_optional(tx.connection())
    .await?)
}
