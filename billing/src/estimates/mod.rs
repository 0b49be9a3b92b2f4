//! Estimates: what the month has cost so far.

mod store;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cartwright_billing::forecast::{MonthSoFar, estimate};
use cartwright_billing::month::Month;
use cartwright_domain::ids::TenantId;
use cartwright_domain::wire::Estimate;
use cartwright_role::extract::{Json, Path};
use chrono::Utc;

use crate::app::App;
use crate::error::BillingError;
use crate::plans;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/tenants/{tenant_id}/estimate", get(this_month))
}

/// What this month has cost a tenant so far, by the price sheet that applies to it now.
async fn this_month(
    State(app): State<App>,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Estimate>, BillingError> {
    let as_of = Utc::now();
    let month = Month::of(as_of);
    let mut tx = app.database.tenant_tx(tenant).await?;
    let terms = plans::terms(&mut tx).await?;
    let terms = terms.ok_or(BillingError::NotFound("tenant with a plan"))?;
    let sheet = app.sheets.get(&mut tx, terms.prices.price_sheet).await?;
    let (first_run, used) = store::billable(&mut tx, &month).await?;
    let so_far = MonthSoFar {
        month,
        as_of,
        first_run,
        used,
    };
    Ok(Json(estimate(&sheet, &so_far)))
}
