//! The data of a Postgres: made whole or not at all, written to without a client, served by one server at a time.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::OWNER;
use super::binaries::Binaries;
use crate::servers::ground::Ground;
use crate::{interrupt, run};

/// Make a cluster beside its place, then move it there: what is in its place is whole.
pub(super) fn initialise(
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

/// The single-user mode needs no client, and npm's Postgres comes without one.
pub(super) fn single_user(
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
pub(super) fn await_predecessor(cluster: &Path) -> Result<()> {
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
