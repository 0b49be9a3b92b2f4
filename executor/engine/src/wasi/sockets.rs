//! `sock_*`: there are no sockets.

use wasmtime::Linker;

use super::errno::{Errno, for_stream};
use super::refuse;
use crate::guest::Guest;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    refuse(linker, "sock_accept", |(fd, _, _): (u32, u32, u32)| {
        for_stream(fd, Errno::NotSocket)
    })?;
    refuse(
        linker,
        "sock_recv",
        |(fd, ..): (u32, u32, u32, u32, u32, u32)| for_stream(fd, Errno::NotSocket),
    )?;
    refuse(
        linker,
        "sock_send",
        |(fd, ..): (u32, u32, u32, u32, u32)| for_stream(fd, Errno::NotSocket),
    )?;
    refuse(linker, "sock_shutdown", |(fd, _): (u32, u32)| {
        for_stream(fd, Errno::NotSocket)
    })
}
