//! Whether the process lives and whether it can do its work: `/healthz`, `/readyz`, `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cartwright_domain::problem::{Code, Problem};
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::problem::ProblemResponse;
use crate::prometheus::Exposition;

/// The condition that fails while the process drains.
const DRAINING: &str = "drain";

/// What the process needs to do its work, and what of it is missing now. Clones share it.
#[derive(Clone)]
pub struct Readiness {
    role: &'static str,
    conditions: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
}

impl Readiness {
    /// The readiness of this role, as the answers name it. Without conditions it is ready.
    #[must_use]
    pub fn new(role: &'static str) -> Self {
        Self {
            role,
            conditions: Arc::default(),
        }
    }

    /// Something that is needed, such as `postgres`. Missing until it is said to be ready.
    #[must_use]
    pub fn condition(&self, name: &'static str) -> Condition {
        let condition = Condition {
            name,
            readiness: self.clone(),
        };
        condition.missing("not reached yet");
        condition
    }

    /// What is missing now and why, by name.
    #[must_use]
    pub fn missing(&self) -> BTreeMap<&'static str, String> {
        let conditions = self.conditions();
        let missing = conditions
            .iter()
            .filter_map(|(name, reason)| Some((*name, reason.clone()?)));
        missing.collect()
    }

    /// From now on not ready: the process is about to end.
    pub(crate) fn drain(&self) {
        let reason = Some("this process is about to end".to_owned());
        self.conditions().insert(DRAINING, reason);
    }

    fn conditions(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<String>>> {
        self.conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> Response {
        let missing = self.missing();
        if missing.is_empty() {
            return axum::Json(json!({"status": "ready", "role": self.role})).into_response();
        }
        let listed: Vec<_> = missing
            .iter()
            .map(|(what, why)| format!("{what} ({why})"))
            .collect();
        let errors = missing
            .iter()
            .map(|(what, why)| json!({"what": what, "reason": why}));
        let detail = format!("missing: {}", listed.join(", "));
        let problem = Problem::new(Code::NotReady, detail).with_errors(errors.collect());
        ProblemResponse(problem).into_response()
    }
}

/// One thing that is needed. Whoever watches over it says how it stands.
#[derive(Clone)]
pub struct Condition {
    name: &'static str,
    readiness: Readiness,
}

impl Condition {
    /// It is there.
    pub fn ready(&self) {
        let before = self.readiness.conditions().insert(self.name, None);
        if before.flatten().is_some() {
            tracing::info!(condition = self.name, "{} is ready", self.name);
        }
    }

    /// It is not, and why: shown to whoever asks, so neither addresses nor secrets.
    pub fn missing(&self, reason: impl Into<String>) {
        let reason = reason.into();
        let before = self
            .readiness
            .conditions()
            .insert(self.name, Some(reason.clone()));
        if before == Some(None) {
            tracing::warn!(condition = self.name, "{} is missing: {reason}", self.name);
        }
    }
}

/// The three routes that every role has on its public listener.
pub fn routes(readiness: Readiness, metrics: Exposition) -> Router {
    let role = readiness.role;
    let alive = move || async move {
        axum::Json(json!({"status": "alive", "role": role, "version": env!("CARGO_PKG_VERSION")}))
    };
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(async move || readiness.answer()))
        .route(
            "/metrics",
            get(async move || {
                (
                    [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                    metrics.render(),
                )
            }),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_missing_until_it_is_ready_and_a_drain_ends_readiness() {
        let readiness = Readiness::new("test");
        let postgres = readiness.condition("postgres");
        assert_eq!(readiness.answer().status(), 503);
        postgres.ready();
        assert_eq!(readiness.answer().status(), 200);
        postgres.missing("connection refused");
        assert_eq!(readiness.missing()["postgres"], "connection refused");
        postgres.ready();
        readiness.drain();
        assert_eq!(readiness.answer().status(), 503);
    }
}
