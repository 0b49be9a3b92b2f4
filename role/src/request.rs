//! What surrounds every request of a listener: its id, its span and its line in the log, its numbers, and a problem
//! for whatever no handler answers. For listeners that are not counted in microseconds.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use cartwright_domain::ids::RequestId;
use http::{HeaderMap, HeaderName, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::problem;

/// Names a request across roles and in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("cartwright-request-id");

/// Whose word counts for the request's id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anyone: every request gets a new id.
    Public,
    /// A role of ours, which passes on the id of the request that it works on.
    Internal,
}

/// A public listener's router with everything around it. Handlers find the [`RequestId`] as an extension.
pub fn layered(router: Router) -> Router {
    surrounded(answering_all(router), Caller::Public)
}

/// The same routes, with a problem for whatever none of them takes.
pub(crate) fn answering_all(router: Router) -> Router {
    router
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
}

pub(crate) fn surrounded(router: Router, caller: Caller) -> Router {
    router
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(caller, surround))
}

async fn surround(State(caller): State<Caller>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let passed_on = (caller == Caller::Internal).then(|| passed_on(request.headers()));
    let id = passed_on.flatten().unwrap_or_else(RequestId::new);
    request.extensions_mut().insert(id);
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", request_id = %id, %method, path = route);

    let mut response = next.run(request).instrument(span.clone()).await;

    let id_text = id.to_string();
    problem::name_request(&mut response, &path, &id_text);
    let header = HeaderValue::from_str(&id_text).expect("a UUID is ASCII");
    response.headers_mut().insert(REQUEST_ID, header);
    let status = response.status().as_u16();
    let seconds = began.elapsed().as_secs_f64();
    span.in_scope(|| {
        let duration_ms = seconds * 1000.0;
        // Probes and scrapes come every few seconds, and say nothing while they succeed.
        if status < 500 && matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics") {
            tracing::debug!(status, duration_ms, "answered");
        } else {
            tracing::info!(status, duration_ms, "answered");
        }
    });
    let labels = [
        ("method", method_label(&method)),
        ("path", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("cartwright_http_requests_total", &labels).increment(1);
    metrics::histogram!("cartwright_http_request_seconds", &labels[..2]).record(seconds);
    response
}

/// A client can invent methods without end, and each would be a series of its own.
fn method_label(method: &http::Method) -> String {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    }
    .to_owned()
}

fn passed_on(headers: &HeaderMap) -> Option<RequestId> {
    headers.get(REQUEST_ID)?.to_str().ok()?.parse().ok()
}
