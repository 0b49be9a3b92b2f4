//! A request that was not run: the problem that its caller reads, and the headers that go with it.

use axum::response::{IntoResponse, Response};
use cartwright_domain::ids::RequestId;
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::problem::ProblemResponse;
use http::HeaderValue;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};

use cartwright_domain::wire::RETRY_AFTER_S;

use super::REQUEST_ID;
use super::headers::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::quotas::Denied;

/// Why a request was not run. Nothing was billed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) problem: Box<Problem>,
    pub(super) retry_after_s: Option<u64>,
    /// `RateLimit-Policy` and `RateLimit`.
    rate_limit: Option<Box<[HeaderValue; 2]>>,
}

impl Refusal {
    /// A refusal of this code. What passes by itself says when to come back.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after_s = match code {
            Code::ConcurrencyLimited
            | Code::IdempotencyInProgress
            | Code::Shedding
            | Code::NotReady => Some(1),
            _ => None,
        };
        Self {
            problem: Box::new(Problem::new(code, detail)),
            retry_after_s,
            rate_limit: None,
        }
    }

    /// The refusal by a quota, with all that lets a caller slow down by itself.
    pub(crate) fn by(denied: &Denied) -> Self {
        let mut refusal = Self::new(denied.code(), denied.detail())
            .with("limit", denied.limit())
            .with("violated-policies", vec![denied.policy_name()]);
        refusal.retry_after_s = Some(denied.retry_after_s());
        refusal.rate_limit = denied.headers().map(|(policy, left)| {
            let value =
                |text: String| HeaderValue::from_str(&text).expect("names and numbers are ASCII");
            Box::new([value(policy), value(left)])
        });
        refusal
    }

    /// The same with one more member in the problem.
    pub(crate) fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.problem.members.insert(name.to_owned(), value.into());
        self
    }

    /// The problem as another role reads it, which sees no headers: with when to come back, in seconds.
    pub(crate) fn for_a_role(self) -> Problem {
        let mut problem = *self.problem;
        if let Some(seconds) = self.retry_after_s {
            problem
                .members
                .insert(RETRY_AFTER_S.to_owned(), seconds.into());
        }
        problem
    }

    /// Count and log it, and say it to the caller of this request.
    pub(super) fn told(&self, request_id: RequestId, path: &str) -> Problem {
        let mut problem = (*self.problem).clone();
        let code = problem.code;
        crate::counters::refused(code.as_str());
        if matches!(code, Code::Internal | Code::NotReady | Code::Shedding) {
            tracing::warn!(%request_id, code = code.as_str(), "refused a request: {}", problem.detail);
        } else {
            tracing::debug!(%request_id, code = code.as_str(), "refused a request: {}", problem.detail);
        }
        problem.instance = Some(path.chars().take(200).collect());
        problem.request_id = Some(request_id.to_string());
        problem
    }

    /// The HTTP answer to this request.
    pub(super) fn into_answer(self, request_id: RequestId, path: &str) -> Response {
        let problem = self.told(request_id, path);
        let code = problem.code;
        let id_value = HeaderValue::from_str(&request_id.to_string()).expect("a UUID is ASCII");
        let mut answer = ProblemResponse(problem).into_response();
        let headers = answer.headers_mut();
        headers.insert(REQUEST_ID, id_value);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(rate_limit) = self.rate_limit {
            let [policy, left] = *rate_limit;
            headers.insert(RATE_LIMIT_POLICY, policy);
            headers.insert(RATE_LIMIT, left);
        }
        if code == Code::Unauthenticated {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"cartwright\""),
            );
        }
        answer
    }
}
