//! Secrets of a source: added and removed one by one, so that a sender changes its secret without losing a webhook.

use axum::extract::State;
use cartwright_role::extract::{Json, Path};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::scheme::Scheme;
use super::{Secret, secret, store};
use crate::app::App;
use crate::audit;
use crate::auth::{EventWrite, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};

/// Secrets of one source at most: each is tried on every webhook.
const OF_A_SOURCE_MAX: usize = 5;

/// A secret to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// The secret that the sender has; one is made and told when absent.
    secret: Option<String>,
    /// From when on the secrets before it verify nothing; until they are removed when absent.
    #[serde(default)]
    others_expire_at: Option<DateTime<Utc>>,
}

/// A secret that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedSecret {
    /// Its id.
    id: Uuid,
    /// The secret, where we made it: told once, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A secret as bytes, and as it is told where we made it.
pub(super) struct Fresh {
    pub(super) bytes: Vec<u8>,
    pub(super) to_tell: Option<String>,
}

/// The secret that was given, or a new one.
pub(super) fn given_or_made(scheme: Scheme, given: Option<String>) -> Result<Fresh, ApiError> {
    let refuse = |detail: String| {
        ApiError::InvalidMembers(vec![Violation {
            pointer: "/secret".to_owned(),
            detail,
        }])
    };
    let made = if given.is_none() {
        secret::make(scheme)?
    } else {
        None
    };
    let text = given.as_ref().or(made.as_ref()).ok_or_else(|| {
        refuse("Shopify makes its own secret: send the app's client secret".to_owned())
    })?;
    Ok(Fresh {
        bytes: secret::bytes(scheme, text).map_err(refuse)?,
        to_tell: made,
    })
}

/// Keep a secret, wrapped for its place.
pub(super) async fn keep(
    app: &App,
    tx: &mut TenantTx,
    source_id: Uuid,
    bytes: &[u8],
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    let wrapped = app.wrapping.source_secret_wrapped(tx.tenant(), id, bytes)?;
    store::insert_secret(tx, source_id, id, &wrapped, by).await?;
    Ok(id)
}

/// Add a secret to a source
///
/// From then on webhooks are believed that any of its secrets signed.
#[utoipa::path(
    post, path = "/v1/sources/{id}/secrets", operation_id = "add_source_secret", tag = "Events",
    params(("id" = Uuid, Path, description = "The source's id")),
    request_body = NewSecret,
    responses(
        (status = 201, description = "The secret, told where we made it", body = AddedSecret),
        (status = 400, description = "`invalid_request`: it is no secret of this scheme"),
        (status = 404, description = "`not_found`: no such source"),
        (status = 409, description = "`conflict`: the source has five"),
    )
)]
pub(crate) async fn add_secret(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewSecret>,
) -> Result<(StatusCode, Json<AddedSecret>), ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let source = store::lock(&mut tx, id).await?;
    let fresh = given_or_made(source.scheme, new.secret)?;
    if store::secrets(&mut tx, id).await?.len() >= OF_A_SOURCE_MAX {
        return Err(ApiError::Conflict(format!(
            "the source has {OF_A_SOURCE_MAX} secrets, and may have no more: remove one"
        )));
    }
    if let Some(at) = new.others_expire_at {
        store::expire_secrets(&mut tx, id, at).await?;
    }
    let secret_id = keep(&app, &mut tx, id, &fresh.bytes, &by).await?;
    let place = super::target(id);
    audit::append(
        &mut tx,
        &by,
        "source.add_secret",
        &place,
        None,
        Some(&secret_id),
    )
    .await?;
    tx.commit().await?;
    let added = AddedSecret {
        id: secret_id,
        secret: fresh.to_tell,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// Remove a secret of a source
///
/// What it signed is refused from then on. The last one stays: delete the source instead.
#[utoipa::path(
    delete, path = "/v1/sources/{id}/secrets/{secret}", operation_id = "remove_source_secret", tag = "Events",
    params(
        ("id" = Uuid, Path, description = "The source's id"),
        ("secret" = Uuid, Path, description = "The secret's id"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 404, description = "`not_found`: no such source or secret"),
        (status = 409, description = "`conflict`: it is the last one"),
    )
)]
pub(crate) async fn remove_secret(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path((id, secret_id)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    store::lock(&mut tx, id).await?;
    let secrets = store::secrets(&mut tx, id).await?;
    if !secrets.iter().any(|secret| secret.secret_id == secret_id) {
        return Err(ApiError::NotFound("secret"));
    }
    if secrets.len() == 1 {
        return Err(ApiError::Conflict(
            "it is the source's last secret: add another one first, or delete the source"
                .to_owned(),
        ));
    }
    store::delete_secret(&mut tx, id, secret_id).await?;
    let place = super::target(id);
    audit::append(
        &mut tx,
        &by,
        "source.remove_secret",
        &place,
        Some(&secret_id),
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl store::SecretRow {
    pub(super) fn shown(&self) -> Secret {
        Secret {
            id: self.secret_id,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}
