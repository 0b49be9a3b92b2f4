//! SQL of usage.

use anyhow::Context;
use cartwright_billing::month::rfc3339;
use cartwright_domain::outcome::Trigger;
use cartwright_domain::wire::{UsageGroup, UsageRow};

use super::query::Span;
use crate::database::TenantTx;
use crate::error::BillingError;

/// Sums of a span, the earliest first.
pub(super) async fn sums(
    tx: &mut TenantTx,
    span: &Span,
    rows_max: usize,
) -> Result<Vec<UsageRow>, BillingError> {
    let rows = sqlx::query!(
        r#"
        select date_trunc($4, minute, 'UTC') as "from!",
            case when $5 then function_id end as function_id,
            case when $6 then version end as version,
            case when $7 then trigger end as trigger,
            sum(invocations)::text as "invocations!", sum(billable_invocations)::text as "billable_invocations!",
            sum(cached_hits)::text as "cached_hits!", sum(errors)::text as "errors!", sum(fuel)::text as "fuel!",
            sum(billable_fuel)::text as "billable_fuel!", sum(memory_kib_ms)::text as "memory_kib_ms!",
            sum(input_bytes)::text as "input_bytes!", sum(output_bytes)::text as "output_bytes!",
            sum(log_bytes)::text as "log_bytes!", sum(egress_bytes)::text as "egress_bytes!"
        from usage_rollup
        where tenant_id = $1 and minute >= $2 and minute < $3
        group by 1, 2, 3, 4
        order by 1, 2, 3, 4
        limit $8
        "#,
        tx.tenant().uuid(),
        span.from,
        span.to,
        span.granularity.as_str(),
        span.is_by(UsageGroup::Function) || span.is_by(UsageGroup::Version),
        span.is_by(UsageGroup::Version),
        span.is_by(UsageGroup::Trigger),
        i64::try_from(rows_max).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut usage = Vec::with_capacity(rows.len());
    for row in rows {
        usage.push(UsageRow {
            from: rfc3339(row.from),
            to: rfc3339(row.from + span.granularity.length()),
            function_id: row.function_id.map(Into::into),
            version: row
                .version
                .map(u32::try_from)
                .transpose()
                .context("a version is positive")?,
            trigger: row.trigger.map(trigger).transpose()?,
            invocations: sum(&row.invocations)?,
            billable_invocations: sum(&row.billable_invocations)?,
            fuel: sum(&row.fuel)?,
            billable_fuel: sum(&row.billable_fuel)?,
            memory_kib_ms: sum(&row.memory_kib_ms)?,
            input_bytes: sum(&row.input_bytes)?,
            output_bytes: sum(&row.output_bytes)?,
            log_bytes: sum(&row.log_bytes)?,
            egress_bytes: sum(&row.egress_bytes)?,
            cached_hits: sum(&row.cached_hits)?,
            errors: sum(&row.errors)?,
        });
    }
    Ok(usage)
}

/// Sums travel as text: a `numeric` holds more than any number that the driver knows.
fn sum<N: std::str::FromStr<Err = std::num::ParseIntError>>(text: &str) -> anyhow::Result<N> {
    text.parse().context("sums of whole numbers are whole")
}

fn trigger(code: i16) -> anyhow::Result<Trigger> {
    let known = u8::try_from(code).ok().and_then(Trigger::from_code);
    known.context("a stored trigger is one of ours")
}
