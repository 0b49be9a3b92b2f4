//! `cartwright test`: every sample of a project on this machine, and whether the function answers it as it should.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cartwright_domain::outcome::Outcome;
use cartwright_engine::{Finished, ReadyModule};
use serde_json::{Value, json};

use crate::build;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::local::shown::grouped;
use crate::local::{Given, Workbench, input, plan};
use crate::project::{FILE, Project};

const INPUT_ENDING: &str = ".input.json";

/// Clock and randomness of every sample: a test gives the same tomorrow. The clock shows the first second of 2026.
const CLOCK_MS: u64 = 1_767_225_600_000;

#[derive(clap::Args)]
pub(crate) struct TestArgs {
    /// Only the samples whose name contains this.
    filter: Option<String>,
    /// Write what the function answers as what it should answer.
    #[arg(long)]
    accept: bool,
}

/// One sample: what goes in, and how the run should end.
struct Sample {
    /// Its path without its ending.
    path: PathBuf,
    name: String,
    expected: Expected,
}

enum Expected {
    /// This answer, in `<sample>.output.json`; none when there is no such file yet.
    Answer(Option<Value>),
    /// No answer, and this exit code, in `<sample>.exit-code`.
    ExitCode(u32),
}

/// Build where that is due, run every sample, and compare.
pub(crate) fn test(start: &Start, args: &TestArgs) -> Result<Ending, Failure> {
    let Some(project) = &start.project else {
        return Err(Failure::local(format!(
            "there is no {FILE} here or above, so there are no samples to run"
        )));
    };
    build::if_due(start.output, project)?;
    let path = project.path(&project.module);
    let module =
        std::fs::read(&path).with_context(|| format!("read the module {}", path.display()))?;
    let target = project.target.as_ref().map(|target| target.as_str());
    let workbench = Workbench::new()?;
    let checked = workbench.check(&module, target, &plan::LIMITS)?;
    let Some(ready) = &checked.ready else {
        return build::refused(start.output, &checked.report);
    };
    let samples = samples(project, args.filter.as_deref())?;
    let (mut told, mut failed) = (Vec::new(), 0);
    for sample in &samples {
        let finished = run(&workbench, ready, project, sample)?;
        let wrong = match judge(sample, &finished) {
            Some(_) if args.accept && accept(sample, &finished)? => None,
            wrong => wrong,
        };
        failed += usize::from(wrong.is_some());
        if start.output.json {
            told.push(json!({
                "sample": sample.name, "passed": wrong.is_none(), "fuel": finished.fuel_used,
                "outcome": finished.outcome.as_str(), "why": wrong,
            }));
        } else {
            let verdict = if wrong.is_none() { "ok    " } else { "FAILED" };
            let fuel = grouped(finished.fuel_used);
            start.output.line(format_args!(
                "{verdict} {:<40} fuel {fuel:>12}",
                sample.name
            ))?;
            if let Some(why) = wrong {
                start.output.line(why)?;
            }
        }
    }
    let passed = samples.len() - failed;
    if start.output.json {
        start
            .output
            .document(&json!({"passed": passed, "failed": failed, "samples": told}))?;
    } else {
        start
            .output
            .line(format_args!("{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 {
        Ending::Done
    } else {
        Ending::FunctionFailed
    })
}

/// The samples in `samples/` and `refused/`, by name.
fn samples(project: &Project, filter: Option<&str>) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for folder in ["samples", "refused"] {
        let entries = std::fs::read_dir(project.folder.join(folder));
        for entry in entries.into_iter().flatten() {
            let path = entry?.path();
            let file = path.file_name().and_then(|name| name.to_str());
            let Some(case) = file.and_then(|file| file.strip_suffix(INPUT_ENDING)) else {
                continue;
            };
            let name = format!("{folder}/{case}");
            if filter.is_none_or(|filter| name.contains(filter)) {
                samples.push(Sample::read(path.with_file_name(case), name)?);
            }
        }
    }
    ensure!(
        !samples.is_empty(),
        "no samples: put <case>{INPUT_ENDING} and <case>.output.json into samples/, or <case>{INPUT_ENDING} and \
         <case>.exit-code into refused/"
    );
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(samples)
}

impl Sample {
    fn read(path: PathBuf, name: String) -> Result<Self> {
        let code = beside(&path, ".exit-code");
        let answer = beside(&path, ".output.json");
        let expected = if code.is_file() {
            let text = std::fs::read_to_string(&code)?;
            let code = text
                .trim()
                .parse()
                .with_context(|| format!("{} holds no exit code", code.display()))?;
            Expected::ExitCode(code)
        } else if answer.is_file() {
            let text = std::fs::read(&answer)?;
            let answer = serde_json::from_slice(&text)
                .with_context(|| format!("{} is not JSON", answer.display()))?;
            Expected::Answer(Some(answer))
        } else {
            Expected::Answer(None)
        };
        Ok(Self {
            path,
            name,
            expected,
        })
    }
}

/// The file of a sample with this ending.
fn beside(sample: &Path, ending: &str) -> PathBuf {
    let mut path = sample.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn run(
    workbench: &Workbench,
    module: &ReadyModule,
    project: &Project,
    sample: &Sample,
) -> Result<Finished> {
    let input = beside(&sample.path, INPUT_ENDING);
    let settings = beside(&sample.path, ".settings.json");
    let given = Given {
        target: project
            .target
            .as_ref()
            .map(|target| target.as_str().to_owned()),
        // As it is, whatever it is: a refused sample may be no JSON at all.
        input: std::fs::read(&input).with_context(|| format!("read {}", input.display()))?,
        config: match std::fs::read_to_string(&settings) {
            Ok(settings) => Some(settings),
            Err(_) => match &project.config {
                Some(config) => Some(input::read_config(&project.path(config))?),
                None => None,
            },
        },
        limits: plan::LIMITS,
        clock_ms: CLOCK_MS,
        seed: [0; 32],
    };
    workbench.run(module, &given)
}

/// What is wrong with how a sample ended.
fn judge(sample: &Sample, finished: &Finished) -> Option<String> {
    let ended = || {
        let message = finished.error.as_ref().map_or("", |error| &error.message);
        let log = String::from_utf8_lossy(&finished.log);
        format!(
            "    {}: {message}\n    {}",
            finished.outcome,
            log.trim_end()
        )
    };
    match &sample.expected {
        Expected::ExitCode(code) => {
            let exited = finished.error.as_ref().and_then(|error| error.exit_code);
            (exited != Some(*code))
                .then(|| format!("    should end with exit code {code}\n{}", ended()))
        }
        Expected::Answer(_) if finished.outcome != Outcome::Ok => Some(ended()),
        Expected::Answer(None) => {
            Some("    has no .output.json to compare with; --accept writes it".into())
        }
        Expected::Answer(Some(expected)) => {
            let answer: Value = serde_json::from_slice(&finished.output).unwrap_or(Value::Null);
            (answer != *expected)
                .then(|| format!("    should answer {expected}\n    answered      {answer}"))
        }
    }
}

/// Write the answer as the expected one. What ended without an answer is not accepted.
fn accept(sample: &Sample, finished: &Finished) -> Result<bool> {
    let is_answer =
        matches!(sample.expected, Expected::Answer(_)) && finished.outcome == Outcome::Ok;
    if is_answer {
        let path = beside(&sample.path, ".output.json");
        std::fs::write(&path, &finished.output)
            .with_context(|| format!("write {}", path.display()))?;
    }
    Ok(is_answer)
}
