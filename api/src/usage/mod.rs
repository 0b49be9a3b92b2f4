//! Usage: what a tenant's functions used, summed by billing, with functions by their names.

mod query;
mod rows;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cartwright_domain::ids::RequestId;
use cartwright_role::extract::{Json, Query};
use chrono::Utc;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use uuid::Uuid;

use self::query::UsageQuery;
use self::rows::{Form, Row};
use crate::app::App;
use crate::auth::{Tenant, UsageRead};
use crate::error::ApiError;
use crate::functions::store::names_of;
use crate::page::Page;

/// Get usage
///
/// Sums per span of time, and per function, version or trigger where asked for. With `Accept: text/csv` or
/// `application/x-ndjson` the same rows as a file.
#[utoipa::path(
    get, path = "/v1/usage", operation_id = "get_usage", tag = "Usage",
    params(UsageQuery),
    responses(
        (status = 200, description = "The rows, oldest first", content(
            (Page<Row> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        (status = 400, description = "`invalid_request`: a span that is too long for its granularity, or a word that is none"),
        (status = 503, description = "`not_ready`: the sums cannot be reached now"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<UsageRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asked = query.to_query(Utc::now())?;
    let sums = app.billing.usage(tenant.id, &asked, request_id).await?;
    let ids: Vec<Uuid> = sums
        .iter()
        .filter_map(|row| row.function_id.map(|id| id.uuid()))
        .collect();
    let names = {
        let mut tx = app.database.tenant_tx(tenant.id).await?;
        names_of(&mut tx, &ids).await?
    };
    let rows: Vec<Row> = sums.into_iter().map(|sums| Row::of(sums, &names)).collect();
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Ok(match Form::wanted(accept) {
        Form::Json => Json(Page::whole(rows)).into_response(),
        Form::Csv => file("text/csv; charset=utf-8", "usage.csv", rows::to_csv(&rows)?),
        Form::Ndjson => file(
            "application/x-ndjson",
            "usage.ndjson",
            rows::to_ndjson(&rows)?,
        ),
    })
}

fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ],
        body,
    )
        .into_response()
}
