//! The three streams: input is read, output and log are collected up to their limits.

use wasmtime::Linker;

use super::errno::Errno;
use super::memory::{Span, Vectors};
use super::{Call, Refusal, define};
use crate::ending::Stop;
use crate::fuel;
use crate::guest::Guest;

const INPUT: u32 = 0;
const OUTPUT: u32 = 1;

const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define(linker, "fd_read", read)?;
    define(linker, "fd_write", write)?;
    define(linker, "fd_close", close)?;
    define(linker, "fd_fdstat_get", status)
}

/// Refuse what is not one of the streams, or was closed.
fn open(call: &Call<'_>, descriptor: u32) -> Result<(), Errno> {
    let is_open = call
        .guest
        .open
        .get(descriptor as usize)
        .copied()
        .unwrap_or(false);
    if is_open {
        Ok(())
    } else {
        Err(Errno::BadDescriptor)
    }
}

fn read(
    call: &mut Call<'_>,
    (descriptor, list, count, answer): (u32, u32, u32, u32),
) -> Result<(), Refusal> {
    open(call, descriptor)?;
    if descriptor != INPUT {
        return Err(Errno::BadDescriptor.into());
    }
    let vectors = vectors(call, list, count)?;
    call.memory.span(answer, 4)?;
    let mut total = 0;
    for index in vectors.indices() {
        let span = call.memory.vector(vectors, index)?;
        total += fill(call, span)?;
    }
    Ok(call.memory.write_u32(answer, total)?)
}

/// Copy the next of the input into one buffer, and say how much.
fn fill(call: &mut Call<'_>, span: Span) -> Result<u32, Refusal> {
    let rest = call.guest.input.len() - call.guest.input_position;
    let length = span.length().min(rest);
    call.charge(length as u64, fuel::HOST_BYTE)?;
    let from = call.guest.input_position..call.guest.input_position + length;
    call.memory.bytes_mut(span)[..length].copy_from_slice(&call.guest.input[from]);
    call.guest.input_position += length;
    Ok(length as u32) // no longer than the buffer, whose length is 32 bits
}

fn write(
    call: &mut Call<'_>,
    (descriptor, list, count, answer): (u32, u32, u32, u32),
) -> Result<(), Refusal> {
    open(call, descriptor)?;
    if descriptor == INPUT {
        return Err(Errno::BadDescriptor.into());
    }
    let vectors = vectors(call, list, count)?;
    call.memory.span(answer, 4)?;
    let mut total = 0_u32;
    for index in vectors.indices() {
        let span = call.memory.vector(vectors, index)?;
        call.charge(span.length() as u64, fuel::HOST_BYTE)?;
        if descriptor == OUTPUT {
            output(call, span)?
        } else {
            log(call, span)
        }
        total += span.length() as u32; // the sum was checked
    }
    Ok(call.memory.write_u32(answer, total)?)
}

/// Output past its limit ends the run at once: half an answer is of no use to anybody.
fn output(call: &mut Call<'_>, span: Span) -> Result<(), Stop> {
    let written = call.guest.output.len() + span.length();
    if written > call.guest.output_bytes_max {
        return Err(Stop::OutputTooLarge {
            limit: call.guest.output_bytes_max as u64,
            written: written as u64,
        });
    }
    call.guest.output.extend_from_slice(call.memory.bytes(span));
    Ok(())
}

/// Log past its limit is dropped and counted: a function must not fail for being talkative.
fn log(call: &mut Call<'_>, span: Span) {
    let room = call.guest.log_bytes_max - call.guest.log.len();
    let kept = span.length().min(room);
    call.guest
        .log
        .extend_from_slice(&call.memory.bytes(span)[..kept]);
    call.guest.log_bytes_dropped += (span.length() - kept) as u64;
}

fn vectors(call: &mut Call<'_>, list: u32, count: u32) -> Result<Vectors, Refusal> {
    let vectors = Vectors::new(list, count)?;
    call.charge(u64::from(count), fuel::HOST_VECTOR)?;
    call.memory.check(vectors)?;
    Ok(vectors)
}

fn close(call: &mut Call<'_>, (descriptor,): (u32,)) -> Result<(), Refusal> {
    open(call, descriptor)?;
    call.guest.open[descriptor as usize] = false;
    Ok(())
}

/// The streams are of no known file type: neither a terminal, so that C buffers whole blocks, nor a file with a position.
fn status(call: &mut Call<'_>, (descriptor, answer): (u32, u32)) -> Result<(), Refusal> {
    open(call, descriptor)?;
    let rights = if descriptor == INPUT {
        RIGHT_READ
    } else {
        RIGHT_WRITE
    };
    let mut status = [0; 24];
    status[8..16].copy_from_slice(&rights.to_le_bytes());
    Ok(call.memory.write(answer, &status)?)
}
