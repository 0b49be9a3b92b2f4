//! The wall-clock limit around a run, and the way a guest gives way to others. No timer: a guest never waits for anything, so
//! it is always ready again, and the clock is read before each of its slices.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

/// The deadline passed first.
#[derive(Debug)]
pub(crate) struct Passed;

/// Poll `work`, which must never wait for anything but its turn, until it is ready or `deadline` has passed.
pub(crate) async fn within<F: Future>(deadline: Instant, work: F) -> Result<F::Output, Passed> {
    let mut work = pin!(work);
    let mut first = true;
    poll_fn(move |context| {
        if !std::mem::take(&mut first) && Instant::now() >= deadline {
            return Poll::Ready(Err(Passed));
        }
        work.as_mut().poll(context).map(Ok)
    })
    .await
}

/// Let others run first.
pub(crate) async fn give_way() {
    let mut gave_way = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
