//! A Postgres of our own: found on this machine or brought by npm, its cluster made with one login and no socket but
//! on loopback.

mod binaries;
mod cluster;

use std::path::PathBuf;

use anyhow::Result;

use super::Member;
use super::ground::Ground;
use crate::probe::Probe;
use crate::process::{Program, Signal};
use binaries::Binaries;

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
    let binaries = Binaries::choose(ground, &cluster)?;
    if cluster.join("PG_VERSION").exists() {
        ground.check_owner(&cluster)?;
        cluster::await_predecessor(&cluster)?;
    } else {
        cluster::initialise(ground, &binaries, &cluster, password, databases, &log)?;
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

/// Execute statements in a cluster that nobody serves, as one transaction.
pub fn execute(ground: &Ground, database: &str, statements: &str) -> Result<()> {
    let cluster = ground.folder.join("postgres");
    cluster::single_user(
        ground,
        &Binaries::choose(ground, &cluster)?,
        &cluster,
        database,
        statements,
    )
}
