//! What the api's worker and `cartwright-compiler` say to each other: a module goes in, a report and an artifact come out.
//!
//! # The protocol
//!
//! The worker starts `cartwright-compiler --memory-bytes-max <bytes> [--target <name>]` with an **empty environment** and
//! three pipes, writes the module to its standard input and closes it, and reads one [frame](self::frame) from its standard
//! output. The child jails itself before it reads a byte, takes at most [`MODULE_BYTES_MAX`], and exits 0 with a frame whether
//! the module was accepted (a report without findings, then the artifact) or refused (a report with findings, no artifact).
//!
//! The worker kills it after [`WALL_MS_MAX`], stops reading after [`frame::BYTES_MAX`], and takes whatever else than "exit 0
//! and one whole frame" as a death: [`Death::finding`] says whether the module is to blame. Nothing that the child says is
//! trusted further than this: the worker computes both digests itself, and signs.
//!
//! The child's standard error is for people: at most a few lines, for the worker's log.

mod finding;
pub mod frame;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use finding::{Death, Finding, FindingCode};

/// The largest module, in bytes.
pub const MODULE_BYTES_MAX: u64 = 4 << 20;

/// How long the worker waits for a whole compilation, in milliseconds.
pub const WALL_MS_MAX: u64 = 20_000;

/// How much processor time the child gives itself, in seconds.
pub const CPU_SECONDS_MAX: u64 = 10;

/// How much address space the child gives itself, in bytes.
pub const ADDRESS_SPACE_BYTES_MAX: u64 = 1 << 30;

/// Through which interface a module talks to its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abi {
    /// A core module on WASI preview 1.
    Wasi,
    /// Shopify's function API, version 1.
    ShopifyV1,
    /// Shopify's function API, version 2.
    ShopifyV2,
    /// JavaScript compiled for Javy, which needs Javy's plugin.
    Javy,
    /// A component of WASI 0.2.
    Component,
}

impl Abi {
    /// The word for it in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasi => "wasi",
            Self::ShopifyV1 => "shopify_v1",
            Self::ShopifyV2 => "shopify_v2",
            Self::Javy => "javy",
            Self::Component => "component",
        }
    }
}

/// What a module is, and everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompileReport {
    /// SHA-256 of the module, in hexadecimal.
    pub module_sha256: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its interface, as far as it could be told.
    pub abi: Option<Abi>,
    /// What it imports, as `module.name`, in the module's order.
    pub imports: Vec<String>,
    /// Names of its exports, in the module's order.
    pub exports: Vec<String>,
    /// Its memory.
    pub memory: Option<MemoryReport>,
    /// Functions that it defines.
    pub functions: u32,
    /// Whether the same input always gives the same output and fuel.
    pub deterministic: bool,
    /// Everything that is wrong with it, in the module's order. Empty when it was accepted.
    pub findings: Vec<Finding>,
    /// The JSON schema of its settings: its custom section `cartwright.settings`.
    pub settings_schema: Option<Value>,
    /// A sample input: its custom section `cartwright.sample`.
    pub sample: Option<Value>,
    /// How long checking and compiling took, in milliseconds.
    pub compile_ms: u32,
    /// The engine that the artifact is for.
    pub engine_epoch: u16,
}

impl CompileReport {
    /// Whether the module may run.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.findings.is_empty()
    }
}

/// A module's linear memory, as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryReport {
    /// What it has from the start, in bytes.
    pub minimum_bytes: u64,
    /// What it may grow to by its own declaration, in bytes.
    pub maximum_bytes: Option<u64>,
}
