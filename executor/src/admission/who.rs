//! Who asks: an API key of a tenant, or the platform's with the tenant that it acts for.

use std::sync::Arc;

use cartwright_domain::api_key::ApiKey;
use cartwright_domain::ids::TenantId;
use cartwright_domain::names::TenantSlug;
use cartwright_domain::problem::Code;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Refusal;
use super::headers::TENANT;
use super::request_id::Arrived;
use super::step::Step;
use crate::counters::Stage;
use crate::keys::{Keys, Owner, Refused};

/// A tenant by what the caller calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TenantRef {
    Id(TenantId),
    Slug(TenantSlug),
}

/// A request of somebody who is known.
pub(crate) struct Known {
    pub(super) arrived: Box<Arrived>,
    pub(super) tenant: TenantRef,
    /// The platform asks, for this tenant.
    pub(super) is_platform: bool,
}

/// Identifies the caller.
pub(crate) struct Who {
    keys: Arc<Keys>,
}

impl Who {
    pub(crate) fn new(keys: Arc<Keys>) -> Self {
        Self { keys }
    }
}

impl Step<Box<Arrived>> for Who {
    type Out = Known;

    async fn take(&self, mut arrived: Box<Arrived>) -> Result<Known, Refusal> {
        let key = key_of(&arrived.parts.headers)?;
        let (tenant, is_platform) = match self.keys.owner_of(&key).await.map_err(refusal)? {
            Owner::Tenant(id) => (TenantRef::Id(id), false),
            Owner::Platform => (named_tenant(&arrived.parts.headers)?, true),
        };
        arrived.stopwatch.lap(Stage::Auth);
        Ok(Known {
            arrived,
            tenant,
            is_platform,
        })
    }
}

fn key_of(headers: &HeaderMap) -> Result<ApiKey, Refusal> {
    let unauthenticated = |detail: &str| Refusal::new(Code::Unauthenticated, detail);
    let Some(credential) = headers.get(AUTHORIZATION) else {
        return Err(unauthenticated(
            "send an API key: `Authorization: Bearer cw_live_…`",
        ));
    };
    let text = credential.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let Some(text) = text else {
        return Err(unauthenticated(
            "the Authorization header must be `Bearer` and an API key",
        ));
    };
    if is_token(text) {
        return Err(unauthenticated(
            "a user's access token is for the control plane only; functions are run with an API key (`cw_live_…`), which the \
             tenant makes under /v1/api-keys",
        ));
    }
    ApiKey::parse(text).ok_or_else(|| {
        unauthenticated("this is no API key: it has the wrong form, or a letter of it was changed or lost on the way")
    })
}

/// A JWT: three parts of base64url, the first of which begins an object.
fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Invalid => Refusal::new(
            Code::Unauthenticated,
            "there is no such API key, or it was revoked",
        ),
        Refused::Expired => Refusal::new(
            Code::Unauthenticated,
            "this API key has expired; make a new one",
        ),
        Refused::Scope => Refusal::new(
            Code::Forbidden,
            "this API key may not run functions: it lacks the scope `invoke`",
        ),
        Refused::Unreachable => Refusal::new(
            Code::NotReady,
            "this API key cannot be checked at the moment; try again",
        ),
        Refused::Busy => Refusal::new(
            Code::Shedding,
            "too many unknown API keys are being tried here; try again in a second",
        ),
    }
}

fn named_tenant(headers: &HeaderMap) -> Result<TenantRef, Refusal> {
    let invalid = |detail: String| Refusal::new(Code::InvalidRequest, detail);
    let Some(value) = headers.get(TENANT) else {
        return Err(invalid(
            "the platform's key acts for a tenant: name it in the header `Cartwright-Tenant`, by id or name".to_owned(),
        ));
    };
    let text = value.to_str().unwrap_or_default();
    if let Ok(id) = text.parse() {
        return Ok(TenantRef::Id(id));
    }
    let slug = text.parse().map_err(|error| {
        invalid(format!(
            "the header `Cartwright-Tenant`: {error}, and it is no id either"
        ))
    })?;
    Ok(TenantRef::Slug(slug))
}

#[cfg(test)]
mod tests {
    use cartwright_domain::api_key::KeyKind;
    use http::HeaderValue;

    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_a_well_formed_key_is_taken_and_every_refusal_says_why() {
        let key = ApiKey::generate(KeyKind::Tenant);
        let text = key.expose();
        assert_eq!(
            key_of(&with(&format!("Bearer {text}"))).unwrap().id(),
            key.id()
        );
        assert_eq!(
            key_of(&with(&format!("bearer  {text}"))).unwrap().id(),
            key.id()
        );
        for (header, says) in [
            (HeaderMap::new(), "send an API key"),
            (with("Basic abc"), "must be `Bearer`"),
            (with(text), "must be `Bearer`"),
            (
                with("Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln"),
                "functions are run with an API key",
            ),
            (with("Bearer cw_live_short"), "this is no API key"),
            (
                with(&format!("Bearer {}x", &text[..text.len() - 1])),
                "this is no API key",
            ),
        ] {
            let refusal = key_of(&header).unwrap_err();
            assert_eq!(refusal.problem.code, Code::Unauthenticated);
            assert!(
                refusal.problem.detail.contains(says),
                "{}",
                refusal.problem.detail
            );
            assert!(
                !refusal.problem.detail.contains("abc"),
                "a credential is never repeated"
            );
        }
    }

    #[test]
    fn the_platform_names_a_tenant_by_id_or_slug() {
        let tenant = |value: &str| {
            named_tenant(&HeaderMap::from_iter([(
                TENANT,
                HeaderValue::from_str(value).unwrap(),
            )]))
        };
        let id = TenantId::new();
        assert_eq!(tenant(&id.to_string()).unwrap(), TenantRef::Id(id));
        assert_eq!(
            tenant("ada").unwrap(),
            TenantRef::Slug("ada".parse().unwrap())
        );
        for bad in ["", "Not A Name"] {
            assert_eq!(
                tenant(bad).unwrap_err().problem.code,
                Code::InvalidRequest,
                "{bad}"
            );
        }
        assert_eq!(
            named_tenant(&HeaderMap::new()).unwrap_err().problem.code,
            Code::InvalidRequest
        );
    }
}
