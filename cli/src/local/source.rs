//! What a local run is of: the arguments that `run` and `profile` share, and what a project fills in.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use cartwright_domain::compile::CompileReport;
use cartwright_domain::limits::{LimitOverrides, Limits};
use cartwright_domain::names::TargetName;

use super::input::{self, Seed};
use super::recorded::Recording;
use super::{Given, plan};
use crate::failure::Failure;
use crate::global::Start;
use crate::project::{FILE, Project};

/// Which module, on what.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SourceArgs {
    /// The module, a `.wasm` file. When absent: that of the project, built first where its sources are newer.
    pub(crate) module: Option<PathBuf>,
    /// The input, JSON; `-` reads standard input. When absent: the project's, else what comes in on standard input, else the
    /// sample that the module carries.
    #[arg(long, short)]
    input: Option<PathBuf>,
    /// The function's configuration, a JSON file: it reaches the function as `CARTWRIGHT_CONFIG`. The project's when absent.
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// The target to run; where the module exports no such function, `_start` runs. The project's when absent.
    #[arg(long, short)]
    target: Option<TargetName>,
    /// Lower the limit on fuel.
    #[arg(long)]
    fuel: Option<u64>,
    /// Milliseconds since the Unix epoch that every clock of the function shows. Now, by default.
    #[arg(long)]
    clock_ms: Option<u64>,
    /// What the function's randomness is drawn from, 64 hexadecimal digits. Zeros by default, so that runs are alike.
    #[arg(long, value_name = "HEX")]
    seed: Option<Seed>,
    /// Run a recorded run once more, and compare: its id, or a file with what `GET /v1/invocations/{id}/recording` answered.
    /// Input, configuration, target, clock, randomness and limits are those of that run.
    #[arg(
        long, value_name = "RUN", conflicts_with_all = ["input", "config", "target", "clock_ms", "seed"]
    )]
    recorded: Option<String>,
}

impl SourceArgs {
    /// A recorded run, of this module or of the project's.
    pub(crate) fn of_recorded(module: Option<PathBuf>, recorded: String) -> Self {
        Self {
            module,
            input: None,
            config: None,
            target: None,
            fuel: None,
            clock_ms: None,
            seed: None,
            recorded: Some(recorded),
        }
    }

    /// The project that is meant when no module is named.
    pub(crate) fn project<'a>(&self, start: &'a Start) -> Result<Option<&'a Project>, Failure> {
        match (&self.module, &start.project) {
            (Some(_), _) => Ok(None),
            (None, Some(project)) => Ok(Some(project)),
            (None, None) => Err(Failure::local(format!(
                "which module? Name a .wasm file, or work in a folder with a {FILE} (`cartwright init` makes one)"
            ))),
        }
    }

    /// The module's bytes.
    pub(crate) fn module(&self, project: Option<&Project>) -> Result<Vec<u8>> {
        let path = match (&self.module, project) {
            (Some(module), _) => module.clone(),
            (None, Some(project)) => project.path(&project.module),
            (None, None) => bail!("no module is named"),
        };
        std::fs::read(&path).with_context(|| format!("read the module {}", path.display()))
    }

    /// The recorded run that is to be run once more, if one is.
    pub(crate) fn recording(&self, start: &Start) -> Result<Option<Recording>, Failure> {
        let named = self.recorded.as_deref();
        named.map(|named| Recording::get(start, named)).transpose()
    }

    /// The target that the function answers.
    pub(crate) fn target(
        &self,
        project: Option<&Project>,
        recording: Option<&Recording>,
    ) -> Option<String> {
        if let Some(recording) = recording {
            return recording.target();
        }
        self.target
            .as_ref()
            .or_else(|| project.and_then(|project| project.target.as_ref()))
            .map(|target| target.as_str().to_owned())
    }

    /// The limits that a run has.
    pub(crate) fn limits(&self, recording: Option<&Recording>) -> Limits {
        let limits = recording.map_or(plan::LIMITS, Recording::limits);
        limits.lowered_by(&LimitOverrides {
            fuel: self.fuel,
            ..Default::default()
        })
    }

    /// Everything that a run of the module with this report is given.
    pub(crate) fn given(
        &self,
        project: Option<&Project>,
        recording: Option<&Recording>,
        report: &CompileReport,
    ) -> Result<Given> {
        if let Some(recording) = recording {
            return recording.given(self.limits(Some(recording)));
        }
        let config = self.config.clone().or_else(|| {
            project.and_then(|project| project.config.as_ref().map(|path| project.path(path)))
        });
        Ok(Given {
            target: self.target(project, None),
            input: self.input(project, report)?,
            config: config.as_deref().map(input::read_config).transpose()?,
            limits: self.limits(None),
            clock_ms: self.clock_ms.map_or_else(now_ms, Ok)?,
            seed: self.seed.map_or([0; 32], |seed| seed.0),
        })
    }

    fn input(&self, project: Option<&Project>, report: &CompileReport) -> Result<Vec<u8>> {
        let of_project =
            project.and_then(|project| project.input.as_ref().map(|path| project.path(path)));
        if let Some(path) = self.input.as_deref().or(of_project.as_deref()) {
            return input::read_input(path);
        }
        let given = if std::io::stdin().is_terminal() {
            Vec::new()
        } else {
            crate::input::read(Path::new("-"))?
        };
        match &report.sample {
            Some(sample) if given.is_empty() => Ok(serde_json::to_vec(sample)?),
            _ if given.is_empty() => bail!(
                "which input? Name a JSON file with --input, or send it to standard input; the module carries no sample"
            ),
            _ => input::check_input(&given).map(|()| given),
        }
    }

    /// Files whose change means another run, besides the project's own sources.
    pub(crate) fn watched(&self, project: Option<&Project>) -> Vec<PathBuf> {
        let named = [&self.module, &self.input, &self.config];
        let mut files: Vec<PathBuf> = named
            .into_iter()
            .flatten()
            .filter(|path| *path != Path::new("-"))
            .cloned()
            .collect();
        if let Some(project) = project {
            let of_project = [&project.input, &project.config];
            files.extend(
                of_project
                    .into_iter()
                    .flatten()
                    .map(|path| project.path(path)),
            );
        }
        files
    }
}

/// Now, in milliseconds since the Unix epoch.
fn now_ms() -> Result<u64> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock stands before 1970")?;
    Ok(u64::try_from(since.as_millis())?)
}
