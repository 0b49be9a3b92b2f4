//! SQL of quotas: the plan's, the platform's for a tenant, and each function's own.

use anyhow::Context;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::quotas::Quotas;
use sqlx::types::Json;

use crate::database::TenantTx;
use crate::error::ApiError;

/// The quotas of a tenant, by who set them.
pub(crate) struct TenantQuotas {
    pub(crate) plan: Quotas,
    pub(crate) platform: Quotas,
}

impl TenantQuotas {
    /// Those that hold.
    pub(crate) fn effective(&self) -> Quotas {
        self.plan.overlaid_by(&self.platform)
    }
}

/// The quotas of the transaction's tenant.
pub(crate) async fn of_tenant(tx: &mut TenantTx) -> Result<TenantQuotas, ApiError> {
    let row = sqlx::query!(
        r#"
        select plan_quotas(tenant_id) as "plan: Json<Quotas>", platform_quotas as "platform: Json<Quotas>"
        from tenant where tenant_id = $1
        "#,
        tx.tenant().uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("tenant"))?;
    let plan = row
        .plan
        .context("the tenant has no plan; sign-up gives it the default one")?;
    Ok(TenantQuotas {
        plan: plan.0,
        platform: row.platform.0,
    })
}

/// The platform's quotas for the transaction's tenant, in place of all that it had set.
pub(super) async fn set_by_platform(tx: &mut TenantTx, quotas: &Quotas) -> Result<(), ApiError> {
    sqlx::query!(
        "update tenant set platform_quotas = $2 where tenant_id = $1",
        tx.tenant().uuid(),
        Json(quotas) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A function's own quotas.
pub(super) async fn of_function(tx: &mut TenantTx, name: &str) -> Result<Quotas, ApiError> {
    let quotas = sqlx::query_scalar!(
        r#"
        select quotas as "quotas: Json<Quotas>" from function
        where tenant_id = $1 and name = $2 and deleted_at is null
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    quotas
        .map(|quotas| quotas.0)
        .ok_or(ApiError::NotFound("function"))
}

/// Other quotas for a function, in place of all that it had.
pub(super) async fn set_of_function(
    tx: &mut TenantTx,
    name: &str,
    quotas: &Quotas,
) -> Result<(), ApiError> {
    let updated = sqlx::query!(
        "update function set quotas = $3 where tenant_id = $1 and name = $2 and deleted_at is null",
        tx.tenant().uuid(),
        name,
        Json(quotas) as _,
    )
    .execute(tx.connection())
    .await?;
    match updated.rows_affected() {
        0 => Err(ApiError::NotFound("function")),
        _ => Ok(()),
    }
}

/// A function that has quotas of its own.
pub(super) struct LimitedFunction {
    pub(super) id: FunctionId,
    pub(super) name: String,
    pub(super) quotas: Json<Quotas>,
}

/// Every such function, by name.
pub(super) async fn limited_functions(tx: &mut TenantTx) -> Result<Vec<LimitedFunction>, ApiError> {
    Ok(sqlx::query_as!(
        LimitedFunction,
        r#"
        select function_id as id, name, quotas as "quotas: Json<Quotas>" from function
        where tenant_id = $1 and deleted_at is null and quotas <> '{}'
        order by name
        "#,
        tx.tenant().uuid(),
    )
    .fetch_all(tx.connection())
    .await?)
}
