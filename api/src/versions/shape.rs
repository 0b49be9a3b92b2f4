//! Versions as the API shows them.

use cartwright_domain::compile::{Finding, MemoryReport};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Status;
use super::store::VersionRow;
use crate::targets::InputCut;

/// A version of a function: a module as it was uploaded, and what the compiler found out about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// The function's name.
    pub(super) function: String,
    /// Its number, from 1, without gaps.
    pub(super) version: i32,
    /// How far it has come.
    pub(super) status: Status,
    /// SHA-256 of the module.
    pub(super) sha256: String,
    /// Length of the module in bytes.
    size_bytes: i64,
    /// Through which interface it talks to its host; null until that is known.
    #[schema(required, example = "wasi")]
    abi: Option<&'static str>,
    /// Whether the same input always gives the same output and fuel; null unless it is ready.
    #[schema(required)]
    deterministic: Option<bool>,
    /// Which engine and fuel table it was judged by; null while compiling.
    #[schema(required)]
    engine_epoch: Option<i32>,
    /// What it imports, as `module.name`.
    imports: Vec<String>,
    /// What it exports.
    exports: Vec<String>,
    /// How long checking and compiling took, in milliseconds; null while compiling.
    #[schema(required)]
    compile_ms: Option<u32>,
    /// The aliases that point at it.
    aliases: Vec<String>,
    /// When it was uploaded.
    created_at: DateTime<Utc>,
    /// Who uploaded it.
    created_by: String,
    /// When it became ready or was refused; null while compiling.
    #[schema(required)]
    settled_at: Option<DateTime<Utc>>,
}

/// A version with its report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionDetail {
    #[serde(flatten)]
    pub(super) version: Version,
    /// Everything that is wrong with it. Empty unless it was refused.
    #[schema(value_type = Vec<FindingSchema>)]
    pub(super) findings: Vec<Finding>,
    /// Its linear memory, as it declares it.
    #[schema(required, value_type = Option<MemorySchema>)]
    memory: Option<MemoryReport>,
    /// How many functions it defines.
    #[schema(required)]
    functions: Option<u32>,
    /// The JSON schema of its settings, if it carries one.
    #[schema(required, value_type = Option<Object>)]
    settings_schema: Option<Value>,
    /// A sample input, if it carries one.
    #[schema(required)]
    sample: Option<Value>,
    /// In the answer to an upload: what the function's `input_query` makes of each example of its target. Absent elsewhere,
    /// since a query is the function's and no version's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(super) input_cuts: Vec<InputCut>,
}

/// Something that is wrong with a module.
#[derive(ToSchema)]
#[schema(as = Finding)]
#[expect(
    dead_code,
    reason = "describes domain::compile::Finding, which knows nothing of OpenAPI"
)]
pub(super) struct FindingSchema {
    /// The stable code of this kind of finding.
    code: String,
    /// What is wrong, in a sentence.
    what: String,
    /// Where in the module.
    r#where: Option<String>,
    /// The limit that it breaks, with its unit.
    limit: Option<String>,
    /// What it has instead, with its unit.
    value: Option<String>,
    /// What to do about it, in a sentence.
    r#do: String,
}

/// A module's linear memory, as declared.
#[derive(ToSchema)]
#[schema(as = ModuleMemory)]
#[expect(
    dead_code,
    reason = "describes domain::compile::MemoryReport, which knows nothing of OpenAPI"
)]
struct MemorySchema {
    /// What it has from the start, in bytes.
    minimum_bytes: u64,
    /// What it may grow to by its own declaration, in bytes.
    maximum_bytes: Option<u64>,
}

impl From<VersionRow> for VersionDetail {
    fn from(mut row: VersionRow) -> Self {
        let report = row.report.take().map(|report| report.0);
        let memory = report.as_ref().and_then(|report| report.memory);
        let functions = report.as_ref().map(|report| report.functions);
        let (findings, settings_schema, sample) =
            report.as_ref().map_or_else(Default::default, |report| {
                (
                    report.findings.clone(),
                    report.settings_schema.clone(),
                    report.sample.clone(),
                )
            });
        row.report = report.map(sqlx::types::Json);
        Self {
            version: row.into(),
            findings,
            memory,
            functions,
            settings_schema,
            sample,
            input_cuts: Vec::new(),
        }
    }
}

impl From<VersionRow> for Version {
    fn from(row: VersionRow) -> Self {
        let report = row.report.map(|report| report.0);
        let is_ready = row.status == Status::Ready;
        Self {
            abi: report
                .as_ref()
                .and_then(|report| Some(report.abi?.as_str())),
            deterministic: report
                .as_ref()
                .filter(|_| is_ready)
                .map(|report| report.deterministic),
            compile_ms: report.as_ref().map(|report| report.compile_ms),
            engine_epoch: row.engine_epoch,
            function: row.function,
            version: row.version,
            status: row.status,
            sha256: row.sha256,
            size_bytes: row.size_bytes,
            aliases: row.aliases,
            created_at: row.created_at,
            created_by: row.created_by,
            settled_at: row.settled_at,
            imports: report
                .as_ref()
                .map(|report| report.imports.clone())
                .unwrap_or_default(),
            exports: report.map(|report| report.exports).unwrap_or_default(),
        }
    }
}
