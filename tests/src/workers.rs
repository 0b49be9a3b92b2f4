//! More workers than one on a stack: as the first, but for where they listen.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use xtask::roles::Role;

use crate::Stack;
use crate::stack::Seat;

/// Wire up so many more workers.
pub(crate) fn add(
    count: usize,
    ports: &mut impl Iterator<Item = String>,
    environments: &mut BTreeMap<Seat, BTreeMap<String, String>>,
    urls: &mut BTreeMap<Seat, String>,
) -> Result<()> {
    for number in 1..=count {
        let address = ports.next().context("no free port")?;
        let mut environment = environments[&(Role::Worker, 0)].clone();
        environment.insert(Role::Worker.listen_variable().to_owned(), address.clone());
        environments.insert((Role::Worker, number), environment);
        urls.insert((Role::Worker, number), format!("http://{address}"));
    }
    Ok(())
}

impl Stack {
    /// The health and metrics of every worker.
    pub fn worker_urls(&self) -> Vec<&str> {
        let workers = self.urls.iter().filter(|(seat, _)| seat.0 == Role::Worker);
        workers.map(|(_, url)| url.as_str()).collect()
    }
}
