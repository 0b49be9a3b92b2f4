//! Running one test runner: its output passes through, its sums are kept.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::counts::{Counts, Runner};
use crate::run;
use crate::say::{print, say};

/// What all runners came to so far.
#[derive(Default)]
pub struct Tally {
    /// The sums.
    pub counts: Counts,
    /// Who failed, to say once more at the end.
    pub failures: Vec<String>,
}

impl Tally {
    /// Run a command and add what it counted. An error here is ours; a failed test is a count.
    pub fn run(&mut self, what: &str, runner: Runner, command: &mut Command) -> Result<()> {
        say(&format!("{what} …"));
        let mut child = run::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let output = child.stdout.take().context("a pipe was asked for")?;
        let reader = std::thread::spawn(move || read(output, runner));
        let status = run::wait(&mut child)?;
        let counted = reader.join().unwrap_or_default();
        self.add(what, runner, status.success(), counted);
        Ok(())
    }

    /// Add one check of our own.
    pub fn check(&mut self, what: &str, outcome: Result<()>) {
        if let Err(error) = &outcome {
            say(&format!("{what}: {error:#}"));
        }
        self.add(what, Runner::Check, outcome.is_ok(), None);
    }

    fn add(&mut self, what: &str, runner: Runner, success: bool, counted: Option<Counts>) {
        let mut counts = counted.unwrap_or_default();
        if runner == Runner::Check {
            counts.passed = u64::from(success);
        } else if counts.passed + counts.failed == 0 {
            say(&format!(
                "{what}: it closed without saying that it ran a test"
            ));
            counts.failed = 1;
        }
        // A runner can fail without a failed test: it did not build, or a test took the whole process with it.
        if !success && counts.failed == 0 {
            counts.failed = 1;
        }
        if counts.failed > 0 {
            self.failures
                .push(format!("{what}: {} failed", counts.failed));
        }
        say(&format!(
            "{what}: {} passed, {} failed, {} skipped",
            counts.passed, counts.failed, counts.skipped
        ));
        self.counts += counts;
    }
}

fn read(output: impl std::io::Read, runner: Runner) -> Option<Counts> {
    let mut sums: Option<Counts> = None;
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        if let Some(counts) = runner.counts(&line) {
            *sums.get_or_insert_default() += counts;
        }
    }
    sums
}
