//! A refusal by a rule, in words and in header fields.

use std::sync::Arc;

use cartwright_domain::problem::Code;
use cartwright_domain::quotas::{Period, QuotaKind};

use super::rule::{Rule, RuleId};
use super::set::{Policy, name};

/// The rule that refused.
pub(crate) struct Denied(pub(super) Arc<Rule>);

impl Denied {
    pub(crate) fn code(&self) -> Code {
        match self.0.id.kind {
            QuotaKind::Rate => Code::RateLimited,
            QuotaKind::Concurrency => Code::ConcurrencyLimited,
            _ => Code::QuotaExceeded,
        }
    }

    /// What happened, which limit, the value, what to do.
    pub(crate) fn detail(&self) -> String {
        let rule = &self.0;
        let whose = if rule.id.function.is_some() {
            "this function"
        } else {
            "this tenant"
        };
        let limit = rule.limit();
        let unit = if rule.id.kind.is_fuel() {
            "fuel"
        } else {
            "runs"
        };
        match (rule.id.kind, rule.id.kind.period()) {
            (QuotaKind::Rate, _) => format!(
                "{whose} may make {limit} runs a second, and {burst} at once after a pause (`rate`), and has made them: send slower, or raise the quota",
                burst = rule.burst()
            ),
            (QuotaKind::Concurrency, _) => format!(
                "{whose} may have {limit} runs going on at once on all executors together (`concurrency`), and has them: wait, or raise the quota"
            ),
            (kind, period) => format!(
                "{whose} may use {limit} {unit} a {word} (`{kind}`), and has: it begins anew at {again}, or raise the quota",
                kind = kind.as_str(),
                word = if period == Some(Period::Day) {
                    "day"
                } else {
                    "month"
                },
                again = self.begins_anew(period.unwrap_or(Period::Day)),
            ),
        }
    }

    fn begins_anew(&self, period: Period) -> String {
        let day = Period::Day.number_at(period.end_ms(self.0.desk.now_ms()));
        let (year, month, day) = (day / 10_000, day / 100 % 100, day % 100);
        format!("{year:04}-{month:02}-{day:02}T00:00:00Z")
    }

    pub(crate) fn policy_name(&self) -> &'static str {
        name(self.0.id.function, self.0.id.kind)
    }

    pub(crate) fn limit(&self) -> i64 {
        self.0.limit()
    }

    /// Seconds to wait, not less than `RateLimit` tells.
    pub(crate) fn retry_after_s(&self) -> u64 {
        self.0.retry_after_s()
    }

    /// `RateLimit-Policy` and `RateLimit` of the rule; the fields know no unit for fuel.
    pub(crate) fn headers(&self) -> Option<(String, String)> {
        let rule = &self.0;
        let RuleId { function, kind, .. } = rule.id;
        if kind.is_fuel() {
            return None;
        }
        let limit = u64::try_from(rule.limit()).unwrap_or(0);
        let policy = Policy(name(function, kind), kind, limit).to_string();
        // From the decision itself: there was nothing left.
        let left = match kind {
            QuotaKind::Concurrency => format!("\"{}\";r=0", self.policy_name()),
            _ => format!("\"{}\";r=0;t={}", self.policy_name(), self.retry_after_s()),
        };
        Some((policy, left))
    }
}
