//! The API keys of a tenant: made, listed, revoked. Checking one is left to [`crate::auth`].

mod store;

use axum::extract::State;
use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{KeyRead, KeyWrite, Scope, Tenant};
use crate::error::{ApiError, Violation};
use crate::page::{Page, PageRequest};
use crate::{audit, text};

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    /// The public part of the key: `cw_live_<id>_…`.
    id: String,
    /// What it is for.
    name: String,
    /// What it may be used for.
    #[schema(value_type = Vec<Scope>)]
    scopes: Vec<String>,
    /// When it ends; null for never.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[schema(required)]
    revoked_at: Option<DateTime<Utc>>,
    /// When it was last used here, to the minute. Runs of functions do not count.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Who created it.
    created_by: String,
}

/// A key to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// What it is for, 1 to 200 characters.
    #[schema(example = "CI")]
    name: String,
    /// What it may be used for. All of it when absent.
    #[serde(default = "every_scope")]
    scopes: Vec<Scope>,
    /// When it ends. Never when absent.
    expires_at: Option<DateTime<Utc>>,
}

fn every_scope() -> Vec<Scope> {
    Scope::ALL.to_vec()
}

/// A new key, with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    /// The public part of the key.
    id: String,
    /// What it is for.
    name: String,
    /// The whole key. Keep it: it is stored nowhere.
    key: String,
    /// What it may be used for.
    scopes: Vec<Scope>,
    /// When it ends; null for never.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
}

/// Create an API key
///
/// The answer is the only place where the whole key is ever shown.
#[utoipa::path(
    post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "API keys",
    request_body = NewKey,
    responses((status = 201, description = "The key, with its secret", body = CreatedKey))
)]
pub(crate) async fn create(
    tenant: Tenant<KeyWrite>,
    State(app): State<App>,
    Json(mut new): Json<NewKey>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<CreatedKey>,
    ),
    ApiError,
> {
    check(&new)?;
    new.scopes = Scope::ALL
        .into_iter()
        .filter(|scope| new.scopes.contains(scope))
        .collect();
    let key = ApiKey::generate(KeyKind::Tenant);
    let actor = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    store::insert(&mut tx, &key, &new, &actor).await?;
    let view = store::find(&mut tx, key.id()).await?;
    let target = audit::target("key", key.id());
    audit::append(&mut tx, &actor, "key.create", &target, None, Some(&view)).await?;
    // An executor that was asked for this id before it existed may have noted that there is none.
    tx.note_key_change(key.id()).await?;
    tx.commit().await?;
    let created = CreatedKey {
        id: key.id().to_owned(),
        name: new.name,
        key: key.expose().to_owned(),
        scopes: new.scopes,
        expires_at: new.expires_at,
    };
    Ok((
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(created),
    ))
}

fn check(new: &NewKey) -> Result<(), ApiError> {
    text::check_label("/name", &new.name)?;
    let violation = |pointer: &str, detail: &str| {
        Err(ApiError::InvalidMembers(vec![Violation {
            pointer: pointer.to_owned(),
            detail: detail.to_owned(),
        }]))
    };
    if new.scopes.is_empty() {
        return violation(
            "/scopes",
            "must name at least one of invoke, read, deploy; leave it out for all",
        );
    }
    if new.expires_at.is_some_and(|end| end <= Utc::now()) {
        return violation(
            "/expires_at",
            "must be in the future; leave it out for never",
        );
    }
    Ok(())
}

/// List API keys
///
/// Newest first, without their secrets, revoked ones included.
#[utoipa::path(
    get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "API keys",
    params(PageRequest),
    responses((status = 200, description = "A page of keys", body = Page<KeyView>))
)]
pub(crate) async fn list(
    tenant: Tenant<KeyRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<KeyView>>, ApiError> {
    let after: Option<(DateTime<Utc>, String)> = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let keys = store::list(&mut tx, after, request.rows()?).await?;
    Ok(Json(Page::of(keys, &request, |key| {
        (key.created_at, key.id.clone())
    })?))
}

/// Revoke an API key
///
/// It is refused everywhere within 100 ms, at worst 5 s. Revoking twice is fine.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", operation_id = "revoke_api_key", tag = "API keys",
    params(("id" = String, Path, description = "The public part of the key")),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 404, description = "`not_found`: no such key"),
    )
)]
pub(crate) async fn revoke(
    tenant: Tenant<KeyWrite>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, &id).await?;
    if before.revoked_at.is_none() {
        store::revoke(&mut tx, &id).await?;
        let after = store::find(&mut tx, &id).await?;
        let (actor, target) = (tenant.caller.actor(), audit::target("key", &id));
        audit::append(
            &mut tx,
            &actor,
            "key.revoke",
            &target,
            Some(&before),
            Some(&after),
        )
        .await?;
        tx.note_key_change(&id).await?;
        tx.commit().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
