//! Deliveries that died, by function and cause: what is wrong, and how much of it.

mod store;

use axum::extract::State;
use cartwright_role::extract::{Json, Query};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::auth::{InvocationRead, Tenant};
use crate::error::ApiError;
use crate::page::{Page, first_id_at};

/// Groups of an answer, at most.
const GROUPS_MAX: i64 = 100;

/// How far back is looked without `from`.
const WINDOW: TimeDelta = TimeDelta::days(7);

/// Over which time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Window {
    /// Queued at or after this time, RFC 3339; seven days ago when absent.
    from: Option<DateTime<Utc>>,
    /// Queued before this time, RFC 3339.
    to: Option<DateTime<Utc>>,
}

/// Deliveries of one function that died for one cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureGroup {
    /// The function's name.
    pub(super) function: String,
    /// Why they are dead.
    pub(super) cause: String,
    /// How many.
    pub(super) count: i64,
    /// When the first of them ended.
    pub(super) first_at: DateTime<Utc>,
    /// When the last of them ended.
    pub(super) last_at: DateTime<Utc>,
    /// The last of them.
    pub(super) example: Uuid,
    /// What went wrong with it.
    #[schema(required)]
    pub(super) last_error: Option<String>,
}

/// List failed deliveries by function and cause
///
/// The largest groups first, a hundred at most. `GET /v1/deliveries?status=dead` with `function` and `cause` lists one group.
#[utoipa::path(
    get, path = "/v1/deliveries/failures", operation_id = "list_delivery_failures", tag = "Deliveries",
    params(Window),
    responses((status = 200, description = "The groups", body = Page<FailureGroup>))
)]
pub(crate) async fn list(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Query(window): Query<Window>,
) -> Result<Json<Page<FailureGroup>>, ApiError> {
    let from = first_id_at(window.from.unwrap_or_else(|| Utc::now() - WINDOW));
    let to = window.to.map_or(Uuid::max(), first_id_at);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let groups = store::groups(&mut tx, from, to, GROUPS_MAX).await?;
    Ok(Json(Page::whole(groups)))
}
