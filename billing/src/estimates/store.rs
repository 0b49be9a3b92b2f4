//! SQL of what a month's bill is made from.

use std::collections::BTreeMap;

use anyhow::Context;
use cartwright_billing::month::Month;
use chrono::{DateTime, Utc};
use num_bigint::BigInt;

use crate::database::TenantTx;
use crate::error::BillingError;

/// When the month's first billable run was, to the minute, and what was counted of those that are billed.
pub(super) async fn billable(
    tx: &mut TenantTx,
    month: &Month,
) -> Result<(Option<DateTime<Utc>>, BTreeMap<String, BigInt>), BillingError> {
    let row = sqlx::query!(
        r#"
        select min(minute) filter (where billable_invocations > 0 or cached_hits > 0) as first_run,
            coalesce(sum(billable_invocations), 0)::text as "invocations!",
            coalesce(sum(billable_fuel), 0)::text as "fuel!",
            coalesce(sum(billable_memory_kib_ms), 0)::text as "memory_kib_ms!",
            coalesce(sum(cached_hits), 0)::text as "cached_hits!"
        from usage_rollup
        where tenant_id = $1 and minute >= $2 and minute < $3
        "#,
        tx.tenant().uuid(),
        month.from,
        month.to,
    )
    .fetch_one(tx.connection())
    .await?;
    let counted = [
        ("invocations", row.invocations),
        ("fuel", row.fuel),
        ("memory_kib_ms", row.memory_kib_ms),
        ("cached_hits", row.cached_hits),
    ];
    let mut used = BTreeMap::new();
    for (meter, sum) in counted {
        let sum = sum.parse().context("sums of whole numbers are whole")?;
        used.insert(meter.to_owned(), sum);
    }
    Ok((row.first_run, used))
}
