//! Memoised: a function that allows it is not run for an input whose result is known. The answer is metered as a cached
//! result, which has a price of its own. Every other function passes through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use cartwright_domain::outcome::{BillClass, Outcome};
use cartwright_engine::Finished;
use futures_util::future::Either;
use tower::Service;

use super::may_they::Granted;
use super::meter::Meter;
use super::run::Ran;
use super::{Done, Refusal};
use crate::counters::Stage;
use crate::memo::{Memo, ResultName};

/// What came of looking for a result, as `Cartwright-Cache` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// It was known, and given without a run.
    Hit,
    /// It was not known.
    Miss,
    /// It was not looked for: the function's results are not kept, the version is not deterministic, or the run is a test or a
    /// replay.
    Off,
}

impl Looked {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}

/// Answers from what is kept, or by the service within.
#[derive(Clone)]
pub(crate) struct Memoised<S> {
    memo: &'static Memo,
    meter: Meter,
    inner: S,
}

impl<S> Memoised<S> {
    pub(super) fn new(memo: &'static Memo, meter: Meter, inner: S) -> Self {
        Self { memo, meter, inner }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Done, Refusal>> + Send>>;

impl<S> Service<Granted> for Memoised<S>
where
    S: Service<Granted, Response = Done, Error = Refusal, Future: Send> + Clone + Send + 'static,
{
    type Response = Done;
    type Error = Refusal;
    type Future = Either<S::Future, Answering>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, granted: Granted) -> Self::Future {
        match result_name(&granted) {
            None => Either::Left(self.inner.call(granted)),
            Some(name) => Either::Right(Box::pin(self.clone().answer(name, granted))),
        }
    }
}

impl<S> Memoised<S>
where
    S: Service<Granted, Response = Done, Error = Refusal, Future: Send> + Send,
{
    async fn answer(mut self, name: ResultName, mut granted: Granted) -> Result<Done, Refusal> {
        let began = Instant::now();
        let found = self.memo.find(&name).await;
        granted.resolved.stopwatch.lap(Stage::Load);
        if let Some(output) = found {
            granted.memo = Looked::Hit;
            let ran = Ran {
                granted,
                finished: known(output, began),
                tier: None,
            };
            return self.meter.call(ran).await;
        }
        granted.memo = Looked::Miss;
        let done = self.inner.call(granted).await?;
        // A failure may be one of our making or of the moment, and is rarely worth the room.
        if done.finished.outcome == Outcome::Ok && !done.finished.asked_time_or_chance {
            self.memo.keep(name, done.finished.output.clone());
        }
        Ok(done)
    }
}

/// The name of the result; `None` when it is not to be looked for. A test or a replay is asked for the run's own sake.
fn result_name(granted: &Granted) -> Option<ResultName> {
    let resolved = &granted.resolved;
    let seed = resolved.version.memo_seed?;
    let is_billed = BillClass::of(Outcome::Ok, resolved.trigger) == BillClass::Run;
    is_billed.then(|| seed.name(&granted.limits, &granted.input))
}

/// A result that was there. It burned no fuel, held no memory and logged nothing.
fn known(output: Bytes, began: Instant) -> Finished {
    Finished {
        outcome: Outcome::Ok,
        output,
        log: Bytes::new(),
        log_bytes_dropped: 0,
        fuel_used: 0,
        memory_peak_bytes: 0,
        wall: began.elapsed(),
        error: None,
        asked_time_or_chance: false,
    }
}
