//! Where executors keep what they share in Redis, and the api finds it to show it.

use super::{Period, QuotaKind};
use crate::ids::{FunctionId, TenantId};

/// The prefix of everything that quotas keep in Redis, all of which may be lost.
const KEYS: &str = "cartwright:quotas:";

/// The set of live executors in Redis, each scored by when it was last heard of.
pub const EXECUTORS_KEY: &str = "cartwright:quotas:executors";

/// Where a rule keeps what the fleet shares. All keys of a tenant lie together in a Redis cluster.
#[must_use]
pub fn key(tenant: TenantId, function: Option<FunctionId>, kind: QuotaKind, now_ms: u64) -> String {
    let whose = function.map_or_else(|| "tenant".to_owned(), |function| function.to_string());
    let kind_word = kind.as_str();
    kind.period().map_or_else(
        || format!("{KEYS}{{{tenant}}}:{whose}:{kind_word}"),
        |period| {
            let number = period.number_at(now_ms);
            format!("{KEYS}{{{tenant}}}:{whose}:{kind_word}:{number}")
        },
    )
}

/// Where what the rules of a tenant refused on one day is counted: fields `{whose}:{kind}:refused` and `…:shadow`.
#[must_use]
pub fn told_key(tenant: TenantId, now_ms: u64) -> String {
    let today = Period::Day.number_at(now_ms);
    format!("{KEYS}{{{tenant}}}:told:{today}")
}

/// The beginning of a rule's fields there.
#[must_use]
pub fn told_field(function: Option<FunctionId>, kind: QuotaKind) -> String {
    let whose = function.map_or_else(|| "tenant".to_owned(), |function| function.to_string());
    format!("{whose}:{}", kind.as_str())
}
