//! A step of admission as a tower layer: it makes more of what the layer before gave it, or refuses.

use std::pin::Pin;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::{Refusal, for_good};

/// One step. A refusal goes straight back to the caller; nothing further in sees the request.
pub(crate) trait Step<In>: Send + Sync + 'static {
    /// What the next layer takes.
    type Out: Send;

    fn take(&self, coming: In) -> impl Future<Output = Result<Self::Out, Refusal>> + Send;
}

/// Puts a step before a service.
pub(super) struct StepLayer<T: 'static>(&'static T);

impl<T> StepLayer<T> {
    pub(super) fn new(step: T) -> Self {
        Self(for_good(step))
    }
}

impl<T, S> Layer<S> for StepLayer<T> {
    type Service = Stepped<T, S>;

    fn layer(&self, inner: S) -> Stepped<T, S> {
        Stepped {
            step: self.0,
            inner,
        }
    }
}

/// A service behind a step.
pub(crate) struct Stepped<T: 'static, S> {
    step: &'static T,
    inner: S,
}

impl<T, S: Clone> Clone for Stepped<T, S> {
    fn clone(&self) -> Self {
        Self {
            step: self.step,
            inner: self.inner.clone(),
        }
    }
}

impl<In, T, S> Service<In> for Stepped<T, S>
where
    In: Send + 'static,
    T: Step<In>,
    S: Service<T::Out, Error = Refusal, Future: Send> + Clone + Send + 'static,
{
    type Response = S::Response;
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Refusal>> + Send>>;

    /// Always ready: who has no room for a request says so as a [`Refusal`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, coming: In) -> Self::Future {
        let (step, mut inner) = (self.step, self.inner.clone());
        Box::pin(async move { inner.call(step.take(coming).await?).await })
    }
}
