//! Deliveries as people see them: those that wait or run, and those that ended, in one list.

mod filter;
mod shape;
pub(super) mod store;

pub(super) use shape::Delivery;

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use uuid::Uuid;

use self::filter::Filter;
use self::shape::DeliveryDetail;
use crate::app::App;
use crate::auth::{InvocationRead, Tenant};
use crate::error::ApiError;
use crate::messages;
use crate::page::{Page, PageRequest};

/// List deliveries
///
/// Newest first, those that wait or run and those that ended in one list. They are kept as long as events.
#[utoipa::path(
    get, path = "/v1/deliveries", operation_id = "list_deliveries", tag = "Deliveries",
    params(Filter, PageRequest),
    responses(
        (status = 200, description = "A page of deliveries", body = Page<Delivery>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Query(filter): Query<Filter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Delivery>>, ApiError> {
    let before: Option<Uuid> = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let wanted = filter.wanted(&mut tx, before).await?;
    let rows = store::page(&mut tx, &wanted, request.rows()?).await?;
    let deliveries = rows.into_iter().map(Delivery::from).collect();
    Ok(Json(Page::of(deliveries, &request, Delivery::id)?))
}

/// Get a delivery
///
/// With every attempt: when it was queued, each run with its invocation, and how it ended.
#[utoipa::path(
    get, path = "/v1/deliveries/{id}", operation_id = "get_delivery", tag = "Deliveries",
    params(("id" = Uuid, Path, description = "The delivery's id")),
    responses(
        (status = 200, description = "The delivery", body = DeliveryDetail),
        (status = 404, description = "`not_found`: no such delivery"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<DeliveryDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = store::find(&mut tx, id).await?;
    let attempts = store::attempts(&mut tx, id).await?;
    let message_id = messages::of_delivery(&mut tx, id).await?;
    Ok(Json(DeliveryDetail::of(row, attempts, message_id)))
}
