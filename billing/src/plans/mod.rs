//! Plans: a tenant's terms, and the price sheets that amounts are stated by.

mod sheets;
mod store;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cartwright_domain::ids::TenantId;
use cartwright_domain::wire::PlanTerms;
use cartwright_role::extract::{Json, Path};

use crate::app::App;
use crate::error::BillingError;

pub(crate) use sheets::{Sheets, unit_prices};
pub(crate) use store::terms;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/tenants/{tenant_id}/plan", get(plan))
}

/// What a tenant's plan allows and charges.
async fn plan(
    State(app): State<App>,
    Path(tenant): Path<TenantId>,
) -> Result<Json<PlanTerms>, BillingError> {
    let mut tx = app.database.tenant_tx(tenant).await?;
    let terms = terms(&mut tx).await?;
    Ok(Json(
        terms.ok_or(BillingError::NotFound("tenant with a plan"))?,
    ))
}
