//! A tenant's plan and what the month has cost so far, as billing tells them.

mod shape;

use axum::Extension;
use axum::extract::State;
use cartwright_domain::ids::RequestId;
use cartwright_domain::wire::{Estimate, PlanTerms};
use cartwright_role::extract::Json;

pub(crate) use self::shape::LimitsSchema;
use self::shape::{EstimateSchema, PlanSchema};
use crate::app::App;
use crate::auth::{BillingRead, Tenant};
use crate::error::ApiError;

/// Get the plan
///
/// What it allows one invocation, what it charges, and what is free.
#[utoipa::path(
    get, path = "/v1/billing/plan", operation_id = "get_plan", tag = "Billing",
    responses(
        (status = 200, description = "The plan", body = PlanSchema),
        (status = 503, description = "`not_ready`: billing cannot be reached now"),
    )
)]
pub(crate) async fn plan(
    tenant: Tenant<BillingRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
) -> Result<Json<PlanTerms>, ApiError> {
    Ok(Json(app.billing.plan(tenant.id, request_id).await?))
}

/// Get the estimate
///
/// What this month has cost so far, line by line, and what it will cost should it go on like this.
#[utoipa::path(
    get, path = "/v1/billing/estimate", operation_id = "get_estimate", tag = "Billing",
    responses(
        (status = 200, description = "The estimate", body = EstimateSchema),
        (status = 503, description = "`not_ready`: billing cannot be reached now"),
    )
)]
pub(crate) async fn estimate(
    tenant: Tenant<BillingRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
) -> Result<Json<Estimate>, ApiError> {
    Ok(Json(app.billing.estimate(tenant.id, request_id).await?))
}
