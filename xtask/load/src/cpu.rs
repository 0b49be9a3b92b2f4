//! The processor time that another process has used, since shared machines make wall-clock time mean little.

use std::time::Duration;

use anyhow::Context;

/// Processor time of the threads of a process that live, by the scheduler's account in nanoseconds. A thread that ended
/// takes its time along: the servers that are measured keep theirs.
pub(crate) fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let mut nanos: u64 = 0;
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
        .with_context(|| format!("process {pid} is not there"))?;
    for task in tasks {
        // A thread may end between the listing and the reading: its time is then missing from this sum.
        let Ok(line) = std::fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let run = line
            .split_whitespace()
            .next()
            .context("schedstat has no figure")?;
        nanos += run
            .parse::<u64>()
            .context("schedstat's figure is not a number")?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// A process and its children: each connection of a database is one.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let children =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    std::iter::once(pid).chain(children).collect()
}
