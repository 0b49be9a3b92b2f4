//! Running a command to its end, with a sign of life while it runs and its last words when it fails.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::interrupt;
use crate::process::{self, Signal};
use crate::say::{Step, quote};

/// Run a command whose output everybody shall see.
pub fn shown(what: &str, command: &mut Command) -> Result<()> {
    let step = Step::begin(what);
    let status = finish(command.stdin(Stdio::null()))?;
    if !status.success() {
        bail!(
            "{what}: {} ended with {status}",
            command.get_program().display()
        );
    }
    step.done();
    Ok(())
}

/// Run a command whose output is of interest when it fails only; it is kept in `log`.
pub fn logged(what: &str, command: &mut Command, log: &Path) -> Result<()> {
    let step = Step::begin(what);
    let out = OpenOptions::new().create(true).append(true).open(log);
    let out = out.with_context(|| format!("cannot write {}", log.display()))?;
    let from = out.metadata()?.len();
    let status = finish(
        command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out),
    )?;
    if !status.success() {
        drop(step);
        quote(&process::tail(log, from, 20)?);
        bail!(
            "{what}: {} ended with {status}; all of its words: {}",
            command.get_program().display(),
            log.display()
        );
    }
    step.done();
    Ok(())
}

/// Run a command for what it prints.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output =
        output.with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!(
            "{} ended with {}: {said}",
            command.get_program().display(),
            output.status
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Start a command in a group of its own, so that all of it can be stopped.
pub fn start(command: &mut Command) -> Result<Child> {
    process::end_with_us(command.process_group(0), Signal::TERM);
    command
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))
}

/// Wait for a command, and stop it when we are asked to stop.
pub fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt::asked() {
            process::signal_group(child.id(), Signal::TERM);
            child.wait()?;
            bail!(interrupt::Interrupted);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn finish(command: &mut Command) -> Result<ExitStatus> {
    wait(&mut start(command)?)
}

/// Run a command on this input.
pub fn fed(command: &mut Command, input: &str) -> Result<()> {
    let mut child = start(
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let mut stdin = child.stdin.take().context("a pipe was asked for")?;
    std::io::Write::write_all(&mut stdin, input.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    // A single-user Postgres reports a failed statement and ends well all the same.
    if !output.status.success() || said.contains("ERROR") {
        bail!(
            "{} ended with {}: {}",
            command.get_program().display(),
            output.status,
            said.trim()
        );
    }
    Ok(())
}
