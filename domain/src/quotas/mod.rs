//! Quotas: how much of the fleet a tenant or a function may take, over time and at once. What one run may take is `limits`'.

mod keys;
mod period;

use serde::{Deserialize, Serialize};

pub use keys::{EXECUTORS_KEY, key, told_field, told_key};
pub use period::Period;

/// The largest limit of a quota: an integer that every JSON reader and Redis' scripts keep exact.
pub const LIMIT_MAX: u64 = (1 << 53) - 1;

/// The most runs per second that a quota can name.
pub const RATE_MAX: u64 = 1_000_000;

/// One rule: a limit, and whether it refuses or only counts what it would have refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaRule {
    /// How much: runs per second, runs at once, runs or fuel in the period.
    pub limit: u64,
    /// Runs that may come at once after a pause; for a rate only. Without it, as many as a second's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub burst: Option<u64>,
    /// Count and tell what would have been refused, and refuse nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub shadow: bool,
}

/// The rules of a tenant or of a function. What is absent is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Runs per second, with a burst.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<QuotaRule>,
    /// Runs at the same time, on all executors together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<QuotaRule>,
    /// Runs in a day, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_invocations: Option<QuotaRule>,
    /// Runs in a calendar month, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_invocations: Option<QuotaRule>,
    /// Fuel in a day, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_fuel: Option<QuotaRule>,
    /// Fuel in a calendar month, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_fuel: Option<QuotaRule>,
}

/// What a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKind {
    /// See [`Quotas::rate`].
    Rate,
    /// See [`Quotas::concurrency`].
    Concurrency,
    /// See [`Quotas::daily_invocations`].
    DailyInvocations,
    /// See [`Quotas::monthly_invocations`].
    MonthlyInvocations,
    /// See [`Quotas::daily_fuel`].
    DailyFuel,
    /// See [`Quotas::monthly_fuel`].
    MonthlyFuel,
}

impl QuotaKind {
    /// Every kind, in the order in which they are shown and asked.
    pub const ALL: [Self; 6] = [
        Self::Rate,
        Self::Concurrency,
        Self::DailyInvocations,
        Self::MonthlyInvocations,
        Self::DailyFuel,
        Self::MonthlyFuel,
    ];

    /// Its word in JSON, headers, keys and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Concurrency => "concurrency",
            Self::DailyInvocations => "daily_invocations",
            Self::MonthlyInvocations => "monthly_invocations",
            Self::DailyFuel => "daily_fuel",
            Self::MonthlyFuel => "monthly_fuel",
        }
    }

    /// After which its count begins anew; a rate and a concurrency have none.
    #[must_use]
    pub const fn period(self) -> Option<Period> {
        match self {
            Self::Rate | Self::Concurrency => None,
            Self::DailyInvocations | Self::DailyFuel => Some(Period::Day),
            Self::MonthlyInvocations | Self::MonthlyFuel => Some(Period::Month),
        }
    }

    /// Whether it counts fuel, which is known only after a run.
    #[must_use]
    pub const fn is_fuel(self) -> bool {
        matches!(self, Self::DailyFuel | Self::MonthlyFuel)
    }
}

impl QuotaRule {
    /// Runs that a rate lets come at once: what was set, or a second's; at least a fifth of a second's, since executors
    /// take their share a few times a second.
    #[must_use]
    pub fn burst(&self) -> u64 {
        self.burst
            .unwrap_or(self.limit)
            .max(self.limit.div_ceil(5))
            .max(1)
    }
}

impl Quotas {
    /// The rule of this kind.
    #[must_use]
    pub const fn rule(&self, kind: QuotaKind) -> Option<QuotaRule> {
        match kind {
            QuotaKind::Rate => self.rate,
            QuotaKind::Concurrency => self.concurrency,
            QuotaKind::DailyInvocations => self.daily_invocations,
            QuotaKind::MonthlyInvocations => self.monthly_invocations,
            QuotaKind::DailyFuel => self.daily_fuel,
            QuotaKind::MonthlyFuel => self.monthly_fuel,
        }
    }

    /// Every rule that there is.
    pub fn rules(&self) -> impl Iterator<Item = (QuotaKind, QuotaRule)> {
        QuotaKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, self.rule(kind)?)))
    }

    /// These rules with those of `over` in the place of their own kind.
    #[must_use]
    pub fn overlaid_by(self, over: &Self) -> Self {
        Self {
            rate: over.rate.or(self.rate),
            concurrency: over.concurrency.or(self.concurrency),
            daily_invocations: over.daily_invocations.or(self.daily_invocations),
            monthly_invocations: over.monthly_invocations.or(self.monthly_invocations),
            daily_fuel: over.daily_fuel.or(self.daily_fuel),
            monthly_fuel: over.monthly_fuel.or(self.monthly_fuel),
        }
    }
}

/// What was used in the day and the month that go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuotaUsage {
    /// Billed runs today.
    pub daily_invocations: u64,
    /// Billed runs this month.
    pub monthly_invocations: u64,
    /// Fuel of billed runs today.
    pub daily_fuel: u64,
    /// Fuel of billed runs this month.
    pub monthly_fuel: u64,
}

impl QuotaUsage {
    /// What a rule of this kind counts; none of a rate or a concurrency.
    #[must_use]
    pub const fn of(&self, kind: QuotaKind) -> Option<u64> {
        match kind {
            QuotaKind::Rate | QuotaKind::Concurrency => None,
            QuotaKind::DailyInvocations => Some(self.daily_invocations),
            QuotaKind::MonthlyInvocations => Some(self.monthly_invocations),
            QuotaKind::DailyFuel => Some(self.daily_fuel),
            QuotaKind::MonthlyFuel => Some(self.monthly_fuel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_rule_takes_the_place_of_the_plans() {
        let rule = |limit| {
            Some(QuotaRule {
                limit,
                burst: None,
                shadow: false,
            })
        };
        let plan = Quotas {
            rate: rule(10),
            concurrency: rule(5),
            ..Quotas::default()
        };
        let platform = Quotas {
            rate: rule(100),
            ..Quotas::default()
        };
        let both = plan.overlaid_by(&platform);
        assert_eq!((both.rate, both.concurrency), (rule(100), rule(5)));
        assert_eq!(both.rules().count(), 2);
    }

    #[test]
    fn a_burst_is_a_seconds_unless_it_is_set_and_never_below_what_executors_fetch_at_once() {
        let burst = |limit, burst| {
            let rule = QuotaRule {
                limit,
                burst,
                shadow: false,
            };
            rule.burst()
        };
        assert_eq!(burst(1_000, None), 1_000);
        assert_eq!(burst(1_000, Some(5_000)), 5_000);
        assert_eq!(burst(1_000, Some(1)), 200);
        assert_eq!(burst(1, Some(1)), 1);
    }
}
