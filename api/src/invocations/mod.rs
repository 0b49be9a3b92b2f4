//! Invocations: the meter records that billing keeps, joined with the run logs that the tenant's retention keeps.

pub(crate) mod filter;
mod shape;
pub(crate) mod store;

pub(crate) use shape::RunErrorSchema;

use std::collections::HashSet;

use axum::Extension;
use axum::extract::State;
use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::wire::{LogStatus, Record};
use cartwright_role::extract::{Json, Path, Query};
use uuid::Uuid;

use self::filter::Filter;
use self::shape::{Expected, Invocation, InvocationDetail};
use crate::app::App;
use crate::auth::{InvocationRead, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::store::{id_of_last, names_of};
use crate::internal::snapshot::retention_of;
use crate::page::{Page, PageRequest};

/// List invocations
///
/// Newest first; a run is listed within 2 s of its end. What is listed is what was metered: also runs that failed, and runs
/// of functions that were deleted since.
#[utoipa::path(
    get, path = "/v1/invocations", operation_id = "list_invocations", tag = "Invocations",
    params(Filter, PageRequest),
    responses(
        (status = 200, description = "A page of invocations", body = Page<Invocation>),
        (status = 404, description = "`not_found`: no such function"),
        (status = 503, description = "`not_ready`: the meter records cannot be reached now"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Query(filter): Query<Filter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Invocation>>, ApiError> {
    let before: Option<InvocationId> = request.after()?;
    let function_id = match &filter.function {
        None => None,
        Some(name) => {
            let mut tx = app.database.tenant_tx(tenant.id).await?;
            Some(id_of_last(&mut tx, name.as_str()).await?)
        }
    };
    let query = filter.to_query(function_id, before, request.limit()?)?;
    let page = app.billing.records(tenant.id, &query, request_id).await?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let invocations = join(&app, &mut tx, page.data).await?;
    Ok(Json(Page::with_next(invocations, page.next_before)))
}

/// Records with their functions' names and what became of their logs.
async fn join(
    app: &App,
    tx: &mut TenantTx,
    records: Vec<Record>,
) -> Result<Vec<Invocation>, ApiError> {
    let function_ids: Vec<Uuid> = records.iter().map(|each| each.function_id.uuid()).collect();
    let names = names_of(tx, &function_ids).await?;
    let ids: Vec<Uuid> = records
        .iter()
        .map(|each| each.invocation_id.uuid())
        .collect();
    let kept: HashSet<Uuid> = store::with_log(tx, &ids).await?.into_iter().collect();
    let expected = expected(tx, app.run_log_days).await?;
    let invocations = records.into_iter().map(|record| {
        let log_status = expected.status(&record, kept.contains(&record.invocation_id.uuid()));
        let name = names.get(&record.function_id).cloned();
        Invocation::of(record, name, log_status)
    });
    Ok(invocations.collect())
}

async fn expected(tx: &mut TenantTx, run_log_days: u16) -> Result<Expected, ApiError> {
    let (retention, since) = store::retention_since(tx).await?;
    Ok(Expected {
        retention: retention_of(&retention)?,
        since,
        days: run_log_days,
        now: chrono::Utc::now(),
    })
}

/// What became of the log of a run that has none.
pub(crate) async fn log_status(
    tx: &mut TenantTx,
    record: &Record,
    run_log_days: u16,
) -> Result<LogStatus, ApiError> {
    Ok(expected(tx, run_log_days).await?.status(record, false))
}

/// Get an invocation
///
/// With its input, output, log and error where they are retained; `log_status` says whether they are, and why not.
#[utoipa::path(
    get, path = "/v1/invocations/{id}", operation_id = "get_invocation", tag = "Invocations",
    params(("id" = Uuid, Path, description = "The invocation's id, as in the header Cartwright-Invocation-Id")),
    responses(
        (status = 200, description = "The invocation", body = InvocationDetail),
        (status = 404, description = "`not_found`: no such invocation, or not one yet: it is listed within 2 s of its end"),
        (status = 503, description = "`not_ready`: the meter records cannot be reached now"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<InvocationId>,
) -> Result<Json<InvocationDetail>, ApiError> {
    let record = app.billing.record(tenant.id, id, request_id).await?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let names = names_of(&mut tx, &[record.function_id.uuid()]).await?;
    let log = store::log_of(&mut tx, id).await?;
    let log_status = expected(&mut tx, app.run_log_days)
        .await?
        .status(&record, log.is_some());
    let name = names.get(&record.function_id).cloned();
    let invocation = Invocation::of(record, name, log_status);
    Ok(Json(InvocationDetail::of(invocation, log)))
}
