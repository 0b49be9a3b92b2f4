//! Equal requests get equal runs: one output and one number of fuel, however many come and however they overlap.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::hot_path::CONNECTIONS;
use crate::run;
use crate::say::Step;

/// How many equal requests are compared, over each number of connections.
const RUNS_MIN: u64 = 10_000;

const DRIVE_MS: &str = "1000";

/// What `cartwright-load drive --distinct` tells.
#[derive(Deserialize)]
struct Told {
    ok: u64,
    outputs: usize,
    fuels: Vec<u64>,
}

/// Send the one request of the plan until there are enough answers, and find them all equal, each with this fuel.
pub(super) fn check(load: &Path, plan: &Path, fuel: u64) -> Result<()> {
    for connections in CONNECTIONS {
        let step = Step::begin(&format!(
            "Comparing {RUNS_MIN} equal runs over {connections} connections"
        ));
        let mut runs = 0;
        while runs < RUNS_MIN {
            let told = drive(load, plan, connections)?;
            ensure!(told.ok > 0, "no run was answered");
            ensure!(
                told.outputs == 1 && told.fuels == [fuel],
                "equal requests had {} different outputs and these numbers of fuel: {:?}; the tests had {fuel}",
                told.outputs,
                told.fuels
            );
            runs += told.ok;
        }
        step.done();
    }
    crate::say::say(&format!(
        "Equal runs had one output and one number of fuel: {fuel}"
    ));
    Ok(())
}

fn drive(load: &Path, plan: &Path, connections: usize) -> Result<Told> {
    let output = run::output(
        Command::new(load)
            .args(["drive", "--distinct", "--duration-ms", DRIVE_MS, "--plan"])
            .arg(plan)
            .args(["--connections", &connections.to_string()]),
    )?;
    serde_json::from_str(&output).with_context(|| format!("not a measurement: {output}"))
}
