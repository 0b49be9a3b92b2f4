//! May they: the smallest of all limits, room for the run, and an input within its limit. Local counters decide; nothing
//! here waits for the network.

use std::sync::Arc;

use bytes::Bytes;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::{BillClass, Outcome};
use cartwright_domain::problem::Code;

use super::memoised::Looked;
use super::payload::{self, Cut};
use super::step::Step;
use super::what::Resolved;
use super::{Input, Refusal};
use crate::counters::Stage;
use crate::fleet::Standby;
use crate::inputs::{InputRoom, Taken};
use crate::meter_log::DiskRoom;
use crate::mint;
use crate::quotas::Pass;
use crate::shedder::Shedder;
use crate::slots::{Permit, Running};

/// One tenant takes at most this part of an executor's places, so that there is always one for another.
const TENANT_SHARE: u32 = 2;

/// A run that may begin: with its identity, its limits, and its places among those that go on.
pub(crate) struct Granted {
    pub(crate) resolved: Box<Resolved>,
    pub(crate) invocation_id: InvocationId,
    pub(crate) input: Bytes,
    /// Bytes of the payload that the input was cut from, where the function asked for a part of it.
    pub(crate) payload_bytes: Option<u32>,
    pub(crate) limits: Limits,
    /// Runs of the function that could still begin beside this one.
    pub(crate) concurrency_left: u32,
    /// What came of looking for its result.
    pub(crate) memo: Looked,
    /// What it took of the quotas.
    pub(crate) pass: Pass,
    /// Held until the run is over.
    places: Option<Places>,
}

impl Granted {
    /// Give back its places before the answer is made, which may wait for other runs.
    pub(super) fn give_back(&mut self) {
        self.places = None;
        self.pass = Pass::uncounted();
    }

    /// What the guest's clock and randomness derive from.
    pub(crate) fn seed_id(&self) -> InvocationId {
        self.resolved.seed_id.unwrap_or(self.invocation_id)
    }
}

/// Given back when the run is over, whatever becomes of it.
struct Places {
    _of_function: Permit,
    _of_tenant: Permit,
    _of_engine: Permit,
    _input: Taken,
}

/// Grants runs.
pub(crate) struct MayThey {
    engine: Arc<Running>,
    engine_slots: u32,
    inputs: Arc<InputRoom>,
    disk: DiskRoom,
    standby: Standby,
    shedder: Arc<Shedder>,
}

impl MayThey {
    /// `engine` counts all runs of this process, against so many slots; `inputs` is the room that its inputs take.
    pub(crate) fn new(
        engine: Arc<Running>,
        engine_slots: u32,
        inputs: Arc<InputRoom>,
        disk: DiskRoom,
        standby: Standby,
        shedder: Arc<Shedder>,
    ) -> Self {
        Self {
            engine,
            engine_slots,
            inputs,
            disk,
            standby,
            shedder,
        }
    }

    fn places(
        &self,
        resolved: &Resolved,
        limits: &Limits,
        input: Taken,
    ) -> Result<(Places, u32), Refusal> {
        let Some(of_function) = resolved.function.running.begin(limits.concurrency_max) else {
            let refusal = Refusal::new(
                Code::ConcurrencyLimited,
                format!(
                    "{max} runs of \"{}\" are going on here, and its limit is {max} (`concurrency_max`): wait, or raise the limit",
                    resolved.function.name,
                    max = limits.concurrency_max
                ),
            );
            return Err(refusal.with("limit", limits.concurrency_max));
        };
        let tenant_max = self.engine_slots.div_ceil(TENANT_SHARE);
        let Some(of_tenant) = resolved.tenant.running.begin(tenant_max) else {
            let refusal = Refusal::new(
                Code::ConcurrencyLimited,
                format!(
                    "{tenant_max} runs of this tenant are going on here, which is all that one tenant may take of an executor: wait"
                ),
            );
            return Err(refusal.with("limit", tenant_max));
        };
        let Some(of_engine) = self.engine.begin(self.engine_slots) else {
            return Err(Refusal::new(
                Code::Shedding,
                "every place for a run on this executor is taken; try again in a second",
            ));
        };
        let left = of_function.left();
        let places = Places {
            _of_function: of_function,
            _of_tenant: of_tenant,
            _of_engine: of_engine,
            _input: input,
        };
        Ok((places, left))
    }
}

/// Quotas count what is billed: tests and replays are bounded by the limits of every run alone.
fn through_quotas(resolved: &Resolved) -> Result<Pass, Refusal> {
    if BillClass::of(Outcome::Ok, resolved.trigger) == BillClass::Unbilled {
        return Ok(Pass::uncounted());
    }
    let (of_tenant, of_function) = (&resolved.tenant.quotas, &resolved.function.quotas);
    Pass::through(of_tenant.as_ref(), of_function.as_ref()).map_err(|denied| Refusal::by(&denied))
}

impl Step<Box<Resolved>> for MayThey {
    type Out = Granted;

    async fn take(&self, mut resolved: Box<Resolved>) -> Result<Granted, Refusal> {
        if self.disk.is_short() {
            return Err(Refusal::new(
                Code::Shedding,
                "this executor's disk is nearly full, and nothing runs that could not be metered; try again",
            ));
        }
        if self.standby.refuses() {
            return Err(Refusal::new(
                Code::NotReady,
                "an operator drains this executor (`drain`), and it takes no new runs; /readyz has said so for a while: send to another",
            ));
        }
        if self.shedder.sheds(resolved.trigger) {
            return Err(Refusal::new(
                Code::Shedding,
                format!(
                    "work waits more than {} ms for a processor of this executor, so part of it is refused at once; try again in a second",
                    self.shedder.target_ms()
                ),
            ));
        }
        let limits = resolved.function.limits.lowered_by(&resolved.limits);
        let input = std::mem::replace(&mut resolved.input, Input::Whole(Bytes::new()));
        let mut room = Taken::none(self.inputs.clone(), resolved.tenant.inputs.clone());
        let is_checked = matches!(input, Input::Held { .. });
        resolved.stopwatch.lap(Stage::Quota);
        let input = input.read(limits.input_bytes_max, &mut room).await?;
        // The time that the caller took to send it is not ours.
        resolved.stopwatch.skip();
        let Cut {
            input,
            payload_bytes,
        } = if is_checked {
            payload::cut_checked(&resolved, input)?
        } else {
            payload::cut(&resolved, input)?
        };
        // Only now: a slow sender must not hold a place.
        let (places, concurrency_left) = self.places(&resolved, &limits, room)?;
        let pass = through_quotas(&resolved)?;
        resolved.stopwatch.lap(Stage::Quota);
        Ok(Granted {
            invocation_id: resolved
                .invocation_id
                .unwrap_or_else(|| InvocationId::from_bytes(mint::id_bytes())),
            input,
            payload_bytes,
            limits,
            concurrency_left,
            memo: Looked::Off,
            pass,
            places: Some(places),
            resolved,
        })
    }
}
