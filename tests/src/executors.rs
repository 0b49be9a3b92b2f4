//! More executors than one on a stack, numbered from 0, which is the one that every stack has. Each has listeners and a disk
//! of its own; a tenant's requests go to the first unless a test sends them elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use xtask::roles::Role;

use crate::Stack;
use crate::stack::Seat;

/// Wire up so many more executors: as the first, but for where they listen and what they write.
pub(crate) fn add(
    count: usize,
    folder: &Path,
    ports: &mut impl Iterator<Item = String>,
    environments: &mut BTreeMap<Seat, BTreeMap<String, String>>,
    urls: &mut BTreeMap<Seat, String>,
) -> Result<()> {
    let first = environments[&(Role::Executor, 0)].clone();
    let internal_variable = Role::Executor
        .internal_listen_variable()
        .context("an executor has an internal listener")?;
    for number in 1..=count {
        let (public, internal) = (
            ports.next().context("no free port")?,
            ports.next().context("no free port")?,
        );
        let disk = folder.join(format!("executor-{number}"));
        std::fs::create_dir_all(&disk)?;
        let mut environment = first.clone();
        environment.extend([
            (Role::Executor.listen_variable().to_owned(), public.clone()),
            (internal_variable.to_owned(), internal.clone()),
            ("CARTWRIGHT_DATA_DIR".to_owned(), disk.display().to_string()),
        ]);
        environments.insert((Role::Executor, number), environment);
        urls.insert((Role::Executor, number), format!("http://{public}"));
    }
    Ok(())
}

impl Stack {
    /// How many executors there are.
    pub fn executors(&self) -> usize {
        let is_executor = |seat: &&Seat| seat.0 == Role::Executor;
        self.urls.keys().filter(is_executor).count()
    }

    /// The data plane of an executor.
    pub fn executor_url(&self, number: usize) -> &str {
        &self.urls[&(Role::Executor, number)]
    }

    /// Start an executor that does not run. It is not ready yet.
    pub fn run_executor(&self, number: usize) {
        self.run_seat((Role::Executor, number));
    }

    /// Kill an executor: no drain, no goodbye.
    pub fn kill_executor(&self, number: usize) {
        self.kill_seat((Role::Executor, number));
    }

    /// Wait until an executor says that it is ready.
    pub async fn executor_ready(&self, number: usize) {
        self.seat_ready((Role::Executor, number)).await;
    }
}
