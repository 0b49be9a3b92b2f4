//! Where things lie in the clone: what is built, what `up` keeps, what a test run throws away.

use std::path::{Path, PathBuf};

/// The root of the clone: the folder above this crate's.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the xtask crate lies one folder below the root of the clone")
        .to_path_buf()
}

/// Everything that `up` keeps between two starts.
pub fn dot() -> PathBuf {
    root().join(".cartwright")
}

/// Where cargo builds into.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The binaries of the dev profile, which `up` and `test` share.
pub fn binary(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// The built console, whether it exists or not.
pub fn console_dist() -> PathBuf {
    root().join("web-console/dist")
}
