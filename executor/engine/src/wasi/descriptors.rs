//! The `fd_*` functions that streams do not support. There are no other descriptors, and no preopened directories.

use wasmtime::Linker;

use super::errno::{Errno, for_stream};
use super::refuse;
use crate::guest::Guest;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    refuse(
        linker,
        "fd_advise",
        |(fd, _, _, _): (u32, u64, u64, u32)| for_stream(fd, Errno::NoPosition),
    )?;
    refuse(linker, "fd_allocate", |(fd, _, _): (u32, u64, u64)| {
        for_stream(fd, Errno::NotSupported)
    })?;
    refuse(linker, "fd_datasync", |(fd,): (u32,)| {
        for_stream(fd, Errno::Invalid)
    })?;
    refuse(linker, "fd_fdstat_set_flags", |(fd, _): (u32, u32)| {
        for_stream(fd, Errno::NotSupported)
    })?;
    refuse(
        linker,
        "fd_fdstat_set_rights",
        |(fd, _, _): (u32, u64, u64)| for_stream(fd, Errno::NotSupported),
    )?;
    refuse(linker, "fd_filestat_get", |(fd, _): (u32, u32)| {
        for_stream(fd, Errno::NotSupported)
    })?;
    refuse(linker, "fd_filestat_set_size", |(fd, _): (u32, u64)| {
        for_stream(fd, Errno::Invalid)
    })?;
    refuse(
        linker,
        "fd_filestat_set_times",
        |(fd, _, _, _): (u32, u64, u64, u32)| for_stream(fd, Errno::NotSupported),
    )?;
    refuse(
        linker,
        "fd_pread",
        |(fd, _, _, _, _): (u32, u32, u32, u64, u32)| for_stream(fd, Errno::NoPosition),
    )?;
    refuse(linker, "fd_prestat_get", |(_, _): (u32, u32)| {
        Errno::BadDescriptor
    })?;
    refuse(
        linker,
        "fd_prestat_dir_name",
        |(_, _, _): (u32, u32, u32)| Errno::BadDescriptor,
    )?;
    refuse(
        linker,
        "fd_pwrite",
        |(fd, _, _, _, _): (u32, u32, u32, u64, u32)| for_stream(fd, Errno::NoPosition),
    )?;
    refuse(
        linker,
        "fd_readdir",
        |(fd, _, _, _, _): (u32, u32, u32, u64, u32)| for_stream(fd, Errno::NotDirectory),
    )?;
    refuse(linker, "fd_renumber", |(fd, _): (u32, u32)| {
        for_stream(fd, Errno::NotSupported)
    })?;
    refuse(linker, "fd_seek", |(fd, _, _, _): (u32, i64, u32, u32)| {
        for_stream(fd, Errno::NoPosition)
    })?;
    refuse(linker, "fd_sync", |(fd,): (u32,)| {
        for_stream(fd, Errno::Invalid)
    })?;
    refuse(linker, "fd_tell", |(fd, _): (u32, u32)| {
        for_stream(fd, Errno::NoPosition)
    })
}
