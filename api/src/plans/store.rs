//! SQL of a plan's terms, by the function that billing offers for it.

use anyhow::Context;
use cartwright_domain::limits::{LimitOverrides, Limits};
use cartwright_domain::money::Currency;
use cartwright_domain::price::UnitPrices;
use sqlx::types::Json;

use crate::database::TenantTx;
use crate::error::ApiError;

/// What the plan of a tenant allows one invocation, and the prices on its receipt.
pub(crate) struct Terms {
    /// The plan's limits.
    pub(crate) limits: Limits,
    /// The first prices that are not free.
    pub(crate) prices: UnitPrices,
}

/// The terms of the transaction's tenant, now.
pub(crate) async fn terms(tx: &mut TenantTx) -> Result<Terms, ApiError> {
    let row = sqlx::query!(
        r#"
        select price_sheet as "price_sheet!", currency as "currency!", limits as "limits!: Json<Limits>",
               trim_scale(per_million_invocations)::text as "per_million_invocations!",
               trim_scale(per_billion_fuel)::text as "per_billion_fuel!",
               trim_scale(per_million_cached_hits)::text as "per_million_cached_hits!"
        from plan_terms($1)
        "#,
        tx.tenant().uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .context("the tenant has no plan; sign-up gives it the default one")?;
    let prices = UnitPrices {
        price_sheet: u32::try_from(row.price_sheet)
            .context("a price sheet's number is positive")?,
        currency: Currency::try_from(row.currency).context("a plan's currency")?,
        per_million_invocations: row
            .per_million_invocations
            .parse()
            .context("a plan's price")?,
        per_billion_fuel: row.per_billion_fuel.parse().context("a plan's price")?,
        per_million_cached_hits: row
            .per_million_cached_hits
            .parse()
            .context("a plan's price")?,
    };
    Ok(Terms {
        limits: row.limits.0,
        prices,
    })
}

/// The limits that hold for one function now: the plan's, lowered by the platform, by the tenant and by the function.
pub(crate) async fn limits_of_function(
    tx: &mut TenantTx,
    own: &LimitOverrides,
) -> Result<Limits, ApiError> {
    let terms = terms(tx).await?;
    let tenant = sqlx::query!(
        r#"
        select limits as "limits: Json<LimitOverrides>", platform_limits as "platform_limits: Json<LimitOverrides>"
        from tenant where tenant_id = $1
        "#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(terms
        .limits
        .lowered_by(&tenant.platform_limits)
        .lowered_by(&tenant.limits)
        .lowered_by(own))
}
