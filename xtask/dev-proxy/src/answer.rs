//! What the proxy says itself: whether anyone is ready, its counts, and problems (RFC 9457) when nobody answers.

use std::fmt::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::combinators::MapErr;
use http_body_util::{BodyExt, Full};
use serde_json::json;

use crate::Fleet;

/// A body of our own.
pub(crate) type Said = MapErr<Full<Bytes>, fn(std::convert::Infallible) -> hyper::Error>;

/// The answer to what is asked of the proxy itself and of no executor.
pub(crate) fn own(fleet: &Fleet, path: &str) -> Option<Response<Said>> {
    match path {
        "/healthz" => Some(said(
            StatusCode::OK,
            "application/json",
            r#"{"status":"alive"}"#.to_owned(),
        )),
        "/readyz" if fleet.executors().iter().any(|executor| executor.is_ready()) => Some(said(
            StatusCode::OK,
            "application/json",
            r#"{"status":"ready"}"#.to_owned(),
        )),
        "/readyz" => Some(nobody(fleet.executors().len())),
        "/metrics" => Some(said(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            counts(fleet),
        )),
        _ => None,
    }
}

/// No executor could be reached, so nothing ran.
pub(crate) fn nobody(executors: usize) -> Response<Said> {
    let detail =
        format!("none of the {executors} executors is ready; nothing ran, try again in a second");
    let mut answer = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_ready",
        "Not ready",
        &detail,
    );
    let second = http::HeaderValue::from_static("1");
    answer.headers_mut().insert(RETRY_AFTER, second);
    answer
}

/// An executor took the request and ended before its answer.
pub(crate) fn cut_off(executor: SocketAddr) -> Response<Said> {
    let detail = format!(
        "the executor at {executor} took this request and was lost before it answered, so the function may have run: it is on the bill if its record was kept, and is not sent again by itself. Send it again with an Idempotency-Key where running twice matters"
    );
    problem(
        StatusCode::BAD_GATEWAY,
        "executor_lost",
        "The executor was lost",
        &detail,
    )
}

fn problem(status: StatusCode, code: &str, title: &str, detail: &str) -> Response<Said> {
    let document = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
    });
    said(status, "application/problem+json", document.to_string())
}

fn said(status: StatusCode, content_type: &'static str, text: String) -> Response<Said> {
    let never: fn(std::convert::Infallible) -> hyper::Error = |never| match never {};
    let mut answer = Response::new(Full::from(text).map_err(never));
    *answer.status_mut() = status;
    let content_type = http::HeaderValue::from_static(content_type);
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

fn counts(fleet: &Fleet) -> String {
    let mut text = String::from("# TYPE cartwright_dev_proxy_requests_total counter\n");
    for executor in fleet.executors() {
        let (passed, unreached, cut_off) = executor.counts();
        for (ending, count) in [
            ("answered", passed),
            ("unreached", unreached),
            ("cut_off", cut_off),
        ] {
            let address = executor.address();
            writeln!(
                text,
                "cartwright_dev_proxy_requests_total{{executor=\"{address}\",ending=\"{ending}\"}} {count}"
            )
            .expect("a string takes all");
        }
    }
    text
}
