//! Requests that carry an `Idempotency-Key`: worked on once, answered the same as often as they are sent.
//!
//! What is promised of the bill does not hang on this room: the runs of all repeats carry one charge key, and billing
//! charges one of them, whatever dies here. This room sees to it that mostly there is one run to begin with.

mod kept;
mod key;
mod places;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cartwright_domain::ids::TenantId;
use cartwright_domain::problem::Code;
use http::Response;
use metrics::counter;

use crate::admission::Refusal;
use crate::fleet_memory::{FleetMemory, Unreachable};

pub(crate) use key::{IdempotencyKey, Scope};
pub(crate) use places::Fingerprint;
use places::{Hold, Places, RENEW_EVERY, Try, What};

/// A repeat waits so long for the first answer before it is sent away.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// It looks after this time, then after twice as long each time, up to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Answers each keyed request once.
pub(crate) struct Idempotency {
    places: Places,
}

/// A keyed request.
pub(crate) struct KeyedRequest {
    place: [u8; 32],
    asked: Fingerprint,
}

/// The answer to a request that was worked on.
pub(crate) struct Worked {
    pub(crate) answer: Response<Bytes>,
    /// Whether the same work would end the same again. What would not is not kept: its repeat may fare better.
    pub(crate) is_final: bool,
}

enum Begun {
    /// Work on it; the hold is absent when it could not be had and is not worth waiting for.
    Work(Option<Hold>),
    /// It was answered.
    Answered(Response<Bytes>),
}

impl KeyedRequest {
    /// Under `key`, this was asked. `asked` must tell apart whatever shall not have the same answer.
    pub(crate) fn new(
        key: &IdempotencyKey,
        tenant: TenantId,
        scope: Scope<'_>,
        asked: Fingerprint,
    ) -> Self {
        Self {
            place: key.place(tenant, scope),
            asked,
        }
    }
}

impl Idempotency {
    pub(crate) fn new(memory: Arc<FleetMemory>) -> Self {
        Self {
            places: Places::new(memory),
        }
    }

    /// Answer a request by `work`, or with what it was answered before. Begun work ends, and its answer is kept, even
    /// when the caller leaves.
    pub(crate) async fn once(
        self: Arc<Self>,
        request: KeyedRequest,
        work: impl Future<Output = Result<Worked, Refusal>> + Send + 'static,
    ) -> Result<Response<Bytes>, Refusal> {
        let hold = match self.begin(&request).await? {
            Begun::Answered(answer) => return Ok(answer),
            Begun::Work(hold) => hold,
        };
        let working = tokio::spawn(async move { self.work(&request, hold, work).await });
        match working.await {
            Ok(ended) => ended,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => Err(Refusal::new(
                    Code::NotReady,
                    "this executor ends in this moment; try again",
                )),
            },
        }
    }

    async fn begin(&self, request: &KeyedRequest) -> Result<Begun, Refusal> {
        let until = Instant::now() + WAIT_MAX;
        let mut pause = FIRST_PAUSE;
        loop {
            let what = match self.places.hold(&request.place, &request.asked).await {
                Err(Unreachable) => return Ok(work("unprotected", None)),
                Ok(Try::Ours(hold)) => return Ok(work("first", Some(hold))),
                Ok(Try::Stands(standing)) if standing.asked != request.asked => {
                    return Err(mismatch());
                }
                Ok(Try::Stands(standing)) => standing.what,
                Ok(Try::Gone) => What::Held,
            };
            match what {
                What::Kept(answer) => {
                    let Some(answer) = kept::decode(&answer) else {
                        return Ok(work("unprotected", None));
                    };
                    count("replayed");
                    return Ok(Begun::Answered(answer));
                }
                What::Large => return Ok(work("large", None)),
                What::Held if Instant::now() >= until => return Err(in_progress()),
                What::Held => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn work(
        &self,
        request: &KeyedRequest,
        hold: Option<Hold>,
        work: impl Future<Output = Result<Worked, Refusal>>,
    ) -> Result<Response<Bytes>, Refusal> {
        let ended = tokio::select! {
            biased;
            ended = work => ended,
            never = self.renew(request, hold.as_ref()) => match never {},
        };
        match ended {
            Ok(worked) if worked.is_final => self.keep(request, worked.answer).await,
            other => {
                if let Some(hold) = &hold {
                    self.places.release(&request.place, hold).await;
                }
                other.map(|worked| worked.answer)
            }
        }
    }

    async fn renew(&self, request: &KeyedRequest, hold: Option<&Hold>) -> Infallible {
        let Some(hold) = hold else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            self.places.renew(&request.place, hold).await;
        }
    }

    /// Keep an answer, unless another was kept meanwhile: then that is the answer to this request too.
    async fn keep(
        &self,
        request: &KeyedRequest,
        answer: Response<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let encoded = kept::encode(&answer);
        let kept = self
            .places
            .keep(&request.place, &request.asked, encoded.as_deref())
            .await;
        match kept {
            Ok(Some(before)) if before.asked != request.asked => Err(mismatch()),
            Ok(Some(before)) => Ok(match before.what {
                What::Kept(first) => kept::decode(&first).unwrap_or(answer),
                What::Large | What::Held => answer,
            }),
            // Not kept: a repeat runs again, and is not billed again.
            Ok(None) | Err(Unreachable) => Ok(answer),
        }
    }
}

fn work(result: &'static str, hold: Option<Hold>) -> Begun {
    count(result);
    Begun::Work(hold)
}

/// What became of a keyed request, as `cartwright_idempotent_requests_total` names it.
fn count(result: &'static str) {
    counter!("cartwright_idempotent_requests_total", "result" => result).increment(1);
}

fn mismatch() -> Refusal {
    count("mismatch");
    Refusal::new(
        Code::IdempotencyMismatch,
        "this `Idempotency-Key` was used for another request in the last 24 hours: the input, the alias or the version \
         differs. Send a repeat exactly as the first time, and a new request under a new key",
    )
}

fn in_progress() -> Refusal {
    count("in_progress");
    Refusal::new(
        Code::IdempotencyInProgress,
        format!(
            "the first request with this `Idempotency-Key` is still being worked on, after {} s of waiting for its answer; \
             send it again in a second",
            WAIT_MAX.as_secs()
        ),
    )
}
