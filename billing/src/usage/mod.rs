//! Usage: sums by minute, hour or day. Spans in which nothing ran have no row.

mod query;
mod store;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cartwright_domain::ids::TenantId;
use cartwright_domain::wire::UsageRow;
use cartwright_role::extract::{Json, Path, Query};

use crate::app::App;
use crate::error::BillingError;
use crate::usage::query::{Asked, Span};

/// Most rows in one answer: two days by the minute of seventeen functions.
const ROWS_MAX: usize = 50_000;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/tenants/{tenant_id}/usage", get(usage))
}

/// Usage of a tenant over a span of time.
async fn usage(
    State(app): State<App>,
    Path(tenant): Path<TenantId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<UsageRow>>, BillingError> {
    let span = Span::of(asked, chrono::Utc::now())?;
    let mut tx = app.database.tenant_tx(tenant).await?;
    let rows = store::sums(&mut tx, &span, ROWS_MAX + 1).await?;
    if rows.len() > ROWS_MAX {
        return Err(BillingError::Invalid(format!(
            "this has more than {ROWS_MAX} rows; ask for a shorter span, a coarser granularity or less grouping"
        )));
    }
    Ok(Json(rows))
}
