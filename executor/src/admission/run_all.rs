//! A call of a target: every function that the tenant bound to it runs on the same payload, at the same time, each admitted
//! and metered like any run. The payload is read and held against the target's schema once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::outcome::Trigger;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::WhichVersion;
use cartwright_schema::Broken;
use futures_util::TryFutureExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::timeout_at;
use tower::Service;

use super::body::check_json;
use super::budget::Budget;
use super::keyed::whole;
use super::what::{Resolved, find};
use super::which_target::Called;
use super::{Answered, Done, Ended, Input, Refusal, Stopwatch, for_good};
use crate::counters::Stage;
use crate::idempotency::{Fingerprint, Idempotency, IdempotencyKey, KeyedRequest, Scope, Worked};
use crate::inputs::{InputRoom, Taken};
use crate::routes::RUN;
use crate::tenants::{Binding, Target, Tenant};

/// A call that is over.
pub(crate) struct CallDone {
    pub(super) request_id: RequestId,
    pub(super) tenant: Arc<Tenant>,
    /// In the tenant's order.
    pub(super) runs: Vec<Bound>,
    pub(super) stopwatch: Stopwatch,
}

/// A bound function, and what became of its run.
pub(super) struct Bound {
    pub(super) binding: Binding,
    pub(super) ended: Result<Done, Refusal>,
}

/// Runs all functions that are bound to a target.
#[derive(Clone)]
pub(crate) struct RunAll<Inner> {
    inner: Inner,
    inputs: &'static Arc<InputRoom>,
    idempotency: &'static Arc<Idempotency>,
}

impl<Inner> RunAll<Inner> {
    /// `inputs` is the room of the process, which a payload takes once, however many run on it.
    pub(crate) fn new(inner: Inner, inputs: Arc<InputRoom>, idempotency: Arc<Idempotency>) -> Self {
        Self {
            inner,
            inputs: for_good(inputs),
            idempotency: for_good(idempotency),
        }
    }
}

impl<Inner> Service<Called> for RunAll<Inner>
where
    Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
{
    type Response = Ended<CallDone>;
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Ended<CallDone>, Refusal>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, called: Called) -> Self::Future {
        Box::pin(self.clone().answer(called))
    }
}

impl<Inner> RunAll<Inner>
where
    Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
{
    async fn answer(self, called: Called) -> Result<Ended<CallDone>, Refusal> {
        let Called {
            request_id,
            tenant,
            target,
            input,
            budget,
            idempotency_key: key,
            mut stopwatch,
        } = called;
        let Some(target) = target.filter(|target| !target.bindings.is_empty()) else {
            return Ok(Ended::Ran(CallDone {
                request_id,
                tenant,
                runs: Vec::new(),
                stopwatch,
            }));
        };
        let mut room = Taken::none(self.inputs.clone(), tenant.inputs.clone());
        stopwatch.lap(Stage::Quota);
        let bytes_max = payload_bytes_max(&tenant, &target);
        let payload = read(input, bytes_max, budget, &mut room).await?;
        // The time that the caller took to send it is not ours.
        stopwatch.skip();
        obey(&target, &payload)?;
        stopwatch.lap(Stage::Quota);
        let key = key.map(|key| (key, Sha256::digest(&payload).into()));
        let call = Call {
            request_id,
            tenant,
            target,
            payload,
            room: Arc::new(room),
            budget,
            key,
            stopwatch,
        };
        match &call.key {
            None => Ok(Ended::Ran(call.run_all(self.inner).await)),
            Some((key, asked)) => {
                let request = call.keyed(key, *asked);
                let work = call.work(self.inner);
                let answer = self.idempotency.clone().once(request, work).await?;
                Ok(Ended::Answered(answer.map(Into::into)))
            }
        }
    }
}

/// A call whose payload was read and obeys.
struct Call {
    request_id: RequestId,
    tenant: Arc<Tenant>,
    target: Arc<Target>,
    payload: Bytes,
    room: Arc<Taken>,
    budget: Option<Budget>,
    /// Under which key, and what was asked.
    key: Option<(IdempotencyKey, Fingerprint)>,
    stopwatch: Stopwatch,
}

impl Call {
    /// Which functions are bound may change between a call and its repeat, and the repeat still gets the first answer.
    fn keyed(&self, key: &IdempotencyKey, asked: Fingerprint) -> KeyedRequest {
        KeyedRequest::new(key, self.tenant.id, Scope::Target(&self.target.name), asked)
    }

    async fn work<Inner>(self, inner: Inner) -> Result<Worked, Refusal>
    where
        Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>,
    {
        let path = format!("{RUN}{}", self.target.name);
        let done = self.run_all(inner).await;
        // One that was refused, or cut by the clock, may fare better when the call is sent again.
        let is_final = done.runs.iter().all(|run| {
            let ended = run.ended.as_ref();
            ended.is_ok_and(|done| done.finished.outcome.would_repeat())
        });
        let answer = whole(done.into_answer(&path)).await;
        Ok(Worked { answer, is_final })
    }

    async fn run_all<Inner>(self, mut inner: Inner) -> CallDone
    where
        Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>,
    {
        // A task each, so that they run on all processors, and to their end even when the caller leaves.
        // Its places are free for others as soon as a run is over, however long its neighbours take.
        let begin = |binding| {
            let run = inner.call(self.run_of(binding)?);
            Ok(tokio::spawn(run.map_ok(|mut done| {
                done.granted.give_back();
                done
            })))
        };
        let bindings = &self.target.bindings;
        let begun: Vec<_> = bindings.iter().map(begin).collect();
        let mut runs = Vec::with_capacity(begun.len());
        for (binding, run) in bindings.iter().zip(begun) {
            let ended = match run {
                Ok(run) => run.await.unwrap_or_else(|_| Err(panicked(self.request_id))),
                Err(refusal) => Err(refusal),
            };
            runs.push(Bound {
                binding: binding.clone(),
                ended,
            });
        }
        let mut stopwatch = self.stopwatch;
        stopwatch.lap(Stage::Run);
        CallDone {
            request_id: self.request_id,
            tenant: self.tenant,
            runs,
            stopwatch,
        }
    }

    fn run_of(&self, binding: &Binding) -> Result<Box<Resolved>, Refusal> {
        let which = WhichVersion::Alias(binding.alias.clone());
        let (function, version) = find(&self.tenant, binding.function.as_str(), &which)?;
        let charge_key = self.key.as_ref().map_or([0; 32], |(key, asked)| {
            let scope = Scope::Target(&self.target.name);
            key.charge_key(self.tenant.id, function.id, scope, asked)
        });
        Ok(Box::new(Resolved {
            request_id: self.request_id,
            tenant: self.tenant.clone(),
            function,
            version,
            alias: Some(binding.alias.clone()),
            trigger: Trigger::Http,
            invocation_id: None,
            input: Input::Held {
                payload: self.payload.clone(),
                room: self.room.clone(),
            },
            limits: LimitOverrides::default(),
            // The call has one, which all its runs share.
            idempotency_key: None,
            charge_key,
            seed_id: None,
            budget: self.budget,
            stopwatch: Stopwatch::start(),
        }))
    }
}

/// The largest payload that one of the functions takes. The others refuse it each for itself.
fn payload_bytes_max(tenant: &Tenant, target: &Target) -> u32 {
    let functions = target
        .bindings
        .iter()
        .filter_map(|binding| tenant.function(binding.function.as_str()).ok());
    functions
        .map(|function| function.limits.input_bytes_max)
        .max()
        .unwrap_or(0)
}

async fn read(
    input: Input,
    bytes_max: u32,
    budget: Option<Budget>,
    room: &mut Taken,
) -> Result<Bytes, Refusal> {
    let reading = input.read(bytes_max, room);
    match budget {
        None => reading.await,
        Some(budget) => timeout_at(budget.ends().into(), reading)
            .await
            .unwrap_or_else(|_| Err(budget.not_begun())),
    }
}

/// Refuse a payload that is not what the target promises its functions, with every place.
fn obey(target: &Target, payload: &[u8]) -> Result<(), Refusal> {
    let violations = match target.input.check(payload) {
        Ok(()) => return Ok(()),
        Err(Broken::Violations(violations)) => violations,
        Err(Broken::Unreadable(error)) => {
            check_json(payload)?;
            return Err(Refusal::new(
                Code::InvalidRequest,
                format!(
                    "the payload cannot be held against the input schema of {}: {error}",
                    target.name
                ),
            ));
        }
    };
    let places = match violations.len() {
        1 => "one place".to_owned(),
        many => format!("{many} places"),
    };
    let mut refusal = Refusal::new(
        Code::InvalidRequest,
        format!(
            "the payload breaks the input schema of {} in {places}; each entry of `errors` has its pointer and the schema's rule. Nothing ran",
            target.name
        ),
    );
    refusal.problem.errors = violations.iter().map(|broken| json!(broken)).collect();
    Err(refusal)
}

fn panicked(request_id: RequestId) -> Refusal {
    tracing::error!(%request_id, "a run of a call panicked");
    Refusal::new(
        Code::Internal,
        "something went wrong on our side; the log has it under this request_id. Nothing was billed",
    )
}
