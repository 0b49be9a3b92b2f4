//! What a caller may learn of a failure, and its one mapping to a status and a problem document.

use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::internal::CallError;
use cartwright_role::problem::{ProblemResponse, internal_error};
use http::HeaderValue;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;

/// What a caller may learn. Anything else is `Internal`: logged whole, shown as nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request breaks a rule; the text says which, with what, and what to do.
    #[error("{0}")]
    Invalid(String),
    /// Rules are broken, each with the member that breaks it.
    #[error("the request breaks {}", rules(.0))]
    InvalidMembers(Vec<Violation>),
    /// There is no valid credential; the text says why not.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The credential is valid and does not allow this; the text says what would.
    #[error("{0}")]
    Forbidden(String),
    /// There is none, or the caller may not know of it.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The name is taken.
    #[error("a {0} with this name exists already")]
    NameTaken(&'static str),
    /// It clashes with what exists; the text says with what, and what to do.
    #[error("{0}")]
    Conflict(String),
    /// The body is over the limit.
    #[error("the body is over the limit of {limit_bytes} bytes")]
    InputTooLarge {
        /// The most that the route takes, in bytes.
        limit_bytes: u64,
    },
    /// The body is of a kind that the route does not take; the text says which it takes.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// Too many requests of this kind in a short time.
    #[error("{detail}")]
    RateLimited {
        /// What was limited, and how.
        detail: String,
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Something that this needs cannot be reached now; the word says what.
    #[error("{0} cannot be reached at the moment; try again shortly")]
    NotReady(&'static str),
    /// A problem as another role or a decision of ours stated it.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// We failed.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

fn rules(broken: &[Violation]) -> String {
    match broken.len() {
        1 => "a rule".to_owned(),
        several => format!("{several} rules"),
    }
}

/// A rule that a member of the request breaks.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// Where: a JSON pointer into the body.
    pub(crate) pointer: String,
    /// The rule, and what came instead.
    pub(crate) detail: String,
}

impl ApiError {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::Invalid(_) => Problem::new(Code::InvalidRequest, detail),
            Self::InvalidMembers(violations) => {
                let errors = violations
                    .iter()
                    .map(|each| json!({"pointer": each.pointer, "detail": each.detail}));
                Problem::new(Code::InvalidRequest, detail).with_errors(errors.collect())
            }
            Self::Unauthenticated(_) => Problem::new(Code::Unauthenticated, detail),
            Self::Forbidden(_) => Problem::new(Code::Forbidden, detail),
            Self::NotFound(_) => Problem::new(Code::NotFound, detail),
            Self::NameTaken(_) | Self::Conflict(_) => Problem::new(Code::Conflict, detail),
            Self::InputTooLarge { limit_bytes } => {
                Problem::new(Code::InputTooLarge, detail).with("limit", limit_bytes)
            }
            Self::UnsupportedMediaType(_) => Problem::new(Code::UnsupportedMediaType, detail),
            Self::RateLimited { .. } => Problem::new(Code::RateLimited, detail),
            Self::NotReady(_) => Problem::new(Code::NotReady, detail),
            Self::Problem(problem) => *problem,
            Self::Internal(error) => {
                tracing::error!("internal error: {error:#}");
                internal_error().0
            }
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::RateLimited { retry_after_s, .. } => Some(*retry_after_s),
            Self::NotReady(_) => Some(1),
            Self::Problem(problem) if matches!(problem.status, 429 | 503) => Some(1),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (retry_after_s, asks) = (
            self.retry_after_s(),
            matches!(self, Self::Unauthenticated(_)),
        );
        let mut response = ProblemResponse(self.into_problem()).into_response();
        if let Some(seconds) = retry_after_s {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if asks {
            let challenge = HeaderValue::from_static("Bearer realm=\"cartwright\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) {
            tracing::warn!("the database is away, busy or not migrated: {error}");
            return Self::NotReady("the database");
        }
        // character_not_in_repertoire: the one character that JSON can carry and Postgres cannot keep.
        if error
            .as_database_error()
            .is_some_and(|error| error.code().as_deref() == Some("22021"))
        {
            return Self::Invalid("text must not contain the character U+0000".to_owned());
        }
        Self::Internal(anyhow::Error::new(error).context("a query failed"))
    }
}

/// Another role answered with a problem of ours, or with none. What it says of the request is the caller's to know;
/// what it says of itself is not.
impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem(mut problem)
                if !matches!(
                    problem.code,
                    Code::Internal | Code::Unauthenticated | Code::Forbidden
                ) =>
            {
                // These name the call between the roles; the answer names the caller's own request.
                (problem.instance, problem.request_id) = (None, None);
                Self::Problem(problem)
            }
            error if error.is_passing() => {
                tracing::warn!("another role cannot be reached: {error}");
                Self::NotReady("a part of the service")
            }
            error => Self::Internal(anyhow::Error::new(error).context("a call to another role")),
        }
    }
}

/// Whether the same query may succeed later, rather than that it is at odds with the database.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        // A connection that is closed in the middle of its start reads as a breach of the protocol.
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing_state(&code)),
        _ => false,
    }
}

/// Whether this SQLSTATE tells of the moment and not of the query.
fn is_passing_state(code: &str) -> bool {
    match code {
        // Serialization failure, deadlock, lock not available, query cancelled by a timeout.
        "40001" | "40P01" | "55P03" | "57014" => true,
        // Undefined table, no right: not migrated yet, mostly.
        "42P01" | "42501" => true,
        // Classes 08 (connection), 53 (resources), 57P (an operator intervened), and a login or database that is not there yet.
        _ => ["08", "53", "57P", "28", "3D"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

/// Translate the rules that the database states.
pub(crate) trait OnConstraint<T> {
    /// `refusal` when this constraint refused the statement; any other error as it is.
    fn on_constraint(self, constraint: &str, refusal: ApiError) -> Result<T, ApiError>;
}

impl<T> OnConstraint<T> for Result<T, sqlx::Error> {
    fn on_constraint(self, constraint: &str, refusal: ApiError) -> Result<T, ApiError> {
        self.map_err(|error| {
            let refused_by = error
                .as_database_error()
                .and_then(|error| error.constraint());
            if refused_by == Some(constraint) {
                refusal
            } else {
                error.into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_role_says_is_passed_on_without_its_own_path_and_with_when_to_come_back() {
        for (code, retry_after) in [
            (Code::NotFound, None),
            (Code::Shedding, Some("1")),
            (Code::ConcurrencyLimited, Some("1")),
        ] {
            let mut problem = Problem::new(code, "told by a role");
            problem.instance = Some("/internal/v1/run".to_owned());
            problem.request_id = Some("of-the-call".to_owned());
            let error = ApiError::from(CallError::Problem(Box::new(problem)));
            let ApiError::Problem(passed_on) = &error else {
                panic!("{error:?}");
            };
            assert_eq!((&passed_on.instance, &passed_on.request_id), (&None, &None));
            let response = error.into_response();
            let header = response.headers().get(RETRY_AFTER);
            assert_eq!(header.map(|value| value.to_str().unwrap()), retry_after);
        }
    }

    #[test]
    fn a_busy_database_is_not_our_failure_and_a_broken_query_is() {
        for code in [
            "40001", "40P01", "55P03", "57014", "42P01", "42501", "08006", "53300", "57P01",
            "28P01", "3D000",
        ] {
            assert!(is_passing_state(code), "{code}");
        }
        for code in ["23505", "42601", "22021", "42703"] {
            assert!(!is_passing_state(code), "{code}");
        }
    }
}
