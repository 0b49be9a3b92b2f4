//! Keyed: an invocation with an `Idempotency-Key` runs once. Only such requests wait for the network here, and they alone
//! pay for it; every other one passes through.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::TryFutureExt;
use futures_util::future::{Either, MapOk};
use http::Response;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use tower::Service;

use super::what::Resolved;
use super::{Answered, Done, Ended, Refusal, for_good};
use crate::idempotency::{Fingerprint, Idempotency, IdempotencyKey, KeyedRequest, Scope, Worked};
use crate::inputs::InputRoom;
use crate::routes::INVOKE;

/// Answers keyed invocations once, by the service within.
#[derive(Clone)]
pub(crate) struct Keyed<S> {
    idempotency: &'static Arc<Idempotency>,
    inputs: &'static Arc<InputRoom>,
    inner: S,
}

impl<S> Keyed<S> {
    /// `inputs` is the room that inputs take in this process.
    pub(crate) fn new(idempotency: Arc<Idempotency>, inputs: Arc<InputRoom>, inner: S) -> Self {
        Self {
            idempotency: for_good(idempotency),
            inputs: for_good(inputs),
            inner,
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Ended<Done>, Refusal>> + Send>>;

impl<S> Service<Box<Resolved>> for Keyed<S>
where
    S: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
{
    type Response = Ended<Done>;
    type Error = Refusal;
    type Future = Either<MapOk<S::Future, fn(Done) -> Ended<Done>>, Answering>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut resolved: Box<Resolved>) -> Self::Future {
        match resolved.idempotency_key.take() {
            None => Either::Left(self.inner.call(resolved).map_ok(Ended::Ran)),
            Some(key) => Either::Right(Box::pin(self.clone().answer(key, resolved))),
        }
    }
}

impl<S> Keyed<S>
where
    S: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>
        + Send
        + 'static,
{
    async fn answer(
        mut self,
        key: IdempotencyKey,
        mut resolved: Box<Resolved>,
    ) -> Result<Ended<Done>, Refusal> {
        let input = resolved.read_input(self.inputs.clone()).await?;
        let (tenant, function) = (resolved.tenant.id, resolved.function.id);
        let scope = Scope::Function(function);
        let asked = asked(&resolved, &input);
        let request = KeyedRequest::new(&key, tenant, scope, asked);
        resolved.charge_key = key.charge_key(tenant, function, scope, &asked);
        let path = format!("{INVOKE}{}", resolved.function.name);
        let work = async move {
            let done = self.inner.call(resolved).await?;
            let is_final = done.finished.outcome.would_repeat();
            let answer = whole(done.into_answer(&path)).await;
            Ok(Worked { answer, is_final })
        };
        let answer = self.idempotency.clone().once(request, work).await?;
        Ok(Ended::Answered(answer.map(Into::into)))
    }
}

/// What tells requests under one key apart: the input, and which version was asked for. What an alias leads to may change
/// between a request and its repeat, and the repeat still gets the first answer.
fn asked(resolved: &Resolved, input: &[u8]) -> Fingerprint {
    let hash = Sha256::new().chain_update(Sha256::digest(input));
    let hash = match &resolved.alias {
        Some(alias) => hash.chain_update(b"alias").chain_update(alias.as_str()),
        None => hash
            .chain_update(b"version")
            .chain_update(resolved.version.number.to_le_bytes()),
    };
    hash.finalize().into()
}

/// The answer with its body in one piece, as which it was made.
pub(super) async fn whole(answer: axum::response::Response) -> Response<Bytes> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("a body in memory cannot fail");
    Response::from_parts(head, body.to_bytes())
}
