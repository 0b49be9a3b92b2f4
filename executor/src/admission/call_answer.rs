//! What the caller of a target reads: every function's result in the tenant's order, or the problem of the one whose failure
//! the tenant said must fail the call.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use cartwright_domain::money::Pico;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::problem::Problem;
use cartwright_domain::wire::OnError;
use cartwright_role::problem::ProblemResponse;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::problem;
use super::headers::{
    COST, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID, SERVER_TIMING, Text, Values,
};
use super::memoised::Looked;
use super::run_all::{Bound, CallDone};
use super::{Answered, Stopwatch};
use crate::counters::Stage;

/// The stages that a call has of its own. Those of each run stand in the metrics.
const STAGES: [Stage; 3] = [Stage::Auth, Stage::Quota, Stage::Run];

#[derive(Serialize)]
struct Results<'a> {
    results: Vec<Entry<'a>>,
}

/// One function's result. What did not run has no version, no id and no cost.
#[derive(Serialize)]
struct Entry<'a> {
    function: &'a str,
    alias: &'a str,
    version: Option<u32>,
    invocation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
    fuel: u64,
    memory_peak_bytes: u64,
    duration_us: u64,
    cost: String,
    /// Whether the result was known: `hit`, `miss` or `off`.
    cache: &'static str,
    /// What the function read, in bytes, and what it was cut from.
    input_bytes: usize,
    payload_bytes: usize,
}

impl Answered for CallDone {
    fn into_answer(self, path: &str) -> Response {
        let currency = self.tenant.prices.currency;
        let ran = self.runs.iter().filter_map(|run| run.ended.as_ref().ok());
        let cost = Pico(ran.map(|done| done.cost.0).sum());
        let mut headers = HeaderMap::with_capacity(8);
        let mut values = Values::new();
        headers.insert(REQUEST_ID, values.id(self.request_id.uuid()));
        headers.insert(COST, values.value(format_args!("{cost} {currency}")));
        let timing = values.written(|text| timing(text, &self.stopwatch));
        headers.insert(SERVER_TIMING, timing);
        // Of the tenant, which all runs of the call drew from. What is left of a function's own stands in no field of a call.
        let quotas = self.tenant.quotas.as_ref();
        if let Some(quotas) = quotas.filter(|quotas| !quotas.policies().is_empty()) {
            headers.insert(RATE_LIMIT_POLICY, values.value(quotas.policies()));
            headers.insert(RATE_LIMIT, values.value(quotas.left()));
        }

        let results = Results {
            results: self.runs.iter().map(|run| self.entry(run, path)).collect(),
        };
        let failed =
            self.runs.iter().zip(&results.results).find(|(run, entry)| {
                run.binding.on_error == OnError::Fail && entry.error.is_some()
            });
        let mut answer = match failed {
            None => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let body = serde_json::to_vec(&results).expect("text, numbers and JSON are JSON");
                Response::new(Body::from(body))
            }
            Some((run, entry)) => {
                if let Some(seconds) = run
                    .ended
                    .as_ref()
                    .err()
                    .and_then(|refusal| refusal.retry_after_s)
                {
                    headers.insert(RETRY_AFTER, seconds.into());
                }
                let error = entry.error.clone().expect("it was found by its error");
                failure(error, entry, &results).into_response()
            }
        };
        answer.headers_mut().extend(headers);
        answer
    }
}

/// The problem of the function that failed the call, with what became of the others, since they ran and are billed.
fn failure(mut error: Problem, entry: &Entry<'_>, results: &Results<'_>) -> ProblemResponse {
    error.detail = format!(
        "the function \"{}\", whose failure fails the call (`on_error: fail`): {}",
        entry.function, error.detail
    );
    let results = serde_json::to_value(&results.results).expect("text, numbers and JSON are JSON");
    ProblemResponse(
        error
            .with("function", entry.function)
            .with("results", results),
    )
}

impl CallDone {
    fn entry<'a>(&'a self, run: &'a Bound, path: &str) -> Entry<'a> {
        let currency = self.tenant.prices.currency;
        let (function, alias) = (run.binding.function.as_str(), run.binding.alias.as_str());
        let done = match &run.ended {
            Ok(done) => done,
            Err(refusal) => {
                return Entry {
                    function,
                    alias,
                    version: None,
                    invocation_id: None,
                    output: None,
                    error: Some(refusal.told(self.request_id, path)),
                    fuel: 0,
                    memory_peak_bytes: 0,
                    duration_us: 0,
                    cost: format!("{} {currency}", Pico::default()),
                    cache: Looked::Off.as_str(),
                    input_bytes: 0,
                    payload_bytes: 0,
                };
            }
        };
        let (granted, finished) = (&done.granted, &done.finished);
        let is_ok = finished.outcome == Outcome::Ok;
        let output = is_ok.then(|| {
            serde_json::from_slice(&finished.output).expect("the output was checked to be JSON")
        });
        let input_bytes = granted.input.len();
        Entry {
            function,
            alias,
            version: Some(granted.resolved.version.number),
            invocation_id: Some(done.invocation_id().to_string()),
            output,
            error: (!is_ok).then(|| problem(done, path)),
            fuel: finished.fuel_used,
            memory_peak_bytes: finished.memory_peak_bytes,
            duration_us: u64::try_from(finished.wall.as_micros()).unwrap_or(u64::MAX),
            cost: format!("{} {currency}", done.cost),
            cache: granted.memo.as_str(),
            input_bytes,
            payload_bytes: granted
                .payload_bytes
                .map_or(input_bytes, |bytes| bytes as usize),
        }
    }
}

/// `auth;dur=0.004, quota;dur=0.031, run;dur=0.204`, in milliseconds.
fn timing(text: &mut Text, stopwatch: &Stopwatch) {
    for (at, stage) in STAGES.into_iter().enumerate() {
        if at > 0 {
            text.text(", ");
        }
        text.text(stage.as_str());
        text.text(";dur=");
        text.millis(stopwatch.of(stage));
    }
}
