//! `clock_*`: every clock stands still at the time of the run, so that a replay sees what the first run saw.

use wasmtime::Linker;

use super::errno::Errno;
use super::{Call, Refusal, define};
use crate::guest::Guest;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const PROCESS_CPU_TIME: u32 = 2;
const THREAD_CPU_TIME: u32 = 3;

/// The clocks tick in milliseconds: that is the grain of the time they stand at.
const RESOLUTION_NS: u64 = 1_000_000;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define(linker, "clock_res_get", resolution)?;
    define(linker, "clock_time_get", time)
}

fn resolution(call: &mut Call<'_>, (clock, answer): (u32, u32)) -> Result<(), Refusal> {
    if clock > THREAD_CPU_TIME {
        return Err(Errno::Invalid.into());
    }
    Ok(call.memory.write_u64(answer, RESOLUTION_NS)?)
}

fn time(call: &mut Call<'_>, (clock, _precision, answer): (u32, u64, u32)) -> Result<(), Refusal> {
    call.guest.asked_time_or_chance = true;
    let now_ns = match clock {
        REALTIME | MONOTONIC => call.guest.clock_ns,
        PROCESS_CPU_TIME | THREAD_CPU_TIME => 0,
        _ => return Err(Errno::Invalid.into()),
    };
    Ok(call.memory.write_u64(answer, now_ns)?)
}
