//! What was granted is run and metered to its end, even when the caller leaves in the middle: the server then drops the
//! request's future, and without this layer the fuel burned so far would be nobody's.

use std::pin::Pin;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::Refusal;
use crate::counters::Counters;

/// Puts this layer around a service.
pub(super) struct RunToEndLayer {
    counters: &'static Counters,
}

impl RunToEndLayer {
    pub(super) fn new(counters: &'static Counters) -> Self {
        Self { counters }
    }
}

impl<S> Layer<S> for RunToEndLayer {
    type Service = RunToEnd<S>;

    fn layer(&self, inner: S) -> RunToEnd<S> {
        RunToEnd {
            inner,
            counters: self.counters,
        }
    }
}

/// A service whose calls, once begun, always end.
#[derive(Clone)]
pub(crate) struct RunToEnd<S> {
    inner: S,
    counters: &'static Counters,
}

impl<S, In> Service<In> for RunToEnd<S>
where
    S: Service<In, Error = Refusal>,
    S::Response: Send + 'static,
    S::Future: Send + Unpin + 'static,
{
    type Response = S::Response;
    type Error = Refusal;
    type Future = ToEnd<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, coming: In) -> ToEnd<S::Future> {
        ToEnd {
            running: Some(self.inner.call(coming)),
            begun: false,
            counters: self.counters,
        }
    }
}

/// A call that goes on in a task of its own when its caller drops it. Whoever stays pays nothing for that.
pub(crate) struct ToEnd<F: Future<Output: Send> + Send + Unpin + 'static> {
    running: Option<F>,
    begun: bool,
    counters: &'static Counters,
}

impl<F: Future<Output: Send> + Send + Unpin + 'static> Future for ToEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.begun = true;
        let running = self
            .running
            .as_mut()
            .expect("nobody polls a future again after its end");
        // Taken out first, so that a panic inside does not leave it to be polled again by the task of its own.
        let polled = Pin::new(running).poll(context);
        if polled.is_ready() {
            self.running = None;
        }
        polled
    }
}

impl<F: Future<Output: Send> + Send + Unpin + 'static> Drop for ToEnd<F> {
    fn drop(&mut self) {
        let Some(running) = self
            .running
            .take()
            .filter(|_| self.begun && !std::thread::panicking())
        else {
            return;
        };
        // Without a runtime the process is ending, and its drain has waited for every run.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.counters.left_early.increment(1);
            runtime.spawn(running);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::super::for_good;
    use super::*;

    #[tokio::test]
    async fn a_run_whose_caller_left_ends_all_the_same() {
        let ended = Arc::new(AtomicBool::new(false));
        let end = ended.clone();
        let run = Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            end.store(true, Ordering::SeqCst);
            Ok::<(), Refusal>(())
        });
        let mut service =
            RunToEndLayer::new(for_good(Counters::new())).layer(tower::service_fn(move |run| run));
        let call = service.call(run as Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>>);
        assert!(
            tokio::time::timeout(Duration::from_millis(5), call)
                .await
                .is_err()
        );
        assert!(
            !ended.load(Ordering::SeqCst),
            "it was still running when its caller left"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(ended.load(Ordering::SeqCst));
    }
}
