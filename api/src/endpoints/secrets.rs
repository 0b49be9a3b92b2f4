//! What an endpoint's messages are signed with: made here, shown once, kept wrapped, replaced without a gap.

use anyhow::anyhow;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_role::extract::{Json, Path};
use chrono::{DateTime, Utc};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::audit;
use crate::auth::{EndpointWrite, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::wrapping::Wrapping;

/// The specification takes 24 to 64 bytes.
const SECRET_BYTES: usize = 32;

/// A secret, without what makes it one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    /// Its id.
    pub(super) id: Uuid,
    /// When it was made.
    pub(super) created_at: DateTime<Utc>,
    /// Who made it.
    pub(super) created_by: String,
    /// When nothing is signed with it any more; null while it is the newest.
    #[schema(required)]
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// A new secret, which is never shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedSecret {
    /// Its id.
    pub(super) id: Uuid,
    /// What messages are signed with from now on.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub(super) secret: String,
}

/// Replace an endpoint's secret
///
/// Messages are signed with the new one and, for 24 hours more, with the one before, so that the receiver changes over
/// when it likes. One that was replaced before ends at once. The answer is the only place where the new one is ever shown.
#[utoipa::path(
    post, path = "/v1/endpoints/{id}/secrets", operation_id = "rotate_endpoint_secret", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 201, description = "The secret", body = CreatedSecret),
        (status = 404, description = "`not_found`: no such endpoint"),
    )
)]
pub(crate) async fn rotate(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<CreatedSecret>,
    ),
    ApiError,
> {
    let actor = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    store::lock(&mut tx, id).await?;
    let before = store::secrets(&mut tx, id).await?;
    store::expire_secrets(&mut tx, id).await?;
    let created = add(&mut tx, &app.wrapping, id, &actor).await?;
    let after = store::secrets(&mut tx, id).await?;
    let target = audit::target("endpoint", &id.to_string());
    audit::append(
        &mut tx,
        &actor,
        "endpoint.rotate",
        &target,
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok((
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(created),
    ))
}

/// Make a secret for an endpoint.
pub(super) async fn add(
    tx: &mut TenantTx,
    wrapping: &Wrapping,
    endpoint_id: Uuid,
    actor: &str,
) -> Result<CreatedSecret, ApiError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    let wrapped = wrapping.wrap(tx.tenant(), &purpose(endpoint_id), &bytes)?;
    let id = store::insert_secret(tx, endpoint_id, &wrapped, actor).await?;
    Ok(CreatedSecret {
        id,
        secret: format!("whsec_{}", STANDARD.encode(bytes)),
    })
}

/// What binds a wrapped secret to its endpoint.
pub(crate) fn purpose(endpoint_id: Uuid) -> String {
    format!("endpoint secret v1 {endpoint_id}")
}
