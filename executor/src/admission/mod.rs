//! Admission: the one way from a request to a run, as tower layers in one order.
//!
//! ```text
//! request id → who → what → (keyed) → may they → (memoised) → (run to end) → run → meter
//!                  → which target → run all ┘ (once for each bound function)
//! ```
//!
//! Each layer takes what the one before made, and its type says so: without a [`who::Known`] there is no
//! [`what::Resolved`], without that no [`may_they::Granted`], and only that can be run. What a layer needs to know it
//! asks of its room (`keys`, `tenants`, `slots`, `modules`, `meter_log`); what a caller reads of it is `answer`'s and
//! `refusal`'s.

mod answer;
mod body;
mod budget;
mod call_answer;
pub(crate) mod headers;
pub(crate) mod keyed;
mod linger;
pub(crate) mod may_they;
pub(crate) mod memoised;
pub(crate) mod meter;
mod output;
mod payload;
mod refusal;
pub(crate) mod request_id;
pub(crate) mod run;
pub(crate) mod run_all;
mod run_to_end;
mod step;
mod stopwatch;
pub(crate) mod what;
pub(crate) mod which_target;
pub(crate) mod who;

use axum::response::Response;
use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::money::Pico;
use tower::{Layer, Service, ServiceBuilder};

use cartwright_engine::Finished;

use crate::memo::Memo;
use crate::modules::Tier;

pub(crate) use body::Input;
pub(crate) use headers::REQUEST_ID;
pub(crate) use refusal::Refusal;
pub(crate) use stopwatch::Stopwatch;

use keyed::Keyed;
use may_they::{Granted, MayThey};
use memoised::Memoised;
use meter::Meter;
use request_id::RequestIds;
use run::Run;
use run_all::RunAll;
use run_to_end::RunToEndLayer;
use step::StepLayer;
use what::{Resolved, What};
use which_target::WhichTarget;
use who::Who;

/// A run that is over, and whose record lies in the log.
pub(crate) struct Done {
    pub(crate) granted: Granted,
    pub(crate) finished: Finished,
    /// Where its module was found; `None` when its result was there already.
    pub(crate) tier: Option<Tier>,
    /// List price of the run; nothing when the fault was ours.
    pub(crate) cost: Pico,
}

impl Done {
    pub(crate) fn invocation_id(&self) -> InvocationId {
        self.granted.invocation_id
    }

    pub(crate) fn request_id(&self) -> RequestId {
        self.granted.resolved.request_id
    }
}

/// How a request ended that was not refused.
pub(crate) enum Ended<Work> {
    /// It was worked on, and its answer is made of that.
    Ran(Work),
    /// Its answer is there already.
    Answered(Response),
}

/// What is over can be answered.
pub(crate) trait Answered {
    /// The HTTP answer to the request for this path.
    fn into_answer(self, path: &str) -> Response;
}

/// What a layer shares with its copies, for as long as the process lives. Each request is given copies of all layers, and a
/// count of who holds each would travel between the processors with every one of them.
fn for_good<T>(shared: T) -> &'static T {
    Box::leak(Box::new(shared))
}

/// The front door's stack: HTTP in, HTTP out.
pub(crate) type FrontDoor<Inner> =
    RequestIds<step::Stepped<Who, step::Stepped<What, Keyed<Inner>>>>;

/// The stack of a call of a target.
pub(crate) type TargetDoor<Inner> =
    RequestIds<step::Stepped<Who, step::Stepped<WhichTarget, RunAll<Inner>>>>;

/// The inner half: from what shall run to a run that is metered. Internal callers come in here.
pub(crate) fn inner(
    may_they: MayThey,
    memo: Memo,
    run: Run,
    meter: Meter,
) -> impl Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let running = ServiceBuilder::new()
        .layer(RunToEndLayer::new(meter.counters()))
        .layer(StepLayer::new(run))
        .service(meter);
    StepLayer::new(may_they).layer(Memoised::new(for_good(memo), meter, running))
}

/// The whole stack before `inner`.
pub(crate) fn front_door<Inner>(who: Who, what: What, inner: Keyed<Inner>) -> FrontDoor<Inner> {
    let layers = (StepLayer::new(who), StepLayer::new(what));
    RequestIds::new(layers.layer(inner))
}

/// The whole stack before a target's functions.
pub(crate) fn target_door<Inner: Clone>(
    who: Who,
    which: WhichTarget,
    inner: RunAll<Inner>,
) -> TargetDoor<Inner> {
    let layers = (StepLayer::new(who), StepLayer::new(which));
    RequestIds::new(layers.layer(inner))
}
