//! A Redis of our own: found on this machine or brought by its package manager, behind a password, on loopback.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Member;
use super::ground::Ground;
use super::postgres::Durability;
use crate::probe::Probe;
use crate::process::{Program, Signal};
use crate::{find, run};

/// The first with the commands that the leases use.
const OLDEST: (u32, u32) = (6, 2);

/// Redis numbers its databases; a test run takes one for each stack.
const DATABASES: u32 = 4096;

/// Find a server, or bring one.
pub fn find_or_install() -> Result<PathBuf> {
    let find = || find::program("redis-server").or_else(|| find::program("valkey-server"));
    let found = match find() {
        Some(found) => found,
        None => {
            find::REDIS.install()?;
            find().context("Redis was installed, and is still not found")?
        }
    };
    let said = run::output(Command::new(&found).arg("--version"))?;
    match version(&said) {
        Some(version) if version >= OLDEST => Ok(found),
        _ => bail!(
            "Redis 6.2 or later is needed; {} says: {}",
            found.display(),
            said.trim()
        ),
    }
}

/// "Redis server v=7.0.15 sha=…", and Valkey the same.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="))?
        .split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Say how to run it.
pub fn prepare(
    ground: &Ground,
    port: u16,
    password: &str,
    durability: Durability,
    log: PathBuf,
) -> Result<Member> {
    let path = find_or_install()?;
    let folder = ground.own_folder("redis")?;
    let append_only = if durability == Durability::Kept {
        "yes"
    } else {
        "no"
    };
    // In a file, since arguments are for everybody to see.
    let settings = folder.join("redis.conf");
    let text = format!(
        "bind 127.0.0.1\nport {port}\ndir {}\nrequirepass {password}\ndatabases {DATABASES}\nappendonly {append_only}\nsave \"\"\n",
        folder.display()
    );
    ground.own_file(&settings, &text)?;
    Ok(Member {
        program: Program {
            name: "redis".to_owned(),
            path,
            arguments: vec![settings.display().to_string()],
            environment: [].into(),
            identity: ground.identity,
            log,
            on_our_death: Signal::TERM,
        },
        address: format!("127.0.0.1:{port}"),
        probe: Probe::Redis(password.to_owned()),
        goodbye: Signal::TERM,
    })
}

/// Its address with its password.
pub fn url(port: u16, password: &str) -> String {
    format!("redis://:{password}@127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_read_as_numbers() {
        let said = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1";
        assert_eq!(super::version(said), Some((7, 0)));
        assert_eq!(super::version("something else"), None);
    }
}
