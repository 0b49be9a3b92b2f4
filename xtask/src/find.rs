//! Finding what may be on this machine already, and what would bring what is not.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::run;

/// Where programs lie that a short PATH misses.
const USUAL_PLACES: [&str; 5] = [
    "/usr/local/bin",
    "/usr/bin",
    "/usr/sbin",
    "/opt/homebrew/bin",
    "/opt/local/bin",
];

/// A program by its name, on PATH or in the usual places.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(USUAL_PLACES.iter().map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

/// Whether a file is there and may be run by somebody.
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A package as the package managers of several systems call it.
pub struct Package {
    /// What it is to us.
    pub what: &'static str,
    /// Debian and its children.
    pub apt: &'static str,
    /// Fedora and its relatives.
    pub dnf: &'static str,
    /// Alpine.
    pub apk: &'static str,
    /// macOS.
    pub brew: &'static str,
}

/// Redis, 6.2 or later.
pub const REDIS: Package = Package {
    what: "Redis",
    apt: "redis-server",
    dnf: "redis",
    apk: "redis",
    brew: "redis",
};

/// A browser for the browser tests.
pub const CHROMIUM: Package = Package {
    what: "Chromium",
    apt: "chromium",
    dnf: "chromium",
    apk: "chromium",
    brew: "chromium",
};

/// Python, for the second opinion on rating.
pub const PYTHON: Package = Package {
    what: "Python",
    apt: "python3",
    dnf: "python3",
    apk: "python3",
    brew: "python3",
};

impl Package {
    /// Install it where we may; otherwise say who may, and with which line.
    pub fn install(&self) -> Result<()> {
        let root = rustix::process::geteuid().is_root();
        let ways: [(&str, &[&[&str]], bool); 4] = [
            (
                "apt-get",
                &[
                    &["update", "-q"],
                    &["install", "-q", "-y", "--no-install-recommends", self.apt],
                ],
                true,
            ),
            ("dnf", &[&["install", "-y", self.dnf]], true),
            ("apk", &[&["add", self.apk]], true),
            ("brew", &[&["install", self.brew]], false),
        ];
        let Some((name, calls, needs_root)) =
            ways.into_iter().find(|(name, ..)| program(name).is_some())
        else {
            bail!(
                "{} is needed and not found; this system has no package manager that is known here: install it and start again",
                self.what
            );
        };
        if needs_root && !root {
            let line = calls
                .iter()
                .map(|call| format!("sudo {name} {}", call.join(" ")))
                .collect::<Vec<_>>()
                .join(" && ");
            bail!(
                "{} is needed and not found. This brings it:\n\n    {line}\n",
                self.what
            );
        }
        for call in calls {
            let mut command = Command::new(name);
            command.args(*call).env("DEBIAN_FRONTEND", "noninteractive");
            run::shown(
                &format!("Installing {}: {name} {}", self.what, call.join(" ")),
                &mut command,
            )?;
        }
        Ok(())
    }
}
