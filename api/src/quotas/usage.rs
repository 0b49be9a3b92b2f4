//! What was used in the day and the month that go on, as billing has counted it: shown to the tenant, and told to
//! executors whose count Redis lost.

use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::quotas::QuotaUsage;
use cartwright_domain::wire::{TenantQuotaUsage, UsageRow};
use chrono::{DateTime, Datelike, SecondsFormat, TimeZone, Utc};

use crate::app::App;
use crate::error::ApiError;

/// Ask billing for the month so far, by day and function.
pub(crate) async fn of(
    app: &App,
    tenant_id: TenantId,
    request_id: RequestId,
    now: DateTime<Utc>,
) -> Result<TenantQuotaUsage, ApiError> {
    let month = Utc
        .with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0)
        .single()
        .expect("every month has a first day");
    let written = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let query = [
        ("from", written(month)),
        ("to", written(now)),
        ("granularity", "day".to_owned()),
        ("group_by", "function".to_owned()),
    ];
    let query = serde_urlencoded::to_string(query).map_err(anyhow::Error::from)?;
    let rows = app.billing.usage(tenant_id, &query, request_id).await?;
    Ok(summed(&rows, now))
}

/// Whatever is billed counts.
fn summed(rows: &[UsageRow], now: DateTime<Utc>) -> TenantQuotaUsage {
    let mut usage = TenantQuotaUsage {
        at_ms: u64::try_from(now.timestamp_millis()).unwrap_or(0),
        ..TenantQuotaUsage::default()
    };
    for row in rows {
        let is_today = DateTime::parse_from_rfc3339(&row.from)
            .is_ok_and(|from| from.to_utc().date_naive() == now.date_naive());
        let fuel = u64::try_from(row.billable_fuel).unwrap_or(u64::MAX);
        let add = |to: &mut QuotaUsage| {
            to.monthly_invocations += row.billable_invocations;
            to.monthly_fuel = to.monthly_fuel.saturating_add(fuel);
            if is_today {
                to.daily_invocations += row.billable_invocations;
                to.daily_fuel = to.daily_fuel.saturating_add(fuel);
            }
        };
        add(&mut usage.tenant);
        if let Some(function) = row.function_id {
            add(usage.functions.entry(function).or_default());
        }
    }
    usage
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::FunctionId;
    use serde_json::json;

    use super::*;

    #[test]
    fn today_counts_for_the_day_and_every_day_for_the_month() {
        let function = FunctionId::new();
        let row = |from: &str, runs: u64, fuel: u64| -> UsageRow {
            serde_json::from_value(json!({
                "from": from, "to": from, "function_id": function, "invocations": runs + 5,
                "billable_invocations": runs, "fuel": fuel + 5, "billable_fuel": fuel, "memory_kib_ms": 0,
                "input_bytes": 0, "output_bytes": 0, "log_bytes": 0, "egress_bytes": 0, "cached_hits": 0, "errors": 0,
            }))
            .unwrap()
        };
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap();
        let rows = [
            row("2026-11-01T00:00:00Z", 10, 1_000),
            row("2026-11-21T00:00:00Z", 3, 30),
        ];
        let usage = summed(&rows, now);
        let expected = QuotaUsage {
            daily_invocations: 3,
            monthly_invocations: 13,
            daily_fuel: 30,
            monthly_fuel: 1_030,
        };
        assert_eq!(usage.at_ms, 1_795_262_400_000);
        assert_eq!(usage.tenant, expected);
        assert_eq!(usage.functions[&function], expected);
    }
}
