//! Reads what executors lease from Redis, to show it. What Redis lost, or cannot tell now, is not known here.

use std::time::Duration;

use anyhow::Context;
use cartwright_domain::ids::{FunctionId, TenantId};
use cartwright_domain::quotas::{QuotaKind, QuotaRule, key, told_field, told_key};
use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::ExposeSecret;
use std::collections::HashMap;

use super::changes::RedisConfig;

/// Somebody waits for the page.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// The leases of the fleet.
pub(crate) struct Leases {
    connection: ConnectionManager,
}

/// What a rule has given out, and what it refused today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leased {
    /// Tokens missing in the bucket, or places held. Nothing of a period's count, which billing knows better.
    pub(crate) used: Option<u64>,
    pub(crate) refused_today: u64,
    pub(crate) shadow_refused_today: u64,
}

impl Leases {
    /// A reader that connects when it is first used, and again after each break.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn new(config: &RedisConfig) -> anyhow::Result<Self> {
        let client = redis::Client::open(config.redis_url.expose_secret())
            .context("REDIS_URL is no address of a Redis server")?;
        let patience = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(WAIT_MAX))
            .set_response_timeout(Some(WAIT_MAX))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let connection = ConnectionManager::new_lazy_with_config(client, patience)
            .context("REDIS_URL is no address of a Redis server")?;
        Ok(Self { connection })
    }

    /// What these rules of a tenant have given out, in their order. `None` when Redis does not tell.
    pub(crate) async fn of(
        &self,
        tenant: TenantId,
        rules: &[(Option<FunctionId>, QuotaKind, QuotaRule)],
        now_ms: u64,
    ) -> Option<Vec<Leased>> {
        match self.read(tenant, rules, now_ms).await {
            Ok(leased) => Some(leased),
            Err(error) => {
                tracing::warn!(%error, "what executors lease cannot be read from Redis");
                None
            }
        }
    }

    async fn read(
        &self,
        tenant: TenantId,
        rules: &[(Option<FunctionId>, QuotaKind, QuotaRule)],
        now_ms: u64,
    ) -> RedisResult<Vec<Leased>> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("TIME");
        pipeline.cmd("HGETALL").arg(told_key(tenant, now_ms));
        for (function, kind, _) in rules {
            if kind.period().is_none() {
                pipeline
                    .cmd("HGETALL")
                    .arg(key(tenant, *function, *kind, now_ms));
            }
        }
        let mut answers: Vec<redis::Value> =
            pipeline.query_async(&mut self.connection.clone()).await?;
        let mut answers = answers.drain(..);
        let mut next = || answers.next().unwrap_or(redis::Value::Nil);
        let (seconds, micros): (u64, u64) = redis::from_redis_value(next())?;
        let redis_ms = seconds * 1_000 + micros / 1_000;
        let told: HashMap<String, u64> = redis::from_redis_value(next())?;
        rules
            .iter()
            .map(|(function, kind, rule)| {
                let field = told_field(*function, *kind);
                let count = |what: &str| told.get(&format!("{field}:{what}")).copied();
                let used = match kind {
                    QuotaKind::Rate => {
                        Some(missing(&redis::from_redis_value(next())?, rule, redis_ms))
                    }
                    QuotaKind::Concurrency => {
                        Some(held(&redis::from_redis_value(next())?, redis_ms))
                    }
                    _ => None,
                };
                Ok(Leased {
                    used,
                    refused_today: count("refused").unwrap_or(0),
                    shadow_refused_today: count("shadow").unwrap_or(0),
                })
            })
            .collect()
    }
}

/// Tokens that are missing in a bucket, as the executors' script counts them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tokens are counted in thousands, and clamped before the cast"
)]
fn missing(bucket: &HashMap<String, String>, rule: &QuotaRule, now_ms: u64) -> u64 {
    let number = |field: &str| bucket.get(field).and_then(|text| text.parse::<f64>().ok());
    let (Some(tokens), Some(at_ms)) = (number("tokens"), number("at")) else {
        // A bucket that nobody touched for a while is full.
        return 0;
    };
    let burst = rule.burst() as f64;
    let refilled = (now_ms as f64 - at_ms).max(0.0) * rule.limit as f64 / 1_000.0;
    (burst - (tokens + refilled)).ceil().clamp(0.0, burst) as u64
}

/// Places that live executors hold.
fn held(places: &HashMap<String, String>, now_ms: u64) -> u64 {
    let number = |what: &str, who: &str| -> u64 {
        let field = places.get(&format!("{what}:{who}"));
        field.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    places
        .keys()
        .filter_map(|field| field.strip_prefix("held:"))
        .filter(|who| number("until", who) > now_ms)
        .map(|who| number("held", who))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(fields: &[(&str, &str)]) -> HashMap<String, String> {
        let own = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
        fields.iter().map(own).collect()
    }

    #[test]
    fn a_bucket_refills_by_time_and_an_untouched_one_is_full() {
        let rule = QuotaRule {
            limit: 100,
            burst: Some(200),
            shadow: false,
        };
        let bucket = hash(&[("tokens", "-10.000000"), ("at", "1000.000")]);
        assert_eq!(missing(&bucket, &rule, 1_000), 200);
        assert_eq!(missing(&bucket, &rule, 2_000), 110);
        assert_eq!(missing(&bucket, &rule, 9_000), 0);
        assert_eq!(missing(&hash(&[]), &rule, 9_000), 0);
    }

    #[test]
    fn places_of_executors_that_died_are_not_held() {
        let places = hash(&[
            ("until:a", "2000"),
            ("held:a", "5"),
            ("until:b", "900"),
            ("held:b", "7"),
            ("want:b", "9"),
        ]);
        assert_eq!(held(&places, 1_000), 5);
    }
}
