//! SQL of plans and price sheets.

use anyhow::Context;
use cartwright_billing::rating::{Price, PriceSheet, Tier};
use cartwright_domain::limits::Limits;
use cartwright_domain::money::{Currency, Pico};
use cartwright_domain::price::UnitPrices;
use cartwright_domain::wire::PlanTerms;
use sqlx::types::Json;

use crate::database::TenantTx;
use crate::error::BillingError;

/// What the tenant's plan allows and charges now; `None` when it has none.
pub(crate) async fn terms(tx: &mut TenantTx) -> Result<Option<PlanTerms>, BillingError> {
    let tenant = tx.tenant();
    let row = sqlx::query!(
        r#"
        select plan as "plan!", plan_version as "plan_version!", price_sheet as "price_sheet!", currency as "currency!",
            limits as "limits!: Json<Limits>", per_million_invocations::text as "per_million_invocations!",
            per_billion_fuel::text as "per_billion_fuel!", per_million_cached_hits::text as "per_million_cached_hits!",
            free_invocations::text as "free_invocations!",
            free_fuel::text as "free_fuel!"
        from plan_terms($1)
        "#,
        tenant.uuid()
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(PlanTerms {
        tenant_id: tenant,
        plan: row.plan,
        plan_version: u32::try_from(row.plan_version).context("a plan's version is positive")?,
        limits: row.limits.0,
        prices: UnitPrices {
            price_sheet: u32::try_from(row.price_sheet).context("a price sheet is positive")?,
            currency: currency(row.currency)?,
            per_million_invocations: price(&row.per_million_invocations)?,
            per_billion_fuel: price(&row.per_billion_fuel)?,
            per_million_cached_hits: price(&row.per_million_cached_hits)?,
        },
        free_invocations: row
            .free_invocations
            .parse()
            .context("free invocations are a whole number")?,
        free_fuel: row
            .free_fuel
            .parse()
            .context("free fuel is a whole number")?,
    }))
}

/// A price sheet with all its tiers.
pub(super) async fn sheet(
    tx: &mut TenantTx,
    price_sheet: u32,
) -> Result<Option<PriceSheet>, BillingError> {
    let rows = sqlx::query!(
        r#"
        select plan_version.currency, meter.code, meter.title, meter.unit, length(meter.unit_size::text) - 1 as "unit_digits!",
            price_tier.up_to::text, trim_scale(price_tier.unit_price)::text as "unit_price!"
        from plan_version
        join price_tier using (price_sheet)
        join meter on meter.code = price_tier.meter
        where price_sheet = $1
        order by array_position(array['invocations', 'fuel', 'memory_kib_ms'], meter.code), meter.code, price_tier.ord
        "#,
        i32::try_from(price_sheet).unwrap_or(-1)
    )
    .fetch_all(tx.connection())
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut sheet = PriceSheet {
        price_sheet,
        currency: currency(first.currency.clone())?,
        prices: Vec::new(),
    };
    for row in rows {
        if sheet
            .prices
            .last()
            .is_none_or(|price| price.meter != row.code)
        {
            sheet.prices.push(Price {
                meter: row.code,
                title: row.title,
                unit: row.unit,
                unit_digits: u32::try_from(row.unit_digits).context("a unit is at least one")?,
                tiers: Vec::new(),
            });
        }
        let price_so_far = sheet.prices.last_mut().context("pushed just now")?;
        price_so_far.tiers.push(Tier {
            up_to: row
                .up_to
                .map(|up_to| up_to.parse())
                .transpose()
                .context("a tier's end is a whole number")?,
            unit_price: price(&row.unit_price)?,
        });
    }
    Ok(Some(sheet))
}

fn price(text: &str) -> anyhow::Result<Pico> {
    text.parse().context("a price has at most twelve decimals")
}

fn currency(text: String) -> anyhow::Result<Currency> {
    text.try_into()
        .context("a plan's currency is three letters")
}
