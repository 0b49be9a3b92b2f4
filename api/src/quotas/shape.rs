//! Quotas as they stand in the API's documentation and at its door, and what is told of each rule.

use cartwright_domain::quotas::{LIMIT_MAX, QuotaKind, Quotas, RATE_MAX};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Violation};

/// Quotas: what may be taken of the fleet. What is absent is not limited here.
#[derive(ToSchema)]
#[schema(as = Quotas)]
#[expect(
    dead_code,
    reason = "describes domain::Quotas, which knows nothing of OpenAPI"
)]
pub(crate) struct QuotasSchema {
    /// Runs per second, with a burst.
    rate: Option<QuotaRuleSchema>,
    /// Runs at the same time, on all executors together.
    concurrency: Option<QuotaRuleSchema>,
    /// Runs in a day, UTC.
    daily_invocations: Option<QuotaRuleSchema>,
    /// Runs in a calendar month, UTC.
    monthly_invocations: Option<QuotaRuleSchema>,
    /// Fuel in a day, UTC.
    daily_fuel: Option<QuotaRuleSchema>,
    /// Fuel in a calendar month, UTC.
    monthly_fuel: Option<QuotaRuleSchema>,
}

/// One rule.
#[derive(ToSchema)]
#[schema(as = QuotaRule)]
#[expect(
    dead_code,
    reason = "describes domain::QuotaRule, which knows nothing of OpenAPI"
)]
pub(crate) struct QuotaRuleSchema {
    /// How much: runs per second, runs at once, runs or fuel in the period.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    limit: u64,
    /// Of a rate only: runs that may come at once after a pause. As many as a second's when absent; at least a fifth of
    /// a second's count.
    #[schema(minimum = 1)]
    burst: Option<u64>,
    /// Count and tell what would have been refused, and refuse nothing.
    #[serde(default)]
    shadow: bool,
}

/// Refuse quotas that no executor could keep.
pub(super) fn check(quotas: &Quotas) -> Result<(), ApiError> {
    let mut violations = Vec::new();
    let mut must = |holds: bool, kind: QuotaKind, member: &str, detail: String| {
        if !holds {
            let pointer = format!("/{}/{member}", kind.as_str());
            violations.push(Violation { pointer, detail });
        }
    };
    for (kind, rule) in quotas.rules() {
        let most = if kind == QuotaKind::Rate {
            RATE_MAX
        } else {
            LIMIT_MAX
        };
        let range = |value: u64| format!("must be 1 to {most}; it is {value}");
        must(
            (1..=most).contains(&rule.limit),
            kind,
            "limit",
            range(rule.limit),
        );
        if let Some(burst) = rule.burst {
            must((1..=most).contains(&burst), kind, "burst", range(burst));
            let detail = "only a rate has a burst; leave it out".to_owned();
            must(kind == QuotaKind::Rate, kind, "burst", detail);
        }
    }
    if violations.is_empty() {
        return Ok(());
    }
    Err(ApiError::InvalidMembers(violations))
}

/// The quotas of a tenant as the platform sees them.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantQuotasView {
    /// What its plan gives.
    #[schema(value_type = QuotasSchema)]
    pub(super) plan: Quotas,
    /// What the platform put in the place of the plan's rules of the same kind.
    #[schema(value_type = QuotasSchema)]
    pub(super) platform: Quotas,
    /// What holds.
    #[schema(value_type = QuotasSchema)]
    pub(super) effective: Quotas,
}

/// A rule, and how much of it is used.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuotaState {
    /// The function whose rule it is; null for the tenant's.
    #[schema(required)]
    pub(super) function: Option<String>,
    /// What it counts: `rate`, `concurrency`, `daily_invocations`, `monthly_invocations`, `daily_fuel`, `monthly_fuel`.
    #[schema(value_type = String)]
    pub(super) kind: QuotaKind,
    /// How much may be used.
    pub(super) limit: u64,
    /// Of a rate, the runs that may come at once after a pause.
    #[schema(required)]
    pub(super) burst: Option<u64>,
    /// Whether it only counts what it would have refused.
    pub(super) shadow: bool,
    /// How much is used: of the burst, of the places, or of the period's. Null when it cannot be told now.
    #[schema(required)]
    pub(super) used: Option<u64>,
    /// How much is left.
    #[schema(required)]
    pub(super) remaining: Option<u64>,
    /// When all of it is there again; null for what is given back by itself, and for what is whole.
    #[schema(required)]
    pub(super) resets_at: Option<DateTime<Utc>>,
    /// Runs that it refused today, UTC.
    #[schema(required)]
    pub(super) refused_today: Option<u64>,
    /// Runs that it let pass today in shadow, and would have refused.
    #[schema(required)]
    pub(super) shadow_refused_today: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(quotas: &str) -> Vec<String> {
        match check(&serde_json::from_str(quotas).unwrap()) {
            Err(ApiError::InvalidMembers(violations)) => {
                violations.into_iter().map(|each| each.pointer).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn quotas_that_cannot_be_kept_are_refused_with_where_and_why() {
        assert_eq!(refused(r#"{"rate": {"limit": 10, "burst": 20}}"#), [""; 0]);
        assert_eq!(
            refused(r#"{"rate": {"limit": 0}, "daily_fuel": {"limit": 9007199254740992}}"#),
            ["/rate/limit", "/daily_fuel/limit"]
        );
        assert_eq!(
            refused(r#"{"concurrency": {"limit": 5, "burst": 5}, "rate": {"limit": 1000001}}"#),
            ["/rate/limit", "/concurrency/burst"]
        );
    }
}
