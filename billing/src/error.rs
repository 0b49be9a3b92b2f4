//! What a caller may learn of a failure, and its one mapping to a problem document.

use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::problem::{ProblemResponse, internal_error};
use http::HeaderValue;
use http::header::RETRY_AFTER;

/// What a caller may learn. Anything else is `Internal`: logged whole, shown as nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BillingError {
    /// The request breaks a rule; the text says which, with what, and what to do.
    #[error("{0}")]
    Invalid(String),
    /// There is none, or not of this tenant.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The batch does not begin where the writer's log is durable up to.
    #[error("the log of this writer goes on at {next_seq}, and the batch does not begin there")]
    NotNext {
        /// Where it goes on.
        next_seq: u64,
    },
    /// The batch has too many records or bytes.
    #[error("{0}")]
    TooLarge(String),
    /// Postgres cannot be reached, or not used as it is; the text says which.
    #[error("{0}; try again shortly")]
    NotReady(&'static str),
    /// We failed.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl From<sqlx::Error> for BillingError {
    fn from(error: sqlx::Error) -> Self {
        match passing(&error) {
            Some(why) => {
                tracing::warn!(%error, "{why}");
                Self::NotReady(why)
            }
            None => Self::Internal(error.into()),
        }
    }
}

impl From<anyhow::Error> for BillingError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// Why the same statement may succeed later, if it may.
fn passing(error: &sqlx::Error) -> Option<&'static str> {
    let code = match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_)
        // A connection that broke off within a message reads as one.
        | sqlx::Error::Protocol(_) => {
            return Some("the database cannot be reached");
        }
        sqlx::Error::Database(error) => error.code()?,
        _ => return None,
    };
    match code.as_ref() {
        // Serialization failure, deadlock, lock not available, query cancelled by a timeout.
        "40001" | "40P01" | "55P03" | "57014" => Some("the database is busy"),
        // Undefined table, column, function or database; no such login or password; no right: not migrated yet, mostly.
        "42P01" | "42703" | "42883" | "3D000" | "28000" | "28P01" | "42501" => {
            Some("the database is not set up: run `cartwright-api migrate`")
        }
        // Connection exceptions, out of resources, operator intervention such as a shutdown, a read-only standby.
        code if code.starts_with("08")
            || code.starts_with("53")
            || code.starts_with("57P")
            || code == "25006" =>
        {
            Some("the database cannot be reached")
        }
        _ => None,
    }
}

impl IntoResponse for BillingError {
    fn into_response(self) -> Response {
        let detail = self.to_string();
        let problem = match self {
            Self::Invalid(_) => Problem::new(Code::InvalidRequest, detail),
            Self::NotFound(_) => Problem::new(Code::NotFound, detail),
            Self::NotNext { next_seq } => {
                Problem::new(Code::Conflict, detail).with("next_seq", next_seq)
            }
            Self::TooLarge(_) => Problem::new(Code::InputTooLarge, detail),
            Self::NotReady(_) => {
                let mut response = ProblemResponse::new(Code::NotReady, detail).into_response();
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static("1"));
                return response;
            }
            Self::Internal(error) => {
                tracing::error!("a request failed: {error:#}");
                return internal_error().into_response();
            }
        };
        ProblemResponse(problem).into_response()
    }
}
