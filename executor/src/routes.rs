//! Every route. The front door goes straight to admission for what is counted in microseconds, and to a router for the rest.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::post;
use cartwright_domain::limits::Limits;
use cartwright_role::{health, problem, request};
use futures_util::future::Either;
use http::{Method, Request};
use hyper::body::Incoming;
use tower::Service;

use crate::admission::what::Resolved;
use crate::admission::{Done, FrontDoor, Refusal, TargetDoor};
use crate::internal_run::{self, InternalRuns};

/// `POST /v1/invoke/{function}`; the name is one segment.
pub(crate) const INVOKE: &str = "/v1/invoke/";

/// `POST /v1/run/{target}`; the name is one segment.
pub(crate) const RUN: &str = "/v1/run/";

/// The largest run request: base64 adds a third to the largest input, and the rest is names.
const RUN_REQUEST_BYTES_MAX: usize = Limits::CEILING.input_bytes_max as usize / 3 * 4 + (64 << 10);

/// The public listener.
#[derive(Clone)]
pub(crate) struct Front<Inner> {
    invoke: FrontDoor<Inner>,
    run: TargetDoor<Inner>,
    rest: Router,
}

impl<Inner> Front<Inner> {
    pub(crate) fn new(
        invoke: FrontDoor<Inner>,
        run: TargetDoor<Inner>,
        readiness: health::Readiness,
        metrics: cartwright_role::prometheus::Exposition,
    ) -> Self {
        let routes = health::routes(readiness, metrics)
            .route("/v1/invoke/{function}", post(problem::no_route))
            .route("/v1/run/{target}", post(problem::no_route));
        Self {
            invoke,
            run,
            rest: request::layered(routes),
        }
    }
}

impl<Inner> Service<Request<Incoming>> for Front<Inner>
where
    FrontDoor<Inner>: Service<Request<Incoming>, Response = Response, Error = Infallible>,
    TargetDoor<Inner>: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<
        <FrontDoor<Inner> as Service<Request<Incoming>>>::Future,
        Either<
            <TargetDoor<Inner> as Service<Request<Incoming>>>::Future,
            <Router as Service<Request<Incoming>>>::Future,
        >,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        if is_post_below(INVOKE, &request) {
            Either::Left(self.invoke.call(request))
        } else if is_post_below(RUN, &request) {
            Either::Right(Either::Left(self.run.call(request)))
        } else {
            Either::Right(Either::Right(self.rest.call(request)))
        }
    }
}

fn is_post_below<B>(prefix: &str, request: &Request<B>) -> bool {
    let name = request.uri().path().strip_prefix(prefix);
    request.method() == Method::POST
        && name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// The routes of the internal listener, below `/internal/v1`.
pub(crate) fn internal<Inner>(runs: InternalRuns<Inner>) -> Router
where
    Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    Router::new()
        .route("/run", post(internal_run::run::<Inner>))
        .layer(DefaultBodyLimit::max(RUN_REQUEST_BYTES_MAX))
        .with_state(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_to_a_name_is_an_invocation() {
        let is = |method: &str, path: &str| {
            is_post_below(
                INVOKE,
                &Request::builder()
                    .method(method)
                    .uri(path)
                    .body(())
                    .unwrap(),
            )
        };
        assert!(is("POST", "/v1/invoke/discount"));
        assert!(is("POST", "/v1/invoke/discount?version=1"));
        for (method, path) in [
            ("GET", "/v1/invoke/discount"),
            ("POST", "/v1/invoke/"),
            ("POST", "/v1/invoke/a/b"),
            ("POST", "/healthz"),
        ] {
            assert!(!is(method, path), "{method} {path}");
        }
    }
}
