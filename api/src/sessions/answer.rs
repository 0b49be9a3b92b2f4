//! What a session's holder gets.

use axum::response::{IntoResponse, Response};
use cartwright_domain::ids::{TenantId, UserId};
use cartwright_role::extract::Json;
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::SESSION_LIFETIME;
use super::refresh_token::{self, RefreshToken};
use crate::app::App;
use crate::auth::{Role, token};
use crate::error::ApiError;

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// Send it as `Authorization: Bearer`. Names one tenant.
    access_token: String,
    /// Gets the next access token. Absent when it is in the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// How long the access token is good, in seconds.
    expires_in: u64,
    /// `Bearer`.
    token_type: &'static str,
    /// The tenant that the token names.
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    /// The person's role there.
    role: Role,
}

/// A session that begins or goes on.
pub(super) struct Begun {
    pub(super) user: UserId,
    pub(super) tenant: TenantId,
    pub(super) role: Role,
    pub(super) token: RefreshToken,
}

/// The answer to whoever begins or goes on.
pub(super) fn begun(
    app: &App,
    headers: &HeaderMap,
    now: DateTime<Utc>,
    session: Begun,
) -> Result<Response, ApiError> {
    let now_s = u64::try_from(now.timestamp()).unwrap_or_default();
    let access_token = app
        .tokens
        .issue(session.user, session.tenant, session.role, now_s)?;
    let console = refresh_token::is_console(headers);
    let body = Session {
        access_token,
        refresh_token: (!console).then(|| session.token.expose()),
        expires_in: token::LIFETIME_S,
        token_type: "Bearer",
        tenant_id: session.tenant,
        role: session.role,
    };
    let mut response = Json(body).into_response();
    if console {
        let cookie = refresh_token::cookie(
            Some(&session.token),
            SESSION_LIFETIME.num_seconds(),
            headers,
        );
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(unkept(response))
}

/// The answer to whoever signs out.
pub(super) fn ended(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if refresh_token::is_console(headers) {
        let cookie = refresh_token::cookie(None, 0, headers);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    unkept(response)
}

fn unkept(mut response: Response) -> Response {
    let never = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, never);
    response
}
