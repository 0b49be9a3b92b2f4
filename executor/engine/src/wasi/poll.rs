//! `poll_oneoff`: everything is ready at once. Time stands still for a guest, so a wait for it is over before it began.

use wasmtime::Linker;

use super::errno::{Errno, STREAMS};
use super::{Call, Refusal, define};
use crate::fuel;
use crate::guest::Guest;

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

/// Subscriptions in one call.
const SUBSCRIPTIONS_MAX: u32 = 1024;

const CLOCK: u8 = 0;
const READ: u8 = 1;
const WRITE: u8 = 2;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define(linker, "poll_oneoff", poll)
}

fn poll(
    call: &mut Call<'_>,
    (from, to, count, answer): (u32, u32, u32, u32),
) -> Result<(), Refusal> {
    if count == 0 || count > SUBSCRIPTIONS_MAX {
        return Err(Errno::Invalid.into());
    }
    call.charge(u64::from(count), fuel::HOST_SUBSCRIPTION)?;
    call.memory.span(from, count * SUBSCRIPTION_BYTES)?;
    call.memory.span(to, count * EVENT_BYTES)?;
    call.memory.span(answer, 4)?;
    for index in 0..count {
        let subscription: [u8; 48] = call.memory.read(from + index * SUBSCRIPTION_BYTES)?;
        let event = event(call.guest, &subscription);
        call.memory.write(to + index * EVENT_BYTES, &event)?;
    }
    Ok(call.memory.write_u32(answer, count)?)
}

/// The event that answers a subscription: its own mark, an error number, its type, and for input how much there is to read.
fn event(guest: &Guest, subscription: &[u8; 48]) -> [u8; 32] {
    let kind = subscription[8];
    let descriptor = u32::from_le_bytes([
        subscription[16],
        subscription[17],
        subscription[18],
        subscription[19],
    ]);
    let is_open = descriptor < STREAMS && guest.open[descriptor as usize];
    let (errno, bytes) = match kind {
        CLOCK => (Errno::Success, 0),
        READ if is_open && descriptor == 0 => (
            Errno::Success,
            (guest.input.len() - guest.input_position) as u64,
        ),
        WRITE if is_open && descriptor != 0 => (Errno::Success, u64::from(u32::MAX)),
        READ | WRITE => (Errno::BadDescriptor, 0),
        _ => (Errno::Invalid, 0),
    };
    let mut event = [0; 32];
    event[..8].copy_from_slice(&subscription[..8]);
    event[8..10].copy_from_slice(&(errno as u16).to_le_bytes());
    event[10] = kind;
    event[16..24].copy_from_slice(&bytes.to_le_bytes());
    event
}
