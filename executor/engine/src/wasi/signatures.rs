//! The names and types of WASI preview 1, for whoever checks a module's imports without an engine at hand.

use ValueType::{I32, I64};

/// The module that a guest imports these functions from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// A type of value: preview 1 uses no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// `i32`: numbers, pointers, lengths.
    I32,
    /// `i64`: offsets, times, rights.
    I64,
}

impl ValueType {
    /// Its name in the text format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }
}

/// One function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub parameters: &'static [ValueType],
    /// Whether it answers an error number. `proc_exit` alone never returns.
    pub answers: bool,
}

impl Signature {
    /// The function of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }
}

const fn answering(name: &'static str, parameters: &'static [ValueType]) -> Signature {
    Signature {
        name,
        parameters,
        answers: true,
    }
}

/// Every function of preview 1, sorted by name.
pub const SIGNATURES: &[Signature] = &[
    answering("args_get", &[I32, I32]),
    answering("args_sizes_get", &[I32, I32]),
    answering("clock_res_get", &[I32, I32]),
    answering("clock_time_get", &[I32, I64, I32]),
    answering("environ_get", &[I32, I32]),
    answering("environ_sizes_get", &[I32, I32]),
    answering("fd_advise", &[I32, I64, I64, I32]),
    answering("fd_allocate", &[I32, I64, I64]),
    answering("fd_close", &[I32]),
    answering("fd_datasync", &[I32]),
    answering("fd_fdstat_get", &[I32, I32]),
    answering("fd_fdstat_set_flags", &[I32, I32]),
    answering("fd_fdstat_set_rights", &[I32, I64, I64]),
    answering("fd_filestat_get", &[I32, I32]),
    answering("fd_filestat_set_size", &[I32, I64]),
    answering("fd_filestat_set_times", &[I32, I64, I64, I32]),
    answering("fd_pread", &[I32, I32, I32, I64, I32]),
    answering("fd_prestat_dir_name", &[I32, I32, I32]),
    answering("fd_prestat_get", &[I32, I32]),
    answering("fd_pwrite", &[I32, I32, I32, I64, I32]),
    answering("fd_read", &[I32, I32, I32, I32]),
    answering("fd_readdir", &[I32, I32, I32, I64, I32]),
    answering("fd_renumber", &[I32, I32]),
    answering("fd_seek", &[I32, I64, I32, I32]),
    answering("fd_sync", &[I32]),
    answering("fd_tell", &[I32, I32]),
    answering("fd_write", &[I32, I32, I32, I32]),
    answering("path_create_directory", &[I32, I32, I32]),
    answering("path_filestat_get", &[I32, I32, I32, I32, I32]),
    answering(
        "path_filestat_set_times",
        &[I32, I32, I32, I32, I64, I64, I32],
    ),
    answering("path_link", &[I32, I32, I32, I32, I32, I32, I32]),
    answering("path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32]),
    answering("path_readlink", &[I32, I32, I32, I32, I32, I32]),
    answering("path_remove_directory", &[I32, I32, I32]),
    answering("path_rename", &[I32, I32, I32, I32, I32, I32]),
    answering("path_symlink", &[I32, I32, I32, I32, I32]),
    answering("path_unlink_file", &[I32, I32, I32]),
    answering("poll_oneoff", &[I32, I32, I32, I32]),
    Signature {
        name: "proc_exit",
        parameters: &[I32],
        answers: false,
    },
    answering("proc_raise", &[I32]),
    answering("random_get", &[I32, I32]),
    answering("sched_yield", &[]),
    answering("sock_accept", &[I32, I32, I32]),
    answering("sock_recv", &[I32, I32, I32, I32, I32, I32]),
    answering("sock_send", &[I32, I32, I32, I32, I32]),
    answering("sock_shutdown", &[I32, I32]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Linker, Store, ValType};

    use crate::config;
    use crate::environment::Environment;
    use crate::guest::Guest;

    #[test]
    fn the_host_functions_are_exactly_these() {
        let engine = wasmtime::Engine::new(
            &config::base(config::Backtraces::Functions).expect("it configures"),
        )
        .expect("it starts");
        let mut linker = Linker::<Guest>::new(&engine);
        crate::wasi::add_to(&mut linker).expect("no name is taken");
        let limits = cartwright_domain::limits::Limits::CEILING;
        let guest = Guest::new(
            &limits,
            bytes::Bytes::new(),
            Environment::default(),
            0,
            [0; 32],
        );
        let mut store = Store::new(&engine, guest);

        let mut found: Vec<(String, Vec<&str>, Vec<&str>)> = linker
            .iter(&mut store)
            .map(|(module, name, item)| {
                assert_eq!(module, MODULE);
                let function = item.into_func().expect("only functions are defined");
                (name.to_owned(), function)
            })
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(name, function)| {
                let ty = function.ty(&store);
                (
                    name,
                    ty.params().map(word).collect(),
                    ty.results().map(word).collect(),
                )
            })
            .collect();
        found.sort();

        let listed: Vec<(String, Vec<&str>, Vec<&str>)> = SIGNATURES
            .iter()
            .map(|signature| {
                let parameters = signature.parameters.iter().map(|ty| ty.as_str()).collect();
                (
                    signature.name.to_owned(),
                    parameters,
                    if signature.answers {
                        vec!["i32"]
                    } else {
                        vec![]
                    },
                )
            })
            .collect();
        assert_eq!(found, listed);
    }

    fn word(ty: ValType) -> &'static str {
        match ty {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            other => panic!("preview 1 has no {other}"),
        }
    }
}
