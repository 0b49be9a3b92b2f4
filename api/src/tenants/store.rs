//! SQL of the tenant's own row.

use cartwright_domain::ids::UserId;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TenantSlug;
use sqlx::types::Json;

use super::{RunLogRetention, TenantState, TenantView};
use crate::database::TenantTx;
use crate::error::{ApiError, OnConstraint};

pub(super) async fn insert(
    tx: &mut TenantTx,
    slug: &TenantSlug,
    name: &str,
    seed_key_wrapped: &[u8],
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into tenant (tenant_id, slug, name, seed_key_wrapped) values ($1, $2, $3, $4)",
        tx.tenant().uuid(),
        slug.as_str(),
        name,
        seed_key_wrapped,
    )
    .execute(tx.connection())
    .await
    .on_constraint("tenant_slug_unique", ApiError::NameTaken("tenant"))?;
    Ok(())
}

pub(super) async fn assign_default_plan(tx: &mut TenantTx) -> Result<(), ApiError> {
    sqlx::query!("select plan_assign_default($1)", tx.tenant().uuid())
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

/// The code of the tenant's plan.
pub(super) async fn plan_of(tx: &mut TenantTx) -> Result<String, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"select plan as "plan!" from plan_terms($1)"#,
        tx.tenant().uuid()
    )
    .fetch_one(tx.connection())
    .await?)
}

/// The tenant of this transaction.
pub(crate) async fn find(tx: &mut TenantTx) -> Result<TenantView, ApiError> {
    let tenant = sqlx::query_as!(
        TenantView,
        r#"
        select tenant_id as id, slug, name, state as "state: TenantState",
            run_log_retention as "run_log_retention: RunLogRetention",
            limits as "limits: Json<LimitOverrides>", platform_limits as "platform_limits: Json<LimitOverrides>",
            created_at
        from tenant
        where tenant_id = $1
        "#,
        tx.tenant().uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    tenant.ok_or(ApiError::NotFound("tenant"))
}

pub(super) async fn update(
    tx: &mut TenantTx,
    name: Option<&str>,
    run_log_retention: Option<RunLogRetention>,
    limits: Option<&LimitOverrides>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update tenant
        set name = coalesce($2, name), run_log_retention = coalesce($3, run_log_retention), limits = coalesce($4, limits),
            run_log_retention_since = case
                when $3 <> run_log_retention then now() else run_log_retention_since
            end
        where tenant_id = $1
        "#,
        tx.tenant().uuid(),
        name,
        run_log_retention as Option<RunLogRetention>,
        limits.map(Json) as Option<Json<&LimitOverrides>>,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What the platform alone sets.
pub(crate) async fn update_by_platform(
    tx: &mut TenantTx,
    name: Option<&str>,
    state: Option<TenantState>,
    platform_limits: Option<&LimitOverrides>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update tenant
        set name = coalesce($2, name), state = coalesce($3, state), platform_limits = coalesce($4, platform_limits)
        where tenant_id = $1
        "#,
        tx.tenant().uuid(),
        name,
        state as Option<TenantState>,
        platform_limits.map(Json) as Option<Json<&LimitOverrides>>,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The address of a member.
pub(super) async fn email_of(tx: &mut TenantTx, user: UserId) -> Result<Option<String>, ApiError> {
    Ok(sqlx::query_scalar!(
        "select email from user_account where user_id = $1",
        user.uuid()
    )
    .fetch_optional(tx.connection())
    .await?)
}
