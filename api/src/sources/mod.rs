//! Sources: where a third party's webhooks come in, each under an address of its own, believed by their signatures.

mod naming;
mod receive;
mod scheme;
mod secret;
mod secrets;
mod signature;
mod store;

pub(crate) use receive::{__path_receive, receive};
pub(crate) use secrets::{__path_add_secret, __path_remove_secret, add_secret, remove_secret};

use anyhow::Context;
use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use self::scheme::{Scheme, Settings};
use crate::app::App;
use crate::audit;
use crate::auth::{EventRead, EventWrite, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::page::{Page, PageRequest};
use crate::text;

/// Sources of one tenant at most.
const OF_A_TENANT_MAX: i64 = 100;

/// A source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source {
    /// Its id.
    id: Uuid,
    /// Its name, which events carry.
    name: String,
    /// How its sender signs.
    scheme: Scheme,
    /// What differs from one sender to the next: of it, what the scheme looks at.
    #[schema(value_type = Settings)]
    settings: Map<String, Value>,
    /// It takes nothing in.
    paused: bool,
    /// Where its sender sends to, below the address of this API.
    path: String,
    /// Its secrets, without what is secret of them.
    secrets: Vec<Secret>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Who created it.
    created_by: String,
}

/// A secret of a source. All that are good now are tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceSecret)]
pub(crate) struct Secret {
    /// Its id.
    id: Uuid,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// From when on it verifies nothing.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
}

/// A source, and the secret that was made for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewlyMadeSource {
    #[serde(flatten)]
    source: Source,
    /// The secret, where we made it: told once, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A source to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSource {
    /// Its name, unique in the tenant, 1 to 200 characters. It stays, since events carry it.
    #[schema(example = "shop")]
    name: String,
    /// How its sender signs.
    scheme: Scheme,
    /// What differs from one sender to the next.
    #[serde(default)]
    settings: Settings,
    /// The secret that the sender has; one is made and told when absent. Shopify's is the app's client secret.
    secret: Option<String>,
}

/// What to change of a source. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceChange {
    /// Other settings, in place of all of those before.
    settings: Option<Settings>,
    /// Refuse what comes, with a 503 that has senders try again, or take it in again.
    paused: Option<bool>,
}

fn target(id: Uuid) -> String {
    audit::target("source", &id.to_string())
}

fn refuse(found: Vec<Violation>) -> Result<(), ApiError> {
    if found.is_empty() {
        return Ok(());
    }
    Err(ApiError::InvalidMembers(found))
}

/// A source with its secrets.
async fn whole(tx: &mut TenantTx, row: store::SourceRow) -> Result<Source, ApiError> {
    let secrets = store::secrets(tx, row.source_id).await?;
    Ok(Source {
        id: row.source_id,
        name: row.name,
        scheme: row.scheme,
        settings: row
            .settings
            .used_by(row.scheme)
            .context("settings are plain JSON")?,
        paused: row.paused,
        path: format!("/v1/sources/{}", row.source_id),
        secrets: secrets.iter().map(store::SecretRow::shown).collect(),
        created_at: row.created_at,
        created_by: row.created_by,
    })
}

/// Create a source
///
/// Its sender sends to `path`, and needs nothing but the secret.
#[utoipa::path(
    post, path = "/v1/sources", operation_id = "create_source", tag = "Events",
    request_body = NewSource,
    responses(
        (status = 201, description = "The source, with its secret where we made one", body = NewlyMadeSource),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 409, description = "`conflict`: a source with this name exists already, or the tenant has 100"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Json(new): Json<NewSource>,
) -> Result<(StatusCode, Json<NewlyMadeSource>), ApiError> {
    text::check_label("/name", &new.name)?;
    refuse(new.settings.violations(new.scheme))?;
    let secret = secrets::given_or_made(new.scheme, new.secret)?;
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if store::count(&mut tx).await? >= OF_A_TENANT_MAX {
        return Err(ApiError::Conflict(format!(
            "the tenant has {OF_A_TENANT_MAX} sources, and may have no more: delete one"
        )));
    }
    let id = store::insert(&mut tx, &new.name, new.scheme, &new.settings, &by).await?;
    secrets::keep(&app, &mut tx, id, &secret.bytes, &by).await?;
    let row = store::find(&mut tx, id).await?;
    let source = whole(&mut tx, row).await?;
    audit::append(
        &mut tx,
        &by,
        "source.create",
        &target(id),
        None,
        Some(&source),
    )
    .await?;
    tx.commit().await?;
    let made = NewlyMadeSource {
        source,
        secret: secret.to_tell,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// List sources
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/sources", operation_id = "list_sources", tag = "Events",
    params(PageRequest),
    responses((status = 200, description = "A page of sources", body = Page<Source>))
)]
pub(crate) async fn list(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Source>>, ApiError> {
    let before = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let mut sources = Vec::new();
    for row in store::page(&mut tx, before, request.rows()?).await? {
        sources.push(whole(&mut tx, row).await?);
    }
    Ok(Json(Page::of(sources, &request, |source| source.id)?))
}

/// Get a source
#[utoipa::path(
    get, path = "/v1/sources/{id}", operation_id = "get_source", tag = "Events",
    params(("id" = Uuid, Path, description = "The source's id")),
    responses(
        (status = 200, description = "The source", body = Source),
        (status = 404, description = "`not_found`: no such source"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<Source>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = store::find(&mut tx, id).await?;
    Ok(Json(whole(&mut tx, row).await?))
}

/// Change a source
#[utoipa::path(
    patch, path = "/v1/sources/{id}", operation_id = "update_source", tag = "Events",
    params(("id" = Uuid, Path, description = "The source's id")),
    request_body = SourceChange,
    responses(
        (status = 200, description = "The source", body = Source),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 404, description = "`not_found`: no such source"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<SourceChange>,
) -> Result<Json<Source>, ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = store::lock(&mut tx, id).await?;
    let kept = row.settings.0.clone();
    let before = whole(&mut tx, row).await?;
    // What is kept was taken under the rules of its day, and its owner cannot be asked to mend what nothing shows.
    if let Some(given) = &change.settings {
        refuse(given.violations(before.scheme))?;
    }
    let settings = change.settings.unwrap_or(kept);
    store::update(
        &mut tx,
        id,
        &settings,
        change.paused.unwrap_or(before.paused),
    )
    .await?;
    let row = store::find(&mut tx, id).await?;
    let after = whole(&mut tx, row).await?;
    audit::append(
        &mut tx,
        &by,
        "source.update",
        &target(id),
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// Delete a source
///
/// What it took in stays. Its secrets are forgotten, and its address is none.
#[utoipa::path(
    delete, path = "/v1/sources/{id}", operation_id = "delete_source", tag = "Events",
    params(("id" = Uuid, Path, description = "The source's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such source"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = store::lock(&mut tx, id).await?;
    let before = whole(&mut tx, row).await?;
    store::delete(&mut tx, id).await?;
    audit::append(
        &mut tx,
        &by,
        "source.delete",
        &target(id),
        Some(&before),
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
