//! The outermost layer: every request gets an id, and every ending of it becomes an answer.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::response::Response;
use cartwright_domain::ids::RequestId;
use cartwright_domain::problem::Code;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Request, Uri};
use hyper::body::Incoming;
use tower::Service;

use super::linger::Lingering;
use super::{Answered, Ended, REQUEST_ID, Refusal, Stopwatch};
use crate::mint;

/// A request with an id. It goes through the layers in a box: moving it whole from one to the next costs more than that.
pub(crate) struct Arrived {
    pub(super) request_id: RequestId,
    pub(super) parts: Parts,
    pub(super) body: Lingering,
    pub(super) stopwatch: Stopwatch,
}

/// Gives ids and turns endings into answers. A caller's own id is not taken over: it could be anyone's.
#[derive(Clone)]
pub(crate) struct RequestIds<S> {
    inner: S,
}

impl<S> RequestIds<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, Work> Service<Request<Incoming>> for RequestIds<S>
where
    S: Service<Box<Arrived>, Response = Ended<Work>, Error = Refusal, Future: Send + 'static>,
    Work: Answered,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let stopwatch = Stopwatch::start();
        let request_id = RequestId::from_bytes(mint::id_bytes());
        let (parts, body) = request.into_parts();
        // Shares the bytes of the request's head.
        let uri = parts.uri.clone();
        let ending = self.inner.call(Box::new(Arrived {
            request_id,
            parts,
            body: Lingering::new(body),
            stopwatch,
        }));
        Box::pin(async move {
            let ended = AssertUnwindSafe(ending).catch_unwind().await;
            Ok(answer(
                request_id,
                &uri,
                ended.unwrap_or_else(|_| Err(panicked(request_id))),
            ))
        })
    }
}

fn answer(
    request_id: RequestId,
    uri: &Uri,
    ended: Result<Ended<impl Answered>, Refusal>,
) -> Response {
    match ended {
        Ok(Ended::Ran(work)) => work.into_answer(uri.path()),
        Ok(Ended::Answered(mut answer)) => {
            let id = HeaderValue::try_from(request_id.to_string()).expect("a UUID is ASCII");
            answer.headers_mut().insert(REQUEST_ID, id);
            answer
        }
        Err(refusal) => refusal.into_answer(request_id, uri.path()),
    }
}

fn panicked(request_id: RequestId) -> Refusal {
    tracing::error!(%request_id, "the handling of a request panicked");
    Refusal::new(
        Code::Internal,
        "something went wrong on our side; the log has it under this request_id. Nothing was billed",
    )
}
