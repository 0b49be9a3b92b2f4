//! Which target is called: for which tenant, and what of it runs there.

use std::sync::Arc;

use cartwright_domain::ids::RequestId;
use cartwright_domain::names::TargetName;
use cartwright_domain::problem::Code;

use super::budget::Budget;
use super::step::Step;
use super::what::{may_run, unavailable};
use super::who::{Known, TenantRef};
use super::{Input, Refusal, Stopwatch};
use crate::idempotency::IdempotencyKey;
use crate::routes::RUN;
use crate::tenants::{NoTarget, Target, Tenant, Tenants};

/// A call of a target.
pub(crate) struct Called {
    pub(super) request_id: RequestId,
    pub(super) tenant: Arc<Tenant>,
    /// `None` when no function of the tenant answers it.
    pub(super) target: Option<Arc<Target>>,
    pub(super) input: Input,
    pub(super) budget: Option<Budget>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
    pub(super) stopwatch: Stopwatch,
}

/// Finds the target.
pub(crate) struct WhichTarget {
    tenants: Arc<Tenants>,
}

impl WhichTarget {
    pub(crate) fn new(tenants: Arc<Tenants>) -> Self {
        Self { tenants }
    }
}

impl Step<Known> for WhichTarget {
    type Out = Called;

    async fn take(&self, known: Known) -> Result<Called, Refusal> {
        let Known {
            arrived,
            tenant,
            is_platform,
        } = known;
        if !is_platform {
            return Err(Refusal::new(
                Code::Forbidden,
                "a target is called with the platform's key, which names the tenant in `Cartwright-Tenant`; an API key of a tenant \
                 runs one function: POST /v1/invoke/{function}",
            ));
        }
        if arrived.parts.uri.query().is_some() {
            return Err(Refusal::new(
                Code::InvalidRequest,
                "a call of a target takes no query: each binding names its alias",
            ));
        }
        let budget = Budget::of(&arrived.parts.headers, arrived.stopwatch.began())?;
        let idempotency_key = IdempotencyKey::of(&arrived.parts.headers)?;
        let found = match &tenant {
            TenantRef::Id(id) => self.tenants.by_id(*id).await,
            TenantRef::Slug(slug) => self.tenants.by_slug(slug).await,
        };
        let mut tenant = found.map_err(unavailable)?;
        may_run(&tenant)?;
        let path = arrived.parts.uri.path();
        let name = path.strip_prefix(RUN).unwrap_or_default();
        let mut target = tenant.target(name);
        if target.is_err()
            && let Some(newer) = self.tenants.newer_than(&tenant).await
        {
            // It was defined just now, and its word is still on the way.
            target = newer.target(name);
            tenant = newer;
        }
        Ok(Called {
            request_id: arrived.request_id,
            input: Input::coming(&arrived.parts.headers, arrived.body),
            target: target.map_err(|NoTarget| absent_or_misnamed(name))?,
            tenant,
            budget,
            idempotency_key,
            stopwatch: arrived.stopwatch,
        })
    }
}

/// Names are looked up unchecked, since what is found was checked. What is not found may be no name at all.
fn absent_or_misnamed(name: &str) -> Refusal {
    match name.parse::<TargetName>() {
        Ok(name) => Refusal::new(
            Code::NotFound,
            format!(
                "there is no target \"{name}\": the operator defines it with POST /v1/platform/targets"
            ),
        ),
        Err(misnamed) => Refusal::new(Code::InvalidRequest, misnamed.to_string()),
    }
}
