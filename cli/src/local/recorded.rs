//! A recorded run, as the api hands it out to be run again here, and how the one here compares.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cartwright_domain::compile::CompileReport;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::Finished;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Given;
use super::input::Seed;
use super::shown::grouped;
use crate::failure::Failure;
use crate::global::Start;
use crate::remote;

/// What `GET /v1/invocations/{id}/recording` answers, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Recording {
    invocation_id: String,
    version: u32,
    module_sha256: String,
    target: Option<String>,
    engine_epoch: u16,
    input: String,
    config: Option<String>,
    clock_ms: u64,
    seed: String,
    limits: Limits,
    outcome: Outcome,
    output: String,
    fuel: u64,
    cached: bool,
}

impl Recording {
    /// The recording of the run with this id, from the server; or the one in this file.
    pub(crate) fn get(start: &Start, named: &str) -> Result<Self, Failure> {
        let Ok(id) = named.parse::<InvocationId>() else {
            return Ok(Self::read(Path::new(named))?);
        };
        let document = remote::get(start, &format!("/v1/invocations/{id}/recording"))?;
        let recording = serde_json::from_value(document);
        Ok(recording.context("the server's recording is not one that this release knows")?)
    }

    fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read(path).with_context(|| format!("read the recording {shown}"))?;
        serde_json::from_slice(&text).with_context(|| {
            format!(
                "{shown} is no recording; GET /v1/invocations/{{id}}/recording answers with one"
            )
        })
    }

    /// The target that the function answered.
    pub(crate) fn target(&self) -> Option<String> {
        self.target.clone()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Everything that the recorded run was given.
    pub(crate) fn given(&self, limits: Limits) -> Result<Given> {
        let seed: Result<Seed, _> = self.seed.parse();
        Ok(Given {
            target: self.target.clone(),
            input: bytes(&self.input).context("the recorded input")?,
            config: self.config.clone(),
            limits,
            clock_ms: self.clock_ms,
            seed: seed.map_err(anyhow::Error::msg)?.0,
        })
    }

    /// How the run here compares.
    pub(crate) fn compare(
        &self,
        report: &CompileReport,
        finished: &Finished,
    ) -> Result<Comparison> {
        let output = bytes(&self.output).context("the recorded output")?;
        let is_ok = finished.outcome == Outcome::Ok;
        let mut why_not = Vec::new();
        if report.module_sha256 != self.module_sha256 {
            why_not.push(format!(
                "this is another module than version {}, whose SHA-256 begins with {:.12}",
                self.version, self.module_sha256
            ));
        }
        if report.engine_epoch != self.engine_epoch {
            why_not.push(format!(
                "its fuel was counted by engine epoch {}, here it is {}",
                self.engine_epoch, report.engine_epoch
            ));
        }
        if self.cached {
            why_not.push("it was answered from the cache of results, and did not run".to_owned());
        }
        Ok(Comparison {
            invocation_id: self.invocation_id.clone(),
            recorded_outcome: self.outcome,
            recorded_fuel: self.fuel,
            output_equal: self.outcome == finished.outcome && (!is_ok || output == finished.output),
            fuel_equal: self.fuel == finished.fuel_used,
            why_not,
        })
    }
}

fn bytes(base64: &str) -> Result<Vec<u8>> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64);
    ensure!(bytes.is_ok(), "it is not base64");
    Ok(bytes?)
}

/// A run here beside the recorded one.
#[derive(Debug)]
pub(crate) struct Comparison {
    invocation_id: String,
    recorded_outcome: Outcome,
    recorded_fuel: u64,
    output_equal: bool,
    fuel_equal: bool,
    /// Why a difference may be no wonder.
    why_not: Vec<String>,
}

impl Comparison {
    /// Whether both should have been equal, and were not.
    pub(crate) fn is_broken(&self) -> bool {
        self.why_not.is_empty() && !(self.output_equal && self.fuel_equal)
    }

    pub(crate) fn document(&self) -> Value {
        json!({
            "invocation_id": self.invocation_id, "outcome": self.recorded_outcome.as_str(), "fuel": self.recorded_fuel,
            "output_equal": self.output_equal, "fuel_equal": self.fuel_equal, "comparable": self.why_not.is_empty(),
            "why_not": self.why_not,
        })
    }

    /// In words, a line for each.
    pub(crate) fn shown(&self) -> String {
        let word = |equal: bool| if equal { "equal" } else { "different" };
        let mut text = format!(
            "recorded run {}: {}, fuel {}\noutput {}, fuel {}",
            self.invocation_id,
            self.recorded_outcome,
            grouped(self.recorded_fuel),
            word(self.output_equal),
            word(self.fuel_equal),
        );
        for reason in &self.why_not {
            text.push_str(&format!("\nnot comparable: {reason}"));
        }
        text
    }
}
