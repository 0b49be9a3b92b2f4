//! Problem documents as HTTP answers, and those that belong to no handler: no such route, wrong method, a panic.

use std::any::Any;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::{Code, Problem};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode, Uri};

/// The content type of every error.
pub const CONTENT_TYPE_PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem as an answer. [`crate::request::layered`] fills in `instance` and `request_id` where they are absent.
#[derive(Debug, Clone)]
pub struct ProblemResponse(pub Problem);

impl ProblemResponse {
    /// A problem of this code with this detail, as an answer.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Problem::new(code, detail))
    }
}

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).expect("the status of every code is a valid one");
        let mut response = (status, [(CONTENT_TYPE, CONTENT_TYPE_PROBLEM)]).into_response();
        *response.body_mut() = written(&self.0);
        response.extensions_mut().insert(self.0);
        response
    }
}

fn written(problem: &Problem) -> Body {
    Body::from(serde_json::to_vec(problem).expect("a problem is strings, numbers and lists"))
}

/// Name the request in an answer that is a problem; leave every other answer as it is.
pub(crate) fn name_request(response: &mut Response, path: &str, request_id: &str) {
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return;
    };
    problem.instance.get_or_insert_with(|| path.to_owned());
    problem
        .request_id
        .get_or_insert_with(|| request_id.to_owned());
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = written(&problem);
}

/// The answer where no route is.
pub async fn no_route(uri: Uri) -> ProblemResponse {
    let path: String = uri.path().chars().take(200).collect();
    ProblemResponse::new(Code::NotFound, format!("there is nothing at {path}"))
}

/// The answer where the route does not offer the method.
pub async fn no_method(method: Method, uri: Uri) -> ProblemResponse {
    let path: String = uri.path().chars().take(200).collect();
    ProblemResponse::new(
        Code::MethodNotAllowed,
        format!("{path} does not offer {method}"),
    )
}

/// The answer when a handler panicked. What it said goes to the log only.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that is no text");
    tracing::error!("a handler panicked: {said}");
    internal_error().into_response()
}

/// The answer when we failed: nothing of what happened, since the log has it under the request id.
#[must_use]
pub fn internal_error() -> ProblemResponse {
    ProblemResponse::new(
        Code::Internal,
        "something went wrong on our side; the log has it under this request_id",
    )
}
