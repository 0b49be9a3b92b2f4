//! How much of each rule is used: a rate's tokens and a concurrency's places as Redis has them, a day's and a month's
//! count as billing has them.

use cartwright_domain::ids::{FunctionId, RequestId, TenantId};
use cartwright_domain::quotas::{QuotaKind, QuotaRule};
use cartwright_domain::wire::TenantQuotaUsage;
use chrono::{DateTime, TimeDelta, Utc};

use super::shape::QuotaState;
use super::{store, usage};
use crate::app::App;
use crate::clients::leases::Leased;
use crate::error::ApiError;

/// A rule and whose it is.
struct Named {
    function: Option<(FunctionId, String)>,
    kind: QuotaKind,
    rule: QuotaRule,
}

/// Every rule of a tenant and of its functions.
pub(super) async fn of(
    app: &App,
    tenant: TenantId,
    request_id: RequestId,
) -> Result<Vec<QuotaState>, ApiError> {
    let rules = rules_of(app, tenant).await?;
    let now = Utc::now();
    let now_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let ids: Vec<_> = rules
        .iter()
        .map(|named| (named.id(), named.kind, named.rule))
        .collect();
    let usage = async {
        if rules.iter().all(|named| named.kind.period().is_none()) {
            return None;
        }
        // Billing's client says in the log why it could not be asked; the page shows the rest.
        usage::of(app, tenant, request_id, now).await.ok()
    };
    let (leased, usage) = tokio::join!(app.leases.of(tenant, &ids, now_ms), usage);
    let leased = leased.map_or_else(
        || vec![None; rules.len()],
        |leased| leased.into_iter().map(Some).collect(),
    );
    Ok(rules
        .into_iter()
        .zip(leased)
        .map(|(named, leased)| named.state(leased, usage.as_ref(), now, now_ms))
        .collect())
}

async fn rules_of(app: &App, tenant: TenantId) -> Result<Vec<Named>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant).await?;
    let own = store::of_tenant(&mut tx).await?.effective();
    let functions = store::limited_functions(&mut tx).await?;
    let mut rules: Vec<Named> = own
        .rules()
        .map(|(kind, rule)| Named {
            function: None,
            kind,
            rule,
        })
        .collect();
    for function in functions {
        rules.extend(function.quotas.rules().map(|(kind, rule)| Named {
            function: Some((function.id, function.name.clone())),
            kind,
            rule,
        }));
    }
    Ok(rules)
}

impl Named {
    fn id(&self) -> Option<FunctionId> {
        self.function.as_ref().map(|(id, _)| *id)
    }

    fn state(
        self,
        leased: Option<Leased>,
        usage: Option<&TenantQuotaUsage>,
        now: DateTime<Utc>,
        now_ms: u64,
    ) -> QuotaState {
        let used = match self.kind.period() {
            None => leased.and_then(|leased| leased.used),
            Some(_) => usage.map(|usage| {
                let of = match self.id() {
                    None => Some(&usage.tenant),
                    Some(function) => usage.functions.get(&function),
                };
                of.and_then(|usage| usage.of(self.kind)).unwrap_or(0)
            }),
        };
        let most = match self.kind {
            QuotaKind::Rate => self.rule.burst(),
            _ => self.rule.limit,
        };
        QuotaState {
            resets_at: self.resets_at(used, now, now_ms),
            function: self.function.map(|(_, name)| name),
            kind: self.kind,
            limit: self.rule.limit,
            burst: (self.kind == QuotaKind::Rate).then(|| self.rule.burst()),
            shadow: self.rule.shadow,
            used,
            remaining: used.map(|used| most.saturating_sub(used)),
            refused_today: leased.map(|leased| leased.refused_today),
            shadow_refused_today: leased.map(|leased| leased.shadow_refused_today),
        }
    }

    fn resets_at(
        &self,
        used: Option<u64>,
        now: DateTime<Utc>,
        now_ms: u64,
    ) -> Option<DateTime<Utc>> {
        if let Some(period) = self.kind.period() {
            let end_ms = i64::try_from(period.end_ms(now_ms)).ok()?;
            return DateTime::from_timestamp_millis(end_ms);
        }
        let missing = used.filter(|used| *used > 0 && self.kind == QuotaKind::Rate)?;
        let full_in_ms = missing.saturating_mul(1_000).div_ceil(self.rule.limit);
        now.checked_add_signed(TimeDelta::milliseconds(i64::try_from(full_in_ms).ok()?))
    }
}
