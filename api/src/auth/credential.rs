//! From the `Authorization` header to who asks: an access token, a tenant's key, or the platform's key.

use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_domain::ids::TenantId;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::Caller;
use crate::app::App;
use crate::error::ApiError;

/// Someone, and the tenant that they ask for. The platform may ask for none.
pub(crate) struct Asking {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) caller: Caller,
}

const MISSING: ApiError = ApiError::Unauthenticated(
    "send `Authorization: Bearer` with an access token, an API key of the tenant or the platform's key",
);

/// Who asks with this request.
pub(crate) async fn asking(parts: &Parts, app: &App) -> Result<Asking, ApiError> {
    let credential = bearer(parts)?;
    match ApiKey::parse(credential) {
        Some(key) => match key.kind() {
            KeyKind::Tenant => tenant_key(&key, app).await,
            KeyKind::Platform => platform_key(&key, parts, app).await,
        },
        None if credential.starts_with("cw_") => Err(ApiError::Unauthenticated(
            "this is no key: a letter of it is wrong or missing",
        )),
        None => person(credential, app).await,
    }
}

/// The bearer token of a request that has exactly one.
fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let mut sent = parts.headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return Err(MISSING);
    };
    let text = value.to_str().map_err(|_| MISSING)?;
    let (scheme, credential) = text.split_once(' ').ok_or(MISSING)?;
    if scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty() {
        Ok(credential)
    } else {
        Err(MISSING)
    }
}

async fn person(_token: &str, _app: &App) -> Result<Asking, ApiError> {
    Err(MISSING)
}

async fn tenant_key(_key: &ApiKey, _app: &App) -> Result<Asking, ApiError> {
    Err(MISSING)
}

async fn platform_key(_key: &ApiKey, _parts: &Parts, _app: &App) -> Result<Asking, ApiError> {
    Err(MISSING)
}
