//! What is asked for: the tenant, its function, the alias or version.

use std::sync::Arc;

use axum::extract::Query;
use bytes::Bytes;
use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_domain::outcome::Trigger;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{TenantState, WhichVersion};
use http::Uri;
use serde::Deserialize;

use super::budget::Budget;
use super::step::Step;
use super::who::{Known, TenantRef};
use super::{Input, Refusal, Stopwatch};
use crate::idempotency::IdempotencyKey;
use crate::inputs::{InputRoom, Taken};
use crate::routes::INVOKE;
use crate::tenants::{Absent, Function, Tenant, Tenants, Unavailable, Version};

/// A version of a function of a tenant, and what it shall run on. In a box from layer to layer, as what it is made of.
pub(crate) struct Resolved {
    pub(crate) request_id: RequestId,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) function: Arc<Function>,
    pub(crate) version: Arc<Version>,
    /// The alias that led to the version, if one did.
    pub(crate) alias: Option<AliasName>,
    pub(crate) trigger: Trigger,
    /// The id that its caller stored for it; `None` gets a new one.
    pub(crate) invocation_id: Option<InvocationId>,
    /// The run whose clock and randomness this one has; `None` has its own.
    pub(crate) seed_id: Option<InvocationId>,
    pub(crate) input: Input,
    /// Lower limits for this run.
    pub(crate) limits: LimitOverrides,
    /// What the caller named the request, if it did.
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// See `MeterRecord::charge_key`.
    pub(crate) charge_key: [u8; 32],
    /// When the call that it belongs to is over.
    pub(crate) budget: Option<Budget>,
    pub(crate) stopwatch: Stopwatch,
}

impl Resolved {
    /// Read the input before its turn, for who must know it earlier. It stays the input of the run.
    pub(crate) async fn read_input(&mut self, room: Arc<InputRoom>) -> Result<Bytes, Refusal> {
        let limit = self
            .function
            .limits
            .lowered_by(&self.limits)
            .input_bytes_max;
        let mut taken = Taken::none(room, self.tenant.inputs.clone());
        let input = std::mem::replace(&mut self.input, Input::Whole(Bytes::new()));
        let input = input.read(limit, &mut taken).await?;
        // The time that the caller took to send it is not ours.
        self.stopwatch.skip();
        self.input = Input::Read(input.clone(), taken);
        Ok(input)
    }
}

/// Finds what is asked for.
pub(crate) struct What {
    tenants: Arc<Tenants>,
}

impl What {
    pub(crate) fn new(tenants: Arc<Tenants>) -> Self {
        Self { tenants }
    }
}

impl Step<Known> for What {
    type Out = Box<Resolved>;

    async fn take(&self, known: Known) -> Result<Box<Resolved>, Refusal> {
        let Known {
            arrived, tenant, ..
        } = known;
        let which = which_version(&arrived.parts.uri)?;
        let idempotency_key = IdempotencyKey::of(&arrived.parts.headers)?;
        let found = match &tenant {
            TenantRef::Id(id) => self.tenants.by_id(*id).await,
            TenantRef::Slug(slug) => self.tenants.by_slug(slug).await,
        };
        let mut tenant = found.map_err(unavailable)?;
        let name = arrived
            .parts
            .uri
            .path()
            .strip_prefix(INVOKE)
            .unwrap_or_default();
        let mut found = find(&tenant, name, &which);
        if found.is_err()
            && let Some(newer) = self.tenants.newer_than(&tenant).await
        {
            // It was made just now, and its word is still on the way.
            found = find(&newer, name, &which);
            tenant = newer;
        }
        let (function, version) = found?;
        Ok(Box::new(Resolved {
            request_id: arrived.request_id,
            input: Input::coming(&arrived.parts.headers, arrived.body),
            tenant,
            function,
            version,
            alias: match which {
                WhichVersion::Alias(alias) => Some(alias),
                WhichVersion::Version(_) => None,
            },
            trigger: Trigger::Http,
            invocation_id: None,
            seed_id: None,
            limits: LimitOverrides::default(),
            idempotency_key,
            charge_key: [0; 32],
            budget: None,
            stopwatch: arrived.stopwatch,
        }))
    }
}

/// The function and the version of it, if the tenant may run at all.
pub(crate) fn find(
    tenant: &Tenant,
    name: &str,
    which: &WhichVersion,
) -> Result<(Arc<Function>, Arc<Version>), Refusal> {
    may_run(tenant)?;
    let function = tenant
        .function(name)
        .map_err(|absent| absent_or_misnamed(&absent, name))?;
    let version = function
        .version(which)
        .map_err(|absent| Refusal::new(Code::NotFound, absent.to_string()))?;
    Ok((function.clone(), version.clone()))
}

/// Refuse a tenant whose functions do not run.
pub(super) fn may_run(tenant: &Tenant) -> Result<(), Refusal> {
    if tenant.state != TenantState::Suspended {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Forbidden,
        format!(
            "the tenant \"{}\" is suspended: its functions do not run until the operator lifts that",
            tenant.slug
        ),
    ))
}

/// Why there is no tenant to work with.
pub(crate) fn unavailable(why: Unavailable) -> Refusal {
    match why {
        Unavailable::Unknown => Refusal::new(Code::NotFound, "there is no such tenant"),
        Unavailable::Unreachable => Refusal::new(
            Code::NotReady,
            "the tenant's functions cannot be looked up at the moment; try again",
        ),
    }
}

/// Names are looked up unchecked, since what is found was checked. What is not found may be no name at all.
fn absent_or_misnamed(absent: &Absent, name: &str) -> Refusal {
    match name.parse::<FunctionName>() {
        Ok(_) => Refusal::new(Code::NotFound, absent.to_string()),
        Err(misnamed) => Refusal::new(Code::InvalidRequest, misnamed.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    alias: Option<AliasName>,
    version: Option<u32>,
}

fn which_version(uri: &Uri) -> Result<WhichVersion, Refusal> {
    if uri.query().is_none() {
        return Ok(WhichVersion::Alias(AliasName::live()));
    }
    let Query(which) = Query::<Which>::try_from_uri(uri).map_err(|error| {
        // The reader quotes what it could not read, and that can be of any length.
        let why: String = error.body_text().chars().take(300).collect();
        Refusal::new(
            Code::InvalidRequest,
            format!("the query takes `alias` or `version`: {why}"),
        )
    })?;
    match (which.alias, which.version) {
        (Some(_), Some(_)) => Err(Refusal::new(
            Code::InvalidRequest,
            "the query names an alias and a version: name one of them",
        )),
        (None, Some(version)) => Ok(WhichVersion::Version(version)),
        (alias, None) => Ok(WhichVersion::Alias(alias.unwrap_or_else(AliasName::live))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(query: &str) -> Result<WhichVersion, Code> {
        which_version(&format!("/v1/invoke/f{query}").parse().unwrap())
            .map_err(|refusal| refusal.problem.code)
    }

    #[test]
    fn a_query_names_an_alias_or_a_version_and_live_is_meant_without_one() {
        let alias = |name: &str| Ok(WhichVersion::Alias(name.parse().unwrap()));
        assert_eq!(which(""), alias("live"));
        assert_eq!(which("?"), alias("live"));
        assert_eq!(which("?alias=beta"), alias("beta"));
        assert_eq!(which("?version=7"), Ok(WhichVersion::Version(7)));
        for bad in [
            "?alias=Beta",
            "?version=-1",
            "?version=x",
            "?alias=a&version=1",
            "?verison=1",
        ] {
            assert_eq!(which(bad), Err(Code::InvalidRequest), "{bad}");
        }
    }
}
