//! `args_*` and `environ_*`: lists of strings ended by NUL.

use wasmtime::Linker;

use super::{Call, Refusal, define};
use crate::fuel;
use crate::guest::Guest;

/// The one argument: a name for the program, as every program expects.
const ARGUMENTS: &[u8] = b"function\0";

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define(
        linker,
        "args_sizes_get",
        |call, (count, bytes): (u32, u32)| sizes(call, 1, ARGUMENTS.len(), count, bytes),
    )?;
    define(linker, "args_get", |call, (pointers, bytes): (u32, u32)| {
        strings(call, &[0], ARGUMENTS, pointers, bytes)
    })?;
    define(
        linker,
        "environ_sizes_get",
        |call, (count, bytes): (u32, u32)| {
            let environment = &call.guest.environment;
            let (variables, length) = (environment.starts().len(), environment.block().len());
            sizes(call, variables, length, count, bytes)
        },
    )?;
    define(
        linker,
        "environ_get",
        |call, (pointers, bytes): (u32, u32)| {
            let environment = call.guest.environment.clone();
            strings(
                call,
                environment.starts(),
                environment.block(),
                pointers,
                bytes,
            )
        },
    )
}

fn sizes(
    call: &mut Call<'_>,
    strings: usize,
    length: usize,
    count: u32,
    bytes: u32,
) -> Result<(), Refusal> {
    call.memory.write_u32(count, strings as u32)?; // the environment is at most 1 MiB
    Ok(call.memory.write_u32(bytes, length as u32)?)
}

fn strings(
    call: &mut Call<'_>,
    starts: &[u32],
    block: &[u8],
    pointers: u32,
    bytes: u32,
) -> Result<(), Refusal> {
    let length = block.len() as u32; // at most 1 MiB, so are the starts
    call.charge(u64::from(length) + 4 * starts.len() as u64, fuel::HOST_BYTE)?;
    call.memory.span(pointers, 4 * starts.len() as u32)?;
    call.memory.write(bytes, block)?;
    for (index, start) in starts.iter().enumerate() {
        call.memory
            .write_u32(pointers + 4 * index as u32, bytes + start)?; // both spans were checked: no sum overflows
    }
    Ok(())
}
