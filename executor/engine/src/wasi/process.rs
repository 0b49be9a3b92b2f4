//! How a guest ends itself, or offers to wait.

use wasmtime::{Caller, Linker};

use super::errno::Errno;
use super::{MODULE, define, refuse};
use crate::ending::Stop;
use crate::guest::Guest;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |_: Caller<'_, Guest>, code: u32| -> wasmtime::Result<()> {
            Err(Stop::Exited(code).into())
        },
    )?;
    refuse(linker, "proc_raise", |(_,): (u32,)| Errno::NoSuchCall)?;
    define(linker, "sched_yield", |_, ()| Ok(()))
}
