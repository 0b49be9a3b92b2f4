//! Signing up, in and out, and staying signed in. Who a request comes from afterwards is left to [`crate::auth`].

mod answer;
pub(crate) mod email;
mod refresh_token;
mod rotation;
mod sign_up;
pub(crate) mod store;

use axum::extract::{Extension, State};
use axum::response::Response;
use cartwright_domain::ids::UserId;
use cartwright_domain::names::TenantSlug;
use cartwright_role::extract::Json;
use cartwright_role::listener::PeerAddress;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::answer::{Begun, begun, ended};
use self::email::EmailAddress;
use self::refresh_token::RefreshToken;
use self::rotation::Rotation;
use crate::app::App;
use crate::audit;
use crate::auth::password::Attempt;
use crate::auth::throttle::Pair;
use crate::auth::{Anyone, Role};
use crate::database::TenantTx;
use crate::error::ApiError;

pub(crate) use self::answer::Session;
pub(crate) use self::sign_up::{__path_sign_up, sign_up};

/// How long a session lives on after its last refresh.
const SESSION_LIFETIME: TimeDelta = TimeDelta::days(30);

/// Who signs in, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The e-mail address.
    #[schema(value_type = String, format = "email")]
    email: EmailAddress,
    /// The password.
    #[schema(value_type = String, format = "password")]
    password: Attempt,
    /// The tenant to sign in to, by its name. When absent, the one that the person has been a member of for longest.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantSlug>,
}

/// Sign in
///
/// The access token names one tenant and is good for ten minutes; the refresh token gets the next one. With the header
/// `Cartwright-Client: console` the refresh token is a cookie, and not in the body.
#[utoipa::path(
    post, path = "/v1/auth/login", operation_id = "log_in", tag = "Sessions",
    request_body = LogIn,
    params(("Cartwright-Client" = Option<String>, Header, description = "`console` for a refresh token in a cookie")),
    responses(
        (status = 200, description = "The session", body = Session),
        (status = 401, description = "`unauthenticated`: the address or the password is wrong"),
        (status = 429, description = "`rate_limited`: too many sign-ins failed"),
    )
)]
pub(crate) async fn log_in(
    _: Anyone,
    State(app): State<App>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    Json(login): Json<LogIn>,
) -> Result<Response, ApiError> {
    let pair = Pair::of(login.email.as_str(), Some(peer.ip()));
    app.throttle.admit(pair)?;
    let mut crossing = app.database.crossing().await?;
    let account = store::account(&mut crossing, &login.email).await?;
    drop(crossing);
    let (user, hash) = account
        .map(|account| (account.user_id, account.password_hash))
        .unzip();
    let matches = app.passwords.matches(login.password, hash).await?;
    let Some(user) = user.filter(|_| matches) else {
        app.throttle.failed(pair);
        return Err(ApiError::Unauthenticated(
            "the e-mail address or the password is wrong",
        ));
    };
    app.throttle.succeeded(pair);
    let mut crossing = app.database.crossing().await?;
    let memberships = store::memberships(&mut crossing, user).await?;
    drop(crossing);
    let wanted = |slug: &str| {
        login
            .tenant
            .as_ref()
            .is_none_or(|tenant| tenant.as_str() == slug)
    };
    let membership = memberships.into_iter().find(|each| wanted(&each.slug));
    let membership = membership.ok_or_else(|| match &login.tenant {
        Some(_) => ApiError::NotFound("tenant that you are a member of"),
        None => ApiError::Forbidden(
            "you are a member of no tenant any more; ask for an invitation".to_owned(),
        ),
    })?;
    let token = RefreshToken::generate()?;
    let now = Utc::now();
    let mut tx = app.database.tenant_tx(membership.tenant_id).await?;
    begin_session(&mut tx, user, &token, now).await?;
    tx.commit().await?;
    begun(
        &app,
        &headers,
        now,
        Begun {
            user,
            tenant: membership.tenant_id,
            role: role_of(&membership.role)?,
            token,
        },
    )
}

async fn begin_session(
    tx: &mut TenantTx,
    user: UserId,
    token: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let session = Uuid::now_v7();
    store::insert_session(tx, session, user, now + SESSION_LIFETIME).await?;
    store::insert_token(tx, session, 1, &token.sha256()).await
}

fn role_of(word: &str) -> anyhow::Result<Role> {
    Role::from_word(word).ok_or_else(|| anyhow::anyhow!("a membership has the unknown role {word}"))
}

/// A refresh token, unless it is in the cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RefreshBody {
    /// The refresh token. Absent for the console, whose cookie has it.
    refresh_token: Option<String>,
}

impl RefreshBody {
    fn token(&self, headers: &HeaderMap) -> Result<RefreshToken, ApiError> {
        let token = match &self.refresh_token {
            Some(text) => RefreshToken::parse(text),
            None => refresh_token::from_cookie(headers),
        };
        token.ok_or(NO_SESSION)
    }
}

const NO_SESSION: ApiError = ApiError::Unauthenticated("this session is over; sign in again");

/// Stay signed in
///
/// Exchanges the refresh token for a new one, with a new access token. A refresh token that was exchanged before ends the
/// session, since someone has a copy; only the last one may be sent twice within ten seconds, and gives the same again.
#[utoipa::path(
    post, path = "/v1/auth/refresh", operation_id = "refresh_session", tag = "Sessions",
    request_body = RefreshBody,
    params(("Cartwright-Client" = Option<String>, Header, description = "`console` for a refresh token in a cookie")),
    responses(
        (status = 200, description = "The session", body = Session),
        (status = 401, description = "`unauthenticated`: the session is over"),
    )
)]
pub(crate) async fn refresh(
    _: Anyone,
    State(app): State<App>,
    headers: HeaderMap,
    Json(body): Json<RefreshBody>,
) -> Result<Response, ApiError> {
    let token = body.token(&headers)?;
    let mut crossing = app.database.crossing().await?;
    let place = store::find_token(&mut crossing, &token.sha256()).await?;
    drop(crossing);
    let place = place.ok_or(NO_SESSION)?;
    let mut tx = app.database.tenant_tx(place.tenant_id).await?;
    let locked = store::lock_session(&mut tx, place.session_id, place.generation).await?;
    let locked = locked.ok_or(NO_SESSION)?;
    let now = Utc::now();
    let next = RefreshToken(app.wrapping.next_refresh_token(&token.0));
    match rotation::decide(&locked.presented, now) {
        Rotation::Exchange => {
            store::advance(
                &mut tx,
                place.session_id,
                place.generation,
                now + SESSION_LIFETIME,
            )
            .await?;
            store::insert_token(
                &mut tx,
                place.session_id,
                place.generation + 1,
                &next.sha256(),
            )
            .await?;
            tx.commit().await?;
        }
        Rotation::Repeat => {}
        Rotation::Over => return Err(NO_SESSION),
        Rotation::Reuse => {
            store::end(&mut tx, place.session_id).await?;
            let target = audit::target("session", &place.session_id.to_string());
            let actor = format!("user:{}", locked.user_id);
            audit::append(&mut tx, &actor, "session.reuse", &target, None::<&()>, None).await?;
            tx.commit().await?;
            tracing::warn!(user.id = %locked.user_id, "a refresh token came twice; its session is ended");
            return Err(NO_SESSION);
        }
    }
    begun(
        &app,
        &headers,
        now,
        Begun {
            user: locked.user_id,
            tenant: place.tenant_id,
            role: role_of(&locked.role)?,
            token: next,
        },
    )
}

/// Sign out
///
/// Ends the session. Its access token ends by itself, ten minutes after it was issued at the latest. Signing out twice is fine.
#[utoipa::path(
    post, path = "/v1/auth/logout", operation_id = "log_out", tag = "Sessions",
    request_body = RefreshBody,
    params(("Cartwright-Client" = Option<String>, Header, description = "`console` for a refresh token in a cookie")),
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn log_out(
    _: Anyone,
    State(app): State<App>,
    headers: HeaderMap,
    Json(body): Json<RefreshBody>,
) -> Result<Response, ApiError> {
    if let Ok(token) = body.token(&headers) {
        let mut crossing = app.database.crossing().await?;
        let place = store::find_token(&mut crossing, &token.sha256()).await?;
        drop(crossing);
        if let Some(place) = place {
            let mut tx = app.database.tenant_tx(place.tenant_id).await?;
            store::end(&mut tx, place.session_id).await?;
            tx.commit().await?;
        }
    }
    Ok(ended(&headers))
}

/// The public key of access tokens
///
/// A JWK set. Access tokens are for this API alone; whoever else reads one must check all of it.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "get_jwks", tag = "Sessions",
    responses((status = 200, description = "A JWK set", body = Object))
)]
pub(crate) async fn jwks(_: Anyone, State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.tokens.jwks())
}
