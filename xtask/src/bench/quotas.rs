//! What a fleet of executors lets in under quotas, and what a decision costs: the executor's own tests of that, which run
//! on a clock of their own, with their figures gathered into a table.

use anyhow::Result;

use crate::say::{print, say};
use crate::supervisor::Supervisor;
use crate::test::{self, servers};
use crate::{interrupt, place, run};

/// One at a time, so that what one prints stays in its line and no other is on its bill.
const ARGUMENTS: [&str; 3] = ["quotas::fleet_tests::", "--nocapture", "--test-threads=1"];

/// Run them, print the table, keep it in `target/bench/quotas.md`. Fails when a figure is not what it must be.
pub(super) fn run() -> Result<()> {
    interrupt::install()?;
    let _lock = test::only_one()?;
    let mut supervisor = Supervisor::default();
    let output = measure(&mut supervisor);
    supervisor.stop();
    let table = table(&output?);
    print(&table);
    let folder = place::target().join("bench");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("quotas.md");
    std::fs::write(&file, table)?;
    say(&format!("The table is in {}", file.display()));
    Ok(())
}

fn measure(supervisor: &mut Supervisor) -> Result<String> {
    let home = servers::home()?;
    let redis_url = servers::start_redis(&home, supervisor)?;
    let log = home.log("quotas");
    std::fs::remove_file(&log).ok();
    let arguments = ARGUMENTS.map(str::to_owned);
    let mut cargo = test::executor_tests(&arguments, &home, &redis_url);
    run::logged("Measuring fleets under quotas", &mut cargo, &log)?;
    Ok(std::fs::read_to_string(&log)?)
}

/// The lines that a test printed as `| … | … | … |`, behind whatever the test runner had begun to say.
fn table(output: &str) -> String {
    let rows = output.lines().filter_map(|line| {
        let from = line.find("| ")?;
        line.ends_with(" |").then(|| &line[from..])
    });
    let head = ["| what | must be | is |", "| --- | --- | --- |"];
    head.into_iter()
        .chain(rows)
        .map(|row| format!("{row}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_behind_the_words_of_the_test_runner() {
        let output =
            "running 2 tests\ntest a ... | eight | 970 | 998 |\n| nine | 1 | 2 |\nok\na | b\n";
        assert_eq!(
            table(output),
            "| what | must be | is |\n| --- | --- | --- |\n| eight | 970 | 998 |\n| nine | 1 | 2 |\n"
        );
    }
}
