//! `cartwright profile`: where one run's fuel went, as a table, a flame graph and a file for the Firefox Profiler.

mod firefox;
mod svg;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cartwright_domain::outcome::Outcome;
use serde_json::json;

use crate::build;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::local::shown::grouped;
use crate::local::source::SourceArgs;
use crate::local::{Workbench, plan};
use tree::{Function, Tree};

/// Functions in the table.
const FUNCTIONS_SHOWN: usize = 15;

#[derive(clap::Args)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where to write: `<PATH>.svg`, a flame graph, and `<PATH>.json`, for the Firefox Profiler.
    #[arg(long, short, value_name = "PATH", default_value = "profile")]
    output: PathBuf,
}

/// Profile one run, write both files, and print which functions burned most.
pub(crate) fn profile(start: &Start, args: &ProfileArgs) -> Result<Ending, Failure> {
    let project = args.source.project(start)?;
    if let Some(project) = project {
        build::if_due(start.output, project)?;
    }
    let module = args.source.module(project)?;
    let recording = args.source.recording(start)?;
    let limits = args.source.limits(recording.as_ref());
    let workbench = Workbench::new()?;
    let target = args.source.target(project, recording.as_ref());
    let checked = workbench.check(&module, target.as_deref(), &limits)?;
    if checked.ready.is_none() {
        return build::refused(start.output, &checked.report);
    }
    let given = args
        .source
        .given(project, recording.as_ref(), &checked.report)?;
    let (finished, profile) = workbench.profile(&module, &given)?;
    let tree = Tree::of(&profile);
    let title = match (&args.source.module, project) {
        (Some(module), _) => module
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        (None, project) => project.map_or_else(String::new, |project| project.function.to_string()),
    };
    let (svg, json) = (
        args.output.with_extension("svg"),
        args.output.with_extension("json"),
    );
    write(&svg, &svg::draw(&tree, &title))?;
    write(&json, &firefox::document(&tree, &title).to_string())?;
    let functions = tree.functions();
    if start.output.json {
        start.output.document(&json!({
            "outcome": finished.outcome.as_str(), "fuel": finished.fuel_used, "cost": plan::cost(finished.fuel_used),
            "truncated": profile.truncated, "svg": svg, "firefox_profile": json,
            "functions": functions.iter().map(Function::document).collect::<Vec<_>>(),
        }))?;
    } else {
        table(start, &functions, finished.fuel_used)?;
        if let Some(error) = &finished.error {
            start.output.say(format_args!(
                "the run ended {}: {}",
                finished.outcome, error.message
            ));
        }
        if profile.truncated {
            start.output.say(
                "there are too many different stacks: the deepest ones count in their callers",
            );
        }
        start.output.say(format_args!(
            "{}: a flame graph, for any browser\n{}: for the Firefox Profiler",
            svg.display(),
            json.display()
        ));
    }
    Ok(match finished.outcome {
        Outcome::Ok => Ending::Done,
        _ => Ending::FunctionFailed,
    })
}

fn table(start: &Start, functions: &[Function], fuel_used: u64) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = functions
        .iter()
        .take(FUNCTIONS_SHOWN)
        .map(|function| {
            vec![
                format!("{:>13}", grouped(function.own)),
                format!("{:>6}", percent(function.own, fuel_used)),
                format!("{:>13}", grouped(function.total)),
                format!("{:>10}", grouped(function.calls)),
                function.shown(),
            ]
        })
        .collect();
    start.output.table(
        &[
            "  fuel itself",
            "      ",
            "with its calls",
            "   entered",
            "function",
        ],
        &rows,
    )?;
    start.output.line(format_args!(
        "{:>13}  100 %   all of the run, {}",
        grouped(fuel_used),
        plan::cost(fuel_used)
    ))
}

/// A part of a whole, as `12.3 %`.
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
