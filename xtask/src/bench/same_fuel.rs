//! A release build burns the fuel that the tests hold debug builds to: every committed module, once each.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::stage::{Function, Stage};
use crate::say::Step;
use crate::{fuel, place};

/// An executor that has just met a tenant may have to look it up again so often, every 100 ms.
const ATTEMPTS: u32 = 100;

/// Run each on its sample, and find the fuel of the table.
pub(super) fn check(stage: &Stage) -> Result<()> {
    let step = Step::begin("Comparing the fuel of a release build with that of the tests");
    let read = |path: &str| {
        let file = place::root().join("functions").join(path);
        std::fs::read(&file).with_context(|| file.display().to_string())
    };
    let mut functions = Vec::new();
    for (index, burned) in fuel::ALL.iter().enumerate() {
        let module = read(burned.module)?;
        functions.push(Function::new(&format!("template-{index}"), module));
    }
    let calls = stage.tenant("same-fuel", &functions)?;
    for (burned, call) in fuel::ALL.iter().zip(&calls) {
        let sample = read(burned.sample)?;
        let mut answer = stage.call(call, &sample)?;
        for _ in 0..ATTEMPTS {
            if answer.status == 200 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            answer = stage.call(call, &sample)?;
        }
        let answer = answer.expect(200, burned.module)?;
        let used = answer.header("Cartwright-Fuel");
        ensure!(
            used == burned.fuel.to_string(),
            "{} burned {used} fuel in a release build, and {} in the tests",
            burned.module,
            burned.fuel
        );
    }
    step.done();
    Ok(())
}
