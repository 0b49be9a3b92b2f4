//! RFC 9457 problem documents, and every stable code that one may carry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::outcome::Outcome;

/// A problem's code: stable, documented, one per cause. Its status and title follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request cannot be read or breaks a rule that its documentation states.
    InvalidRequest,
    /// No credential, or one that is not valid.
    Unauthenticated,
    /// The credential is valid and does not allow this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The method is not offered on this route.
    MethodNotAllowed,
    /// It would clash with what exists.
    Conflict,
    /// The first request with this idempotency key is still being worked on.
    IdempotencyInProgress,
    /// The idempotency key was used with another body.
    IdempotencyMismatch,
    /// The request came too slowly.
    RequestTimeout,
    /// The body is larger than the limit.
    InputTooLarge,
    /// The body is of a kind that the route does not take.
    UnsupportedMediaType,
    /// The event would go on with a chain of events that is too long already.
    LoopDetected,
    /// The module was refused; `errors[]` has every finding.
    ModuleInvalid,
    /// The tenant's spend cap is reached.
    SpendCapReached,
    /// Too many requests in a short time.
    RateLimited,
    /// Too many runs at the same time.
    ConcurrencyLimited,
    /// A daily or monthly quota is used up.
    QuotaExceeded,
    /// The fleet sheds load.
    Shedding,
    /// Something that this needs cannot be reached now.
    NotReady,
    /// Our fault; the log has it under the request id.
    Internal,
    /// See [`Outcome::FuelExhausted`].
    FuelExhausted,
    /// See [`Outcome::MemoryExceeded`].
    MemoryExceeded,
    /// See [`Outcome::StackOverflow`].
    StackOverflow,
    /// See [`Outcome::DeadlineExceeded`].
    DeadlineExceeded,
    /// See [`Outcome::Trap`].
    Trap,
    /// See [`Outcome::Exited`].
    Exited,
    /// See [`Outcome::OutputTooLarge`].
    OutputTooLarge,
    /// See [`Outcome::OutputInvalid`].
    OutputInvalid,
    /// See [`Outcome::BudgetExceeded`].
    BudgetExceeded,
}

impl Code {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::IdempotencyInProgress,
        Self::IdempotencyMismatch,
        Self::RequestTimeout,
        Self::InputTooLarge,
        Self::UnsupportedMediaType,
        Self::LoopDetected,
        Self::ModuleInvalid,
        Self::SpendCapReached,
        Self::RateLimited,
        Self::ConcurrencyLimited,
        Self::QuotaExceeded,
        Self::Shedding,
        Self::NotReady,
        Self::Internal,
        Self::FuelExhausted,
        Self::MemoryExceeded,
        Self::StackOverflow,
        Self::DeadlineExceeded,
        Self::Trap,
        Self::Exited,
        Self::OutputTooLarge,
        Self::OutputInvalid,
        Self::BudgetExceeded,
    ];

    /// The HTTP status, the title and the word of the code.
    const fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (400, "The request is not valid", "invalid_request"),
            Self::Unauthenticated => (401, "No valid credential", "unauthenticated"),
            Self::SpendCapReached => (402, "The spend cap is reached", "spend_cap_reached"),
            Self::Forbidden => (403, "Not allowed with this credential", "forbidden"),
            Self::NotFound => (404, "Not found", "not_found"),
            Self::MethodNotAllowed => (405, "The method is not offered here", "method_not_allowed"),
            Self::RequestTimeout => (408, "The request came too slowly", "request_timeout"),
            Self::Conflict => (409, "It clashes with what exists", "conflict"),
            Self::IdempotencyInProgress => (
                409,
                "The first such request is still running",
                "idempotency_in_progress",
            ),
            Self::InputTooLarge => (413, "The body is too large", "input_too_large"),
            Self::UnsupportedMediaType => (
                415,
                "The body is of the wrong kind",
                "unsupported_media_type",
            ),
            Self::IdempotencyMismatch => (
                422,
                "The idempotency key was used with another body",
                "idempotency_mismatch",
            ),
            Self::LoopDetected => (422, "Events that cause each other", "loop_detected"),
            Self::ModuleInvalid => (422, "The module was refused", "module_invalid"),
            Self::FuelExhausted => (422, "The function ran out of fuel", "fuel_exhausted"),
            Self::MemoryExceeded => (422, "The function ran out of memory", "memory_exceeded"),
            Self::StackOverflow => (
                422,
                "The function's calls nested too deep",
                "stack_overflow",
            ),
            Self::DeadlineExceeded => (422, "The function ran out of time", "deadline_exceeded"),
            Self::Trap => (422, "The function trapped", "trap"),
            Self::Exited => (422, "The function ended itself with an error", "exited"),
            Self::OutputTooLarge => (
                422,
                "The function's output is too large",
                "output_too_large",
            ),
            Self::OutputInvalid => (422, "The function's output is not valid", "output_invalid"),
            Self::BudgetExceeded => (422, "The caller's time budget ended", "budget_exceeded"),
            Self::RateLimited => (429, "Too many requests", "rate_limited"),
            Self::ConcurrencyLimited => {
                (429, "Too many runs at the same time", "concurrency_limited")
            }
            Self::QuotaExceeded => (429, "The quota is used up", "quota_exceeded"),
            Self::Internal => (500, "An error on our side", "internal"),
            Self::Shedding => (503, "Too much load", "shedding"),
            Self::NotReady => (503, "Not ready", "not_ready"),
        }
    }

    /// The HTTP status of a problem with this code.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.facts().0
    }

    /// The short summary that is the same for every problem with this code.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.facts().1
    }

    /// The code as it stands in the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().2
    }

    /// The code of a run that failed so; `None` for a run that did not fail by itself.
    #[must_use]
    pub const fn of_outcome(outcome: Outcome) -> Option<Self> {
        Some(match outcome {
            Outcome::Ok => return None,
            Outcome::FuelExhausted => Self::FuelExhausted,
            Outcome::MemoryExceeded => Self::MemoryExceeded,
            Outcome::StackOverflow => Self::StackOverflow,
            Outcome::DeadlineExceeded => Self::DeadlineExceeded,
            Outcome::Trap => Self::Trap,
            Outcome::Exited => Self::Exited,
            Outcome::OutputTooLarge => Self::OutputTooLarge,
            Outcome::OutputInvalid => Self::OutputInvalid,
            Outcome::BudgetExceeded => Self::BudgetExceeded,
            Outcome::SpendCapReached => Self::SpendCapReached,
            Outcome::PlatformFault => Self::Internal,
        })
    }
}

/// A problem document. `instance` and `request_id` are filled in where the response is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Names the kind of problem; a page of the documentation, relative to this installation.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time: what, which limit, the value, what to do.
    pub detail: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance: Option<String>,
    /// The stable code.
    pub code: Code,
    /// The request, as our logs name it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// One entry per cause, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<Value>,
    /// Members of the code's own, such as `limit` and `used` of a run.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem of this code with this detail.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs/problems#{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            instance: None,
            code,
            request_id: None,
            errors: Vec::new(),
            members: Map::new(),
        }
    }

    /// The same with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same with these entries in `errors[]`.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Value>) -> Self {
        self.errors = errors;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_its_word() {
        let written =
            serde_json::to_value(Problem::new(Code::FuelExhausted, "…").with("limit", 5)).unwrap();
        assert_eq!(written["code"], Code::FuelExhausted.as_str());
        assert_eq!(written["status"], 422);
        assert_eq!(written["limit"], 5);
    }

    #[test]
    fn no_two_codes_share_a_word() {
        let words: std::collections::HashSet<_> =
            Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn every_failed_outcome_has_a_code_with_the_same_word() {
        for outcome in Outcome::ALL
            .iter()
            .filter(|outcome| !matches!(outcome, Outcome::Ok | Outcome::PlatformFault))
        {
            assert_eq!(
                Code::of_outcome(*outcome).map(Code::as_str),
                Some(outcome.as_str())
            );
        }
    }
}
