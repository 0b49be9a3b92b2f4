//! `path_*`: there are no files, so every path begins at something that is not a directory.

use wasmtime::Linker;

use super::errno::{Errno, for_stream};
use super::refuse;
use crate::guest::Guest;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    refuse(
        linker,
        "path_create_directory",
        |(fd, _, _): (u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_filestat_get",
        |(fd, _, _, _, _): (u32, u32, u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_filestat_set_times",
        |(fd, ..): (u32, u32, u32, u32, u64, u64, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_link",
        |(fd, ..): (u32, u32, u32, u32, u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_open",
        |(fd, ..): (u32, u32, u32, u32, u32, u64, u64, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_readlink",
        |(fd, ..): (u32, u32, u32, u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_remove_directory",
        |(fd, _, _): (u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_rename",
        |(fd, ..): (u32, u32, u32, u32, u32, u32)| below(fd),
    )?;
    refuse(
        linker,
        "path_symlink",
        |(_, _, fd, _, _): (u32, u32, u32, u32, u32)| below(fd),
    )?;
    refuse(linker, "path_unlink_file", |(fd, _, _): (u32, u32, u32)| {
        below(fd)
    })
}

fn below(descriptor: u32) -> Errno {
    for_stream(descriptor, Errno::NotDirectory)
}
