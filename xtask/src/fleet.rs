//! Several executors on one machine: each on ports and a disk of its own, behind a front proxy that steers around those
//! that are not ready.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::place;
use crate::probe::Probe;
use crate::process::{Program, Signal};
use crate::roles::Role;
use crate::servers::Member;
use crate::stack::{self, Home};
use crate::wiring::Wiring;

/// Executors on one machine, at most: each reserves terabytes of address space and some tens of MiB of memory.
pub const EXECUTORS_MAX: usize = 8;

/// The front proxy's name.
const FRONT: &str = "proxy";

/// The name of an executor, of which the first is number 1.
fn name(number: usize) -> String {
    match number {
        1 => Role::Executor.name().to_owned(),
        _ => format!("{}-{number}", Role::Executor.name()),
    }
}

/// Whether this member is an executor, of whatever number.
pub fn is_executor(member: &str) -> bool {
    (1..=EXECUTORS_MAX).any(|number| member == name(number))
}

/// The disks of executors beside the first that are there now.
pub fn more_disks(home: &Path) -> Result<Vec<PathBuf>> {
    let disks = (2..=EXECUTORS_MAX).map(|number| home.join(name(number)));
    Ok(disks.filter(|disk| disk.exists()).collect())
}

/// The executors beside the first, and the proxy before all of them.
pub fn members(home: &Home, wiring: &Wiring) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for (number, listeners) in (2..).zip(&wiring.listeners.more_executors) {
        members.push(executor(home, wiring, number, listeners)?);
    }
    members.extend(front(home, wiring));
    Ok(members)
}

/// An executor as the first one, but for its name, its listeners and its disk.
fn executor(
    home: &Home,
    wiring: &Wiring,
    number: usize,
    (public, internal): &(String, String),
) -> Result<Member> {
    let mut member = stack::member(home, wiring, Role::Executor)?;
    let (name, disk) = (name(number), home.folder.join(name(number)));
    std::fs::create_dir_all(&disk)?;
    let internal_variable = Role::Executor
        .internal_listen_variable()
        .context("an executor has an internal listener")?;
    member.program.environment.extend([
        (Role::Executor.listen_variable().to_owned(), public.clone()),
        (internal_variable.to_owned(), internal.clone()),
        ("CARTWRIGHT_DATA_DIR".to_owned(), disk.display().to_string()),
    ]);
    member.program.log = home.log(&name);
    member.program.name = name;
    member.address.clone_from(public);
    Ok(member)
}

fn front(home: &Home, wiring: &Wiring) -> Option<Member> {
    let address = wiring.listeners.front.clone()?;
    let first = wiring.listeners.public.get(&Role::Executor)?;
    let more = wiring.listeners.more_executors.iter();
    let executors: Vec<&str> = std::iter::once(first)
        .chain(more.map(|(public, _)| public))
        .map(String::as_str)
        .collect();
    let arguments = ["--listen", &address, "--executors", &executors.join(",")];
    Some(Member {
        program: Program {
            name: FRONT.to_owned(),
            path: place::binary("cartwright-dev-proxy"),
            arguments: arguments.map(str::to_owned).into(),
            environment: std::collections::BTreeMap::new(),
            identity: None,
            log: home.log(FRONT),
            on_our_death: Signal::KILL,
        },
        address: address.clone(),
        probe: Probe::HttpOk("/readyz"),
        goodbye: Signal::TERM,
    })
}

/// Give the meter logs of executors that are not started this time to the first one, who takes over what earlier
/// processes left on its disk: else what was not shipped would lie there for as long as nobody asks for so many executors.
pub fn adopt_disks(home: &Path, executors: usize) -> Result<()> {
    let meter = home.join(name(1)).join("meter");
    std::fs::create_dir_all(&meter)?;
    for number in executors + 1..=EXECUTORS_MAX {
        let disk = home.join(name(number));
        let Ok(logs) = std::fs::read_dir(disk.join("meter")) else {
            continue;
        };
        for log in logs {
            let log = log?;
            let adopted = meter.join(log.file_name());
            std::fs::rename(log.path(), &adopted)
                .with_context(|| format!("cannot move {}", log.path().display()))?;
        }
        // What is left are cached artifacts.
        std::fs::remove_dir_all(&disk)
            .with_context(|| format!("cannot remove {}", disk.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_of_an_executor_that_is_not_started_go_to_the_first() {
        let home = std::env::temp_dir().join(format!("cartwright-adopt-{}", std::process::id()));
        for log in [
            "executor/meter/a",
            "executor-2/meter/b",
            "executor-3/meter/c",
        ] {
            std::fs::create_dir_all(home.join(log)).expect("a folder");
        }
        adopt_disks(&home, 2).expect("all can be moved");
        let exists = |log: &str| home.join(log).exists();
        assert!(exists("executor/meter/a") && exists("executor/meter/c"));
        assert!(exists("executor-2/meter/b"), "its own executor starts");
        assert!(!exists("executor-3"));
        assert!(is_executor("executor") && is_executor("executor-3") && !is_executor("worker"));
        std::fs::remove_dir_all(&home).expect("it is ours");
    }
}
