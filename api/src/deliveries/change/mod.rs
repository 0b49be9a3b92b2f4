//! What people do to deliveries: cancel one, and have one delivered again.

mod store;

use axum::extract::State;
use cartwright_domain::ids::FunctionId;
use cartwright_role::extract::{Json, Path};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use super::enqueue::{NewDelivery, enqueue};
use super::lane::Lane;
use super::listed::Delivery;
use super::listed::store::find;
use crate::app::App;
use crate::audit;
use crate::auth::{InvocationReplay, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;

/// The longest `Idempotency-Key`, in characters.
const KEY_MAX: usize = 255;

/// How long a replay of a schedule's delivery may wait, in seconds: three days, as a subscription's does by default.
pub(super) const EXPIRES_AFTER_S: i32 = 259_200;

/// Cancel a delivery
///
/// One that waits is not attempted any more. One that has ended stays as it is.
#[utoipa::path(
    post, path = "/v1/deliveries/{id}/cancel", operation_id = "cancel_delivery", tag = "Deliveries",
    params(("id" = Uuid, Path, description = "The delivery's id")),
    responses(
        (status = 200, description = "The delivery", body = Delivery),
        (status = 404, description = "`not_found`: no such delivery"),
        (status = 409, description = "`conflict`: a worker has it, and its run ends first"),
    )
)]
pub(crate) async fn cancel(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<Delivery>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let is_cancelled = store::cancel(&mut tx, id).await?;
    let row = find(&mut tx, id).await?;
    if !is_cancelled && row.ended_at.is_none() {
        return Err(ApiError::Conflict(
            "a worker has this delivery, and a run cannot be taken back: see how it ends"
                .to_owned(),
        ));
    }
    if is_cancelled {
        audited(&mut tx, &tenant, "delivery.cancel", id).await?;
    }
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// Replay a delivery
///
/// Delivers the same event once more, to the function as it is now and billed like any delivery: a new delivery, which names
/// the old one. With an `Idempotency-Key`, a repeat answers the first one's.
#[utoipa::path(
    post, path = "/v1/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "Deliveries",
    params(
        ("id" = Uuid, Path, description = "The delivery's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters; a repeat under it makes no other delivery"),
    ),
    responses(
        (status = 201, description = "The new delivery", body = Delivery,
            headers(("Location" = String, description = "Where to look for it"))),
        (status = 404, description = "`not_found`: no such delivery"),
        (status = 409, description = "`conflict`: it has not ended, or its event, function or subscription is gone"),
    )
)]
pub(crate) async fn replay(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Delivery>), ApiError> {
    let key = idempotency_key(&headers)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let mut new_id = Uuid::now_v7();
    let mut is_first = true;
    if let Some(key) = key {
        let first = store::first_under(&mut tx, id, key, new_id).await?;
        is_first = first == new_id;
        new_id = first;
    }
    if is_first {
        let subject = store::subject(&mut tx, id).await?;
        subject.check()?;
        let new = NewDelivery {
            delivery_id: new_id,
            event_id: subject.event_id,
            subscription_id: subject.subscription_id,
            function_id: FunctionId::from(subject.function_id),
            lane: Lane::Replay,
            order_key: None,
            held: subject.paused,
            expires_after_s: subject.expires_after_s.unwrap_or(EXPIRES_AFTER_S),
            replay: Some((None, id)),
        };
        enqueue(&mut tx, &[new]).await?;
        audited(&mut tx, &tenant, "delivery.replay", id).await?;
    }
    let row = find(&mut tx, new_id).await?;
    tx.commit().await?;
    let place = format!("/v1/deliveries/{new_id}");
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(row.into())))
}

/// The key of a request that may be repeated.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_MAX {
        return Err(ApiError::Invalid(format!(
            "`Idempotency-Key` must be 1 to {KEY_MAX} visible ASCII characters"
        )));
    }
    Ok(Some(key))
}

async fn audited(
    tx: &mut TenantTx,
    tenant: &Tenant<InvocationReplay>,
    action: &str,
    id: Uuid,
) -> Result<(), ApiError> {
    let target = audit::target("delivery", &id.to_string());
    audit::append(tx, &tenant.caller.actor(), action, &target, None, Some(&id)).await
}
