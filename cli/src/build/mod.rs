//! `cartwright build`: the project's own build command, then the checks that an upload would make.

mod carry;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use cartwright_domain::compile::{CompileReport, MODULE_BYTES_MAX};
use serde_json::json;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::local::shown::{finding, grouped};
use crate::local::{Workbench, plan};
use crate::output::Output;
use crate::project::{FILE, Project};
use crate::watch;

#[derive(clap::Args)]
pub(crate) struct BuildArgs {
    /// Check this module, and build nothing.
    #[arg(value_name = "MODULE")]
    module: Option<PathBuf>,
}

/// Build, check, and say what the module is.
pub(crate) fn build(start: &Start, args: &BuildArgs) -> Result<Ending, Failure> {
    let (path, target) = match (&args.module, &start.project) {
        (Some(module), _) => (module.clone(), None),
        (None, Some(project)) => {
            make(start.output, project)?;
            (project.path(&project.module), project.target.as_ref())
        }
        (None, None) => {
            return Err(Failure::local(format!(
                "there is no {FILE} here or above: `cartwright init` makes one, and `cartwright build <module.wasm>` checks a \
                 module that you have built yourself"
            )));
        }
    };
    let module =
        std::fs::read(&path).with_context(|| format!("read the module {}", path.display()))?;
    let target = target.map(|target| target.as_str());
    let report = Workbench::new()?
        .check(&module, target, &plan::LIMITS)?
        .report;
    if !report.accepted() {
        return refused(start.output, &report);
    }
    if start.output.json {
        start
            .output
            .document(&json!({"module": path, "report": report}))?;
    } else {
        start.output.line(path.display())?;
        start.output.line(described(&report))?;
    }
    Ok(Ending::Done)
}

/// Build a project whose sources are newer than its module.
pub(crate) fn if_due(output: Output, project: &Project) -> Result<(), Failure> {
    let module = project.path(&project.module);
    let built = module.metadata().and_then(|module| module.modified()).ok();
    if project.build.is_some() && watch::newest(project) > built {
        make(output, project)?;
    }
    Ok(())
}

/// Run the build command, and put into the module what it is to carry.
fn make(output: Output, project: &Project) -> Result<(), Failure> {
    let Some(build) = &project.build else {
        return Ok(());
    };
    output.say(format_args!("$ {}", build.command));
    // Its standard output goes to our standard error: ours is for results.
    let status = shell(&build.command)
        .current_dir(&project.folder)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("start the build command `{}`", build.command))?;
    if !status.success() {
        return Err(Failure::local(format!(
            "the build command failed ({status}); what it needs to run stands in the project's README"
        )));
    }
    let path = project.path(&project.module);
    let module = std::fs::read(&path).with_context(|| {
        format!(
            "the build command left no {}; does `module` in {FILE} name what it makes?",
            path.display()
        )
    })?;
    let carried = carry::into_module(&module, project, build)?;
    // Written even when nothing changed: a build that found nothing to do must not be due again.
    std::fs::write(&path, carried).with_context(|| format!("write {}", path.display()))?;
    Ok(())
}

fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut shell = Command::new(program);
    shell.args([option, command]);
    shell
}

/// Print why a module would be refused at upload.
pub(crate) fn refused(output: Output, report: &CompileReport) -> Result<Ending, Failure> {
    if output.json {
        output.document(&json!({
            "code": "module_invalid", "detail": "the module would be refused", "errors": report.findings,
        }))?;
    } else {
        output.say("module_invalid: an upload would refuse this module");
        for each in &report.findings {
            output.say(finding(each));
        }
    }
    Ok(Ending::FunctionFailed)
}

/// A module in a few lines.
fn described(report: &CompileReport) -> String {
    let memory = report.memory.map_or_else(
        || "none".to_owned(),
        |memory| {
            let most = memory.maximum_bytes.map_or_else(
                || "no maximum of its own".to_owned(),
                |maximum| format!("at most {} KiB", grouped(maximum >> 10)),
            );
            format!(
                "{} KiB at start, {most}",
                grouped(memory.minimum_bytes >> 10)
            )
        },
    );
    let settings = report.settings_schema.as_ref().map_or_else(
        || "carries no schema of its settings".to_owned(),
        |schema| {
            let names = schema["properties"].as_object();
            names.map_or_else(
                || "a schema without properties".to_owned(),
                |names| names.keys().cloned().collect::<Vec<_>>().join(", "),
            )
        },
    );
    format!(
        "  size      {} bytes of {}\n  sha256    {}\n  imports   {}\n  exports   {}\n  functions {}\n  memory    {memory}\n  \
         settings  {settings}\n  sample    {}\n  compiled  in {} ms, engine epoch {}\n  findings  none: an upload would take it",
        grouped(report.size_bytes),
        grouped(MODULE_BYTES_MAX),
        report.module_sha256,
        listed(&report.imports),
        listed(&report.exports),
        grouped(report.functions.into()),
        if report.sample.is_some() {
            "carried"
        } else {
            "none carried"
        },
        report.compile_ms,
        report.engine_epoch,
    )
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let wasi = |name: &String| name.replace("wasi_snapshot_preview1.", "");
    names.iter().map(wasi).collect::<Vec<_>>().join(", ")
}
