//! Building what runs: the roles in the two selections that keep a compiler out of the executor, and the console.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{find, place, run};

/// The selections of packages. Built together with the others, the executor would get their features, and with them
/// the compiler that it must not have.
pub const SELECTIONS: [&[&str]; 2] = [
    &["-p", "cartwright-executor"],
    &["--workspace", "--exclude", "cartwright-executor"],
];

/// The oldest Node that builds the console.
const NODE_MAJOR_MIN: u32 = 20;

/// A cargo that checks queries against the committed `.sqlx`, never against a database that happens to be named in
/// the environment: that one is for running.
pub fn cargo(subcommand: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .arg(subcommand)
        .current_dir(place::root())
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL");
    // `cargo xtask` tells this process about the package xtask. Passed on, that would have ring built anew, and half of
    // the dependencies behind it, whenever this cargo and one from a shell take turns: its build script watches these.
    for (name, _) in std::env::vars_os() {
        let told_by_cargo_run = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if name.to_str().is_some_and(|name| {
            told_by_cargo_run
                .iter()
                .any(|prefix| name.starts_with(prefix))
        }) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Build every binary.
pub fn binaries() -> Result<()> {
    let [executor, others] = SELECTIONS;
    run::shown(
        "Building the executor (the first time takes minutes)",
        cargo("build").args(executor),
    )?;
    run::shown(
        "Building the other roles",
        cargo("build").args(others).arg("--bins"),
    )
}

/// Build the console if it or its packages changed since the last time. None when the clone has none.
pub fn console() -> Result<Option<PathBuf>> {
    let folder = place::root().join("web-console");
    if !folder.join("package.json").exists() {
        return Ok(None);
    }
    console_packages()?;
    let stamp = place::target().join("console.stamp");
    let now = fingerprint(&folder)?;
    let dist = place::console_dist();
    if !dist.join("index.html").exists()
        || std::fs::read_to_string(&stamp).ok().as_ref() != Some(&now)
    {
        let mut build = Command::new(npm()?);
        build.args(["run", "build"]).current_dir(&folder);
        run::logged(
            "Building the console",
            &mut build,
            &place::target().join("console-build.log"),
        )?;
        std::fs::write(&stamp, now)?;
    }
    Ok(Some(dist))
}

/// Install the console's packages if its lock file changed since the last time.
pub fn console_packages() -> Result<()> {
    packages("console", &place::root().join("web-console"))
}

/// Build the client for callers, which takes seconds, so that its tests run what it ships.
pub fn client() -> Result<()> {
    let folder = place::root().join("clients/typescript");
    packages("client", &folder)?;
    let mut build = Command::new(npm()?);
    build
        .args(["run", "--silent", "build"])
        .current_dir(&folder);
    run::logged(
        "Building the client for callers",
        &mut build,
        &place::target().join("client-build.log"),
    )
}

/// Install the AssemblyScript compiler that the template names, so that tests build what people start from.
pub fn assemblyscript() -> Result<()> {
    let folder = place::root().join("functions/volume-discount-assemblyscript");
    packages("template", &folder)
}

fn packages(whose: &str, folder: &Path) -> Result<()> {
    let lock = std::fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("the {whose} has no package-lock.json"))?;
    // npm empties node_modules first, so a stamp inside says that it came to its end.
    let stamp = folder.join("node_modules/.installed-package-lock.json");
    if std::fs::read(&stamp).ok().as_ref() != Some(&lock) {
        let mut install = Command::new(npm()?);
        install
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder);
        run::logged(
            &format!("Installing the {whose}'s packages"),
            &mut install,
            &place::target().join(format!("{whose}-packages.log")),
        )?;
        std::fs::write(&stamp, lock)?;
    }
    Ok(())
}

/// npm, beside a Node that is new enough.
pub fn npm() -> Result<PathBuf> {
    let needed = "Node 20 or later is needed, with npm, for the console";
    let node = find::program("node").context(needed)?;
    let version = run::output(Command::new(node).arg("--version"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("{needed}; found {}", version.trim());
    }
    find::program("npm").context(needed)
}

/// What the console is made of, as one number: every file's name and bytes, but for what is installed or built.
fn fingerprint(folder: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        let mut entries = std::fs::read_dir(&next)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if ["node_modules", "dist", "test-results", "playwright-report"]
                .iter()
                .any(|left_out| path.ends_with(left_out))
            {
                continue;
            }
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                path.strip_prefix(folder)?.hash(&mut hasher);
                std::fs::read(&path)?.hash(&mut hasher);
            }
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}
