//! Ports on loopback: the preferred ones, the next free ones, and those that a stack had before.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::roles::{Listeners, Role};

/// Whether nobody listens there. Some systems let a second listener in beside one on all addresses, so ask both ways.
pub fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
        && TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err()
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A port that a server had before, if it is free, otherwise any; remembered in `file`.
pub fn remembered(file: &Path, servers: &[&str]) -> Result<BTreeMap<String, u16>> {
    let before = std::fs::read(file)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let before: BTreeMap<String, u16> = before.unwrap_or_default();
    // All are held until the last one is chosen, so that none is chosen twice.
    let mut held = Vec::new();
    let mut chosen = BTreeMap::new();
    for server in servers {
        let same = before
            .get(*server)
            .and_then(|port| TcpListener::bind(loopback(*port)).ok());
        let listener = same.map_or_else(|| TcpListener::bind(loopback(0)), Ok)?;
        chosen.insert((*server).to_owned(), listener.local_addr()?.port());
        held.push(listener);
    }
    std::fs::write(file, serde_json::to_vec(&chosen)?)?;
    Ok(chosen)
}

/// Where the roles listen: as the environment fixes it, else on their preferred ports, else on the next free ones. Several
/// executors stand behind a proxy, which listens where the one would.
pub fn listeners(executors: usize) -> Result<Listeners> {
    let mut wanted = Vec::new();
    for role in Role::ALL {
        let public = match role {
            Role::Api => 8080,
            Role::Executor => 8081,
            Role::Billing => 8082,
            Role::Worker => 8083,
        };
        wanted.push((role, role.listen_variable(), public, false));
    }
    for (role, port) in [
        (Role::Api, 8090),
        (Role::Executor, 8091),
        (Role::Billing, 8092),
    ] {
        let variable = role
            .internal_listen_variable()
            .context("these three have one")?;
        wanted.push((role, variable, port, true));
    }
    let mut chosen: BTreeMap<&str, SocketAddr> = BTreeMap::new();
    for (_, variable, preferred, _) in &wanted {
        match std::env::var(variable) {
            Ok(fixed) => {
                let address: SocketAddr = fixed.parse().with_context(|| {
                    format!("{variable}={fixed} is not an address like 127.0.0.1:8080")
                })?;
                if chosen.values().any(|taken| *taken == address) || !is_free(address) {
                    bail!(
                        "{variable}={fixed} is taken; free it, or leave {variable} unset to get the next free port"
                    );
                }
                chosen.insert(variable, address);
            }
            Err(_) => {
                if is_free(loopback(*preferred))
                    && !chosen.values().any(|taken| *taken == loopback(*preferred))
                {
                    chosen.insert(variable, loopback(*preferred));
                }
            }
        }
    }
    for (_, variable, preferred, _) in &wanted {
        if !chosen.contains_key(variable) {
            let taken: Vec<SocketAddr> = chosen.values().copied().collect();
            chosen.insert(variable, next_free(preferred + 1, &taken)?);
        }
    }
    let mut listeners = Listeners::default();
    for (role, variable, _, internal) in wanted {
        let of_its_kind = if internal {
            &mut listeners.internal
        } else {
            &mut listeners.public
        };
        of_its_kind.insert(role, chosen[variable].to_string());
    }
    if executors > 1 {
        spread(&mut listeners, executors, chosen.into_values().collect())?;
    }
    Ok(listeners)
}

fn next_free(from: u16, taken: &[SocketAddr]) -> Result<SocketAddr> {
    let next = (from..=u16::MAX)
        .map(loopback)
        .find(|address| !taken.contains(address) && is_free(*address));
    next.context("no free port on loopback")
}

/// Put the executors on ports of their own, and the proxy on the one that was the executor's.
fn spread(listeners: &mut Listeners, executors: usize, mut taken: Vec<SocketAddr>) -> Result<()> {
    let mut next = |from| {
        let address = next_free(from, &taken)?;
        taken.push(address);
        anyhow::Ok(address.to_string())
    };
    let first = next(8181)?;
    listeners.front = listeners.public.insert(Role::Executor, first);
    for _ in 1..executors {
        listeners.more_executors.push((next(8181)?, next(8191)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn several_executors_have_ports_of_their_own_behind_the_one_that_is_known() {
        let alone = listeners(1).expect("ports");
        assert_eq!(alone.invoke_url(), alone.url(Role::Executor));
        let three = listeners(3).expect("ports");
        assert_eq!(three.more_executors.len(), 2);
        assert_ne!(three.invoke_url(), three.url(Role::Executor));
        let more = three.more_executors.iter();
        let all: Vec<&String> = three
            .public
            .values()
            .chain(three.internal.values())
            .chain(&three.front)
            .chain(more.flat_map(|(public, internal)| [public, internal]))
            .collect();
        let different: BTreeSet<&&String> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
    }
}
