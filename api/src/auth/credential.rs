//! From the `Authorization` header to who asks: an access token, a tenant's key, or the platform's key.

use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_domain::ids::TenantId;
use chrono::{TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::store::StoredKey;
use super::{Caller, Scope, store};
use crate::app::App;
use crate::error::ApiError;

/// Names the tenant that the platform acts for, by its name or id.
const TENANT_HEADER: &str = "cartwright-tenant";

/// `last_used_at` of a key is as exact as this.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Someone, and the tenant that they ask for. The platform may ask for none.
pub(super) struct Asking {
    pub(super) tenant: Option<TenantId>,
    pub(super) caller: Caller,
}

const MISSING: ApiError = ApiError::Unauthenticated(
    "send `Authorization: Bearer` with an access token, an API key of the tenant or the platform's key",
);
/// The same words whether the key never was or its secret is wrong: the caller may not know which ids exist.
const UNKNOWN_KEY: ApiError = ApiError::Unauthenticated("this key is not known");

/// Who asks with these headers.
pub(super) async fn asking(headers: &HeaderMap, app: &App) -> Result<Asking, ApiError> {
    let credential = bearer(headers).ok_or(MISSING)?;
    match ApiKey::parse(credential) {
        Some(key) => match key.kind() {
            KeyKind::Tenant => tenant_key(&key, app).await,
            KeyKind::Platform => platform_key(&key, headers, app).await,
        },
        None if credential.starts_with("cw_") => Err(ApiError::Unauthenticated(
            "this is no key: a letter of it is wrong or missing",
        )),
        None => person(credential, app).await,
    }
}

/// The bearer token of a request that has exactly one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return None;
    };
    let (scheme, credential) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential)
}

async fn person(token: &str, app: &App) -> Result<Asking, ApiError> {
    let claims = app.tokens.check(token).map_err(ApiError::Unauthenticated)?;
    let (tenant, id) = (claims.tenant(), claims.user());
    let mut crossing = app.database.crossing().await?;
    // The membership decides, not the token: who was removed or demoted is so at once, not when the token ends.
    let role =
        store::member_role(&mut crossing, tenant, id)
            .await?
            .ok_or(ApiError::Unauthenticated(
                "you are no longer a member of this tenant",
            ))?;
    Ok(Asking {
        tenant: Some(tenant),
        caller: Caller::User { id, role },
    })
}

async fn tenant_key(key: &ApiKey, app: &App) -> Result<Asking, ApiError> {
    let mut crossing = app.database.crossing().await?;
    let found = store::tenant_key(&mut crossing, key.id()).await?;
    drop(crossing);
    let found = found.ok_or(UNKNOWN_KEY)?;
    admit(key, &found.stored)?;
    let now = Utc::now();
    if found.last_used_at.is_none_or(|at| now - at > TOUCH_EVERY) {
        let mut tx = app.database.tenant_tx(found.tenant).await?;
        store::touch_key(&mut tx, key.id()).await?;
        tx.commit().await?;
    }
    let scopes = found.scopes.iter();
    Ok(Asking {
        tenant: Some(found.tenant),
        caller: Caller::Key {
            id: key.id().to_owned(),
            scopes: scopes.filter_map(|word| Scope::from_word(word)).collect(),
        },
    })
}

async fn platform_key(key: &ApiKey, headers: &HeaderMap, app: &App) -> Result<Asking, ApiError> {
    let mut crossing = app.database.crossing().await?;
    let stored = store::platform_key(&mut crossing, key.id()).await?;
    admit(key, &stored.ok_or(UNKNOWN_KEY)?)?;
    let tenant = match headers.get(TENANT_HEADER) {
        None => None,
        Some(name) => {
            let name = name
                .to_str()
                .map_err(|_| ApiError::NotFound("tenant (header Cartwright-Tenant)"))?;
            let found = store::tenant_named(&mut crossing, name).await?;
            Some(found.ok_or(ApiError::NotFound("tenant (header Cartwright-Tenant)"))?)
        }
    };
    Ok(Asking {
        tenant,
        caller: Caller::Platform {
            key_id: key.id().to_owned(),
        },
    })
}

/// Let a key pass that is the stored one and good now. Only who has the whole secret learns that it ended.
fn admit(key: &ApiKey, stored: &StoredKey) -> Result<(), ApiError> {
    let hash: &[u8; 32] = stored
        .sha256
        .as_slice()
        .try_into()
        .map_err(|_| UNKNOWN_KEY)?;
    if !key.has_hash(hash) {
        return Err(UNKNOWN_KEY);
    }
    if stored.revoked_at.is_some() {
        return Err(ApiError::Unauthenticated("this key was revoked"));
    }
    if stored.expires_at.is_some_and(|end| end <= Utc::now()) {
        return Err(ApiError::Unauthenticated("this key has expired"));
    }
    Ok(())
}
