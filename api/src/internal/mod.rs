//! What executors ask of the api, on the internal listener. Who may call is decided before, by the table in `domain::wire`.

pub(crate) mod run_logs;
pub(crate) mod snapshot;
mod store;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Router};
use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::wire::{
    ArtifactLocation, Changes, KeySnapshot, TenantQuotaUsage, TenantSnapshot,
};
use cartwright_role::extract::{Json, Path, Query};
use chrono::Utc;
use serde::Deserialize;

use crate::app::App;
use crate::clients::object_store::artifact_key;
use crate::error::ApiError;
use crate::fleet;
use crate::quotas::usage;

/// The routes below `/internal/v1`.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/changes", get(changes))
        .route("/tenants/{tenant}/snapshot", get(tenant_snapshot))
        .route("/tenants/{tenant}/quota-usage", get(quota_usage))
        .route("/keys/{key_id}", get(key))
        .route("/artifacts/{tenant_id}/{sha256}", get(artifact))
        .route("/run-logs", post(run_logs::take_in))
        .route("/executors", post(fleet::report::take_in))
        .layer(run_logs::body_limit())
        .with_state(app)
}

#[derive(Deserialize)]
struct Since {
    since: Option<String>,
}

/// What changed since a cursor. Without one, or with one that is none of ours, the answer is a reset.
async fn changes(
    State(app): State<App>,
    Query(Since { since }): Query<Since>,
) -> Result<Json<Changes>, ApiError> {
    let cursor = since.and_then(|cursor| cursor.parse().ok());
    let mut crossing = app.database.crossing().await?;
    Ok(Json(store::changes_since(&mut crossing, cursor).await?))
}

async fn tenant_snapshot(
    State(app): State<App>,
    Path(slug_or_id): Path<String>,
) -> Result<Json<TenantSnapshot>, ApiError> {
    // In a block, so that one request holds one connection at a time.
    let tenant_id = {
        let mut crossing = app.database.crossing().await?;
        store::tenant_id_of(&mut crossing, &slug_or_id).await?
    };
    Ok(Json(snapshot::of(&app, tenant_id).await?))
}

/// What a tenant used, for an executor whose count of it Redis lost.
async fn quota_usage(
    State(app): State<App>,
    Path(tenant): Path<TenantId>,
    Extension(request_id): Extension<RequestId>,
) -> Result<Json<TenantQuotaUsage>, ApiError> {
    Ok(Json(usage::of(&app, tenant, request_id, Utc::now()).await?))
}

async fn key(
    State(app): State<App>,
    Path(key_id): Path<String>,
) -> Result<Json<KeySnapshot>, ApiError> {
    let mut crossing = app.database.crossing().await?;
    let key = store::key(&mut crossing, &key_id).await?;
    key.map(Json).ok_or(ApiError::NotFound("key"))
}

async fn artifact(
    State(app): State<App>,
    Path((tenant_id, sha256)): Path<(TenantId, String)>,
) -> Result<Json<ArtifactLocation>, ApiError> {
    let mut digest = [0; 32];
    hex::decode_to_slice(&sha256, &mut digest).map_err(|_| ApiError::NotFound("artifact"))?;
    let artifact_bytes = {
        let mut tx = app.database.tenant_tx(tenant_id).await?;
        store::artifact_bytes(&mut tx, &digest).await?
    };
    let url = app
        .object_store
        .presign_get(&artifact_key(tenant_id, &digest))
        .await?;
    Ok(Json(ArtifactLocation {
        url,
        artifact_bytes,
    }))
}
