//! What the caller reads of a run: the function's output, or a problem that says how it failed; and the headers of both.

use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use cartwright_domain::names::AliasName;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::problem::ProblemResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::headers::{
    CACHE, COST, DURATION_US, FUEL, INPUT_QUERY, INVOCATION_ID, MEMORY_PEAK, RATE_LIMIT,
    RATE_LIMIT_POLICY, REQUEST_ID, SERVER_TIMING, Text, VERSION, Values,
};
use super::{Answered, Done, Stopwatch};
use crate::counters::Stage;
use crate::modules::Tier;

/// The end of the log that a failed run's problem shows, in bytes.
const LOG_TAIL_BYTES: usize = 2_048;

/// Headers of an answer, ours and hyper's.
const HEADERS: usize = 16;

impl Answered for Done {
    fn into_answer(self, path: &str) -> Response {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        write_headers(&mut headers, &self);
        if self.finished.outcome == Outcome::Ok {
            tracing::debug!(request_id = %self.request_id(), invocation_id = %self.invocation_id(), "ran");
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let mut answer = Response::new(Body::from(self.finished.output));
            *answer.headers_mut() = headers;
            return answer;
        }
        let mut answer = ProblemResponse(problem(&self, path)).into_response();
        answer.headers_mut().extend(headers);
        answer
    }
}

fn write_headers(headers: &mut HeaderMap, done: &Done) {
    let (granted, finished) = (&done.granted, &done.finished);
    let resolved = &granted.resolved;
    let mut values = Values::new();
    headers.insert(REQUEST_ID, values.id(resolved.request_id.uuid()));
    headers.insert(INVOCATION_ID, values.id(granted.invocation_id.uuid()));
    headers.insert(VERSION, values.number(resolved.version.number.into()));
    headers.insert(FUEL, values.number(finished.fuel_used));
    headers.insert(MEMORY_PEAK, values.number(finished.memory_peak_bytes));
    let wall_us = u64::try_from(finished.wall.as_micros()).unwrap_or(u64::MAX);
    headers.insert(DURATION_US, values.number(wall_us));
    headers.insert(COST, values.value(Cost(done)));
    headers.insert(CACHE, HeaderValue::from_static(granted.memo.as_str()));
    headers.insert(
        SERVER_TIMING,
        values.written(|text| timing(text, &resolved.stopwatch, done.tier)),
    );
    if let Some(payload_bytes) = granted.payload_bytes {
        let cut = format_args!("payload={payload_bytes}, input={}", granted.input.len());
        headers.insert(INPUT_QUERY, values.value(cut));
    }
    headers.insert(
        RATE_LIMIT_POLICY,
        resolved.function.rate_limit_policy.clone(),
    );
    headers.insert(
        RATE_LIMIT,
        values.written(|text| {
            text.text("\"concurrency\";r=");
            text.number(granted.concurrency_left.into());
            text.shown(&granted.pass);
        }),
    );
}

/// How a run failed, for its caller.
pub(super) fn problem(done: &Done, path: &str) -> Problem {
    let (resolved, finished) = (&done.granted.resolved, &done.finished);
    let outcome = finished.outcome;
    let alias = resolved.alias.as_ref().map(AliasName::as_str);
    tracing::info!(
        request_id = %done.request_id(), invocation_id = %done.invocation_id(), function.id = %resolved.function.id,
        version = resolved.version.number, alias, outcome = outcome.as_str(), "a run ended {outcome}"
    );
    let code = Code::of_outcome(outcome).unwrap_or(Code::Internal);
    let error = finished.error.as_ref();
    let message = error.map_or_else(|| code.title().to_owned(), |error| error.message.clone());
    let mut problem = Problem::new(code, message)
        .with("invocation_id", done.invocation_id().to_string())
        .with(
            "backtrace",
            error.map_or_else(Vec::new, |error| error.backtrace.clone()),
        )
        .with("log_tail", log_tail(&finished.log));
    if let Some(limit) = error.and_then(|error| error.limit) {
        problem = problem.with("limit", limit);
    }
    if let Some(used) = error.and_then(|error| error.used) {
        problem = problem.with("used", used);
    }
    if let Some(exit_code) = error.and_then(|error| error.exit_code) {
        problem = problem.with("exit_code", exit_code);
    }
    problem.instance = Some(path.to_owned());
    problem.request_id = Some(resolved.request_id.to_string());
    // The contract gives a cut by the spend cap inside a run the status of a failed run.
    problem.status = if code == Code::Internal { 500 } else { 422 };
    problem
}

/// The end of a log, from the beginning of a character.
fn log_tail(log: &[u8]) -> String {
    let tail = &log[log.len().saturating_sub(LOG_TAIL_BYTES)..];
    let is_inside = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let inside = if tail.len() < log.len() {
        tail.iter()
            .take(3)
            .take_while(|byte| is_inside(byte))
            .count()
    } else {
        0
    };
    String::from_utf8_lossy(&tail[inside..]).into_owned()
}

/// `0.0000012 USD`.
struct Cost<'a>(&'a Done);

impl fmt::Display for Cost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.0.cost, self.0.granted.resolved.tenant.prices.currency
        )
    }
}

/// `auth;dur=0.004, quota;dur=0.002, load;dur=0.000;desc=memory, …`, in milliseconds.
fn timing(text: &mut Text, stopwatch: &Stopwatch, tier: Option<Tier>) {
    for stage in Stage::ALL {
        if stage != Stage::ALL[0] {
            text.text(", ");
        }
        text.text(stage.as_str());
        text.text(";dur=");
        text.millis(stopwatch.of(stage));
        if stage == Stage::Load {
            text.text(";desc=");
            text.text(tier.map_or("result", Tier::as_str));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tail_is_the_end_and_begins_with_a_whole_character() {
        assert_eq!(log_tail(b"short"), "short");
        let long = format!("{}{}", "x".repeat(100), "é".repeat(LOG_TAIL_BYTES));
        let tail = log_tail(long.as_bytes());
        assert!(tail.chars().all(|letter| letter == 'é'), "{tail}");
        let odd = format!("{}y", "é".repeat(LOG_TAIL_BYTES));
        assert!(log_tail(odd.as_bytes()).starts_with('é'));
    }
}
