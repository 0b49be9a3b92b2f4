//! Logs: the search through what was kept, and the stream of what runs now. `docs/logs.md` is their manual.

mod entry;
mod filter;
mod hub;
mod places;
mod reader;
mod search;
mod store;
mod stream;
mod tail;

pub(crate) use hub::Hub;
pub(crate) use places::{LogStreamsConfig, Places};

use axum::extract::State;
use axum::response::Response;
use cartwright_domain::names::FunctionName;
use cartwright_domain::wire::Watched;
use cartwright_role::extract::{Json, Path, Query};
use http::HeaderMap;

use self::filter::Filter;
use self::hub::Since;
use self::search::{LogPage, Search, Span};
use self::stream::Welcome;
use crate::app::App;
use crate::auth::{InvocationRead, Tenant};
use crate::error::ApiError;
use crate::functions::store::{id_of, id_of_last};
use crate::invocations::store::retention;
use crate::page::{PageRequest, cursor_at};

/// Search a function's logs
///
/// What the tenant's retention kept, newest first: the lines that runs wrote to stderr, where a log was cut, and how runs failed.
/// One search reads 5,000 runs, 16 MiB of log or 2 seconds, and says in `scanned_until` when it stopped there. Logs are found for
/// 14 days unless the operator says otherwise, also those of a function that was deleted since.
#[utoipa::path(
    get, path = "/v1/functions/{name}/logs", operation_id = "search_logs", tag = "Logs",
    params(("name" = String, Path, description = "The function's name"), Filter, Span, PageRequest),
    responses(
        (status = 200, description = "A page of entries", body = LogPage),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn search(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(filter): Query<Filter>,
    Query(span): Query<Span>,
    Query(request): Query<PageRequest>,
) -> Result<Json<LogPage>, ApiError> {
    let wanted = filter.check()?;
    let (after, limit) = (request.after()?, request.limit()?);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of_last(&mut tx, name.as_str()).await?;
    let search = Search::new(function_id, wanted, &span, after, limit)?;
    let found = search.run(&mut tx).await?;
    Ok(Json(LogPage {
        data: found.entries,
        next_cursor: found.next.map(|ended| cursor_at(&ended)),
        scanned_until: found.scanned_until,
        retention: retention(&mut tx).await?,
    }))
}

/// Watch a function's log
///
/// Server-sent events, from every executor, at most a second after the end of a run, whatever the tenant's retention is. Events are
/// `open`, `line`, `cut`, `failure`, `dropped`, `interrupted` and, as the last one, `end`; the data of `line`, `cut` and `failure` is a
/// `LogEntry`. `Last-Event-ID` goes on where a stream ended, when that was less than 30 s ago.
#[utoipa::path(
    get, path = "/v1/functions/{name}/logs/stream", operation_id = "watch_logs", tag = "Logs",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen"),
        Filter,
    ),
    responses(
        (status = 200, description = "The stream, which goes on until one side ends it", body = String, content_type = "text/event-stream"),
        (status = 404, description = "`not_found`: no such function"),
        (status = 429, description = "`concurrency_limited`: the tenant has as many streams as it may"),
        (status = 503, description = "`shedding`: this process has as many streams as it may"),
    )
)]
pub(crate) async fn watch(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = filter.check()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let which = Watched {
        tenant_id: tenant.id,
        function_id: id_of(&mut tx, name.as_str()).await?,
    };
    let retention = retention(&mut tx).await?;
    drop(tx);
    let place = app.log_streams.take(tenant.id)?;
    let seat = app.logs.watch(which, wanted, since(&headers));
    let welcome = Welcome {
        app,
        headers,
        tenant,
        function: name.as_str().to_owned(),
        retention,
        which,
    };
    Ok(stream::answer(seat, place, welcome))
}

/// What the reader saw last, if it comes back.
fn since(headers: &HeaderMap) -> Option<Since> {
    let sent = headers.get("last-event-id")?;
    let id = sent.to_str().ok().and_then(|text| text.parse().ok());
    Some(id.map_or(Since::Unknown, Since::Entry))
}
