//! Records: what each run of a tenant used, the newest first.

mod query;
mod store;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cartwright_domain::ids::{InvocationId, TenantId};
use cartwright_domain::outcome::BillClass;
use cartwright_domain::wire::{Record, RecordPage};
use cartwright_role::extract::{Json, Path, Query};

use crate::app::App;
use crate::database::TenantTx;
use crate::error::BillingError;
use crate::plans::unit_prices;
use crate::records::query::{Asked, Filter};
use crate::records::store::Stored;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/tenants/{tenant_id}/records", get(page))
        .route("/tenants/{tenant_id}/records/{invocation_id}", get(one))
}

/// A page of a tenant's records.
async fn page(
    State(app): State<App>,
    Path(tenant): Path<TenantId>,
    Query(asked): Query<Asked>,
) -> Result<Json<RecordPage>, BillingError> {
    let filter = Filter::of(&asked)?;
    let mut tx = app.database.tenant_tx(tenant).await?;
    // One more than asked for tells whether there is a next page.
    let mut stored = store::page(&mut tx, &filter).await?;
    let is_last = stored.len() <= filter.limit;
    stored.truncate(filter.limit);
    let mut data = Vec::with_capacity(stored.len());
    for record in stored {
        data.push(priced(&app, &mut tx, record).await?);
    }
    let next_before = data
        .last()
        .filter(|_| !is_last)
        .map(|record| record.invocation_id);
    Ok(Json(RecordPage { data, next_before }))
}

/// One record of a tenant.
async fn one(
    State(app): State<App>,
    Path((tenant, invocation)): Path<(TenantId, InvocationId)>,
) -> Result<Json<Record>, BillingError> {
    let mut tx = app.database.tenant_tx(tenant).await?;
    let stored = store::one(&mut tx, invocation).await?;
    let stored = stored.ok_or(BillingError::NotFound("invocation"))?;
    Ok(Json(priced(&app, &mut tx, stored).await?))
}

/// A record with its list price, by the price sheet that it names itself: a receipt does not change with the plan.
async fn priced(app: &App, tx: &mut TenantTx, stored: Stored) -> Result<Record, BillingError> {
    let sheet = app.sheets.get(tx, stored.price_sheet).await?;
    let mut record = stored.record;
    record.cost = match record.bill_class {
        BillClass::Run => format!(
            "{} {}",
            unit_prices(&sheet).cost_of_run(record.fuel),
            sheet.currency
        ),
        BillClass::CacheHit => format!(
            "{} {}",
            unit_prices(&sheet).cost_of_cached_hit(),
            sheet.currency
        ),
        BillClass::Unbilled => format!("0 {}", sheet.currency),
    };
    Ok(record)
}
