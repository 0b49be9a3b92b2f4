//! What an executor must know of a tenant to run its functions: one consistent picture.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{FunctionId, TenantId};
use crate::input_query::InputQuery;
use crate::limits::{LimitOverrides, Limits};
use crate::names::{AliasName, FunctionName, TargetName, TenantSlug};
use crate::price::UnitPrices;
use crate::quotas::{QuotaUsage, Quotas};

/// May the tenant's functions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Yes.
    Active,
    /// The operator suspended it.
    Suspended,
}

/// Which runs leave a run log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// None.
    None,
    /// Those that did not end `ok`.
    Errors,
    /// All.
    All,
}

/// A tenant as its executors see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantSnapshot {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name in addresses and headers.
    pub slug: TenantSlug,
    /// Rises by one with every change of anything below.
    pub generation: u64,
    /// May its functions run.
    pub state: TenantState,
    /// The plan's limits, lowered by the tenant's own.
    pub limits: Limits,
    /// The plan's quotas, with the platform's in the place of their own kind.
    #[serde(default)]
    pub quotas: Quotas,
    /// For `Cartwright-Cost`.
    pub prices: UnitPrices,
    /// Which runs leave a run log.
    pub retention: Retention,
    /// Key of the guest's randomness: 32 bytes, base64.
    pub seed_key: String,
    /// Every function that has a version which is ready.
    pub functions: Vec<FunctionSnapshot>,
    /// Every target that one of its functions answers, whether that is bound or not.
    #[serde(default)]
    pub targets: Vec<TargetSnapshot>,
    /// The names of all targets of the platform: what is none of them is not there, and the others run nothing.
    #[serde(default)]
    pub target_names: Vec<TargetName>,
}

/// A target, as the functions of one tenant are held to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetSnapshot {
    /// Its name.
    pub name: TargetName,
    /// What every payload obeys: a JSON Schema, as text.
    pub input_schema: Box<RawValue>,
    /// What every output obeys.
    pub output_schema: Box<RawValue>,
    /// Lower limits of its own.
    pub limits: LimitOverrides,
    /// The functions that a call of it runs, in the tenant's order.
    pub bindings: Vec<BindingSnapshot>,
}

/// A function that a call of a target runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BindingSnapshot {
    /// Which function.
    pub function: FunctionName,
    /// By which alias.
    pub alias: AliasName,
    /// What its failure means for the call.
    pub on_error: OnError,
}

/// What the failure of one bound function means for the call of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The others' results stand, and its entry says why it has none.
    Skip,
    /// The call fails.
    Fail,
}

/// Functions that one tenant may bind to one target.
pub const BINDINGS_MAX: usize = 25;

/// A function, with its configuration, its aliases and the versions that are ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FunctionSnapshot {
    /// The function.
    pub function_id: FunctionId,
    /// Its name.
    pub name: FunctionName,
    /// The extension point that it is bound to.
    pub target: Option<TargetName>,
    /// Lower limits of its own.
    pub limits: LimitOverrides,
    /// Whether its results are kept and given again for the same input.
    #[serde(default)]
    pub memoise: bool,
    /// The part of its target's payload that it asked for; all of it when absent.
    #[serde(default)]
    pub input_query: Option<InputQuery>,
    /// Quotas of its own, beside the tenant's.
    #[serde(default)]
    pub quotas: Quotas,
    /// Version of the configuration; 0 when none was ever put.
    pub config_version: u32,
    /// The configuration as it is handed to the guest: JSON text.
    pub config: Option<Box<RawValue>>,
    /// Its aliases.
    pub aliases: Vec<AliasSnapshot>,
    /// Its versions that are ready, oldest first.
    pub versions: Vec<Arc<VersionSnapshot>>,
}

/// Where an alias points.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AliasSnapshot {
    /// Its name.
    pub name: AliasName,
    /// The version that it points at.
    pub version: u32,
}

/// A version that is ready, and how to fetch and trust its artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSnapshot {
    /// The version's number, from 1.
    pub version: u32,
    /// SHA-256 of the module, hexadecimal.
    pub module_sha256: String,
    /// SHA-256 of the artifact, hexadecimal.
    pub artifact_sha256: String,
    /// Length of the artifact in bytes.
    pub artifact_bytes: u64,
    /// Which engine the artifact is for.
    pub engine_epoch: u16,
    /// Whether the same input always gives the same output, unless it asks for the time or for randomness.
    #[serde(default)]
    pub deterministic: bool,
    /// Ed25519 over [`crate::artifact::ArtifactClaim::to_signed_bytes`], base64.
    pub signature: String,
}

/// What an executor must know of a key. The secret itself is never on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySnapshot {
    /// The public part of the key.
    pub key_id: String,
    /// Whose key; `None` is the platform's.
    pub tenant_id: Option<TenantId>,
    /// SHA-256 of the whole key, hexadecimal.
    pub sha256: String,
    /// What it may be used for, such as `invoke`.
    pub scopes: Vec<String>,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at_ms: Option<u64>,
    /// Revoked: it must be refused.
    pub revoked: bool,
}

/// Where an artifact's bytes can be had, for a short time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactLocation {
    /// A presigned GET.
    pub url: String,
    /// Length in bytes.
    pub artifact_bytes: u64,
}

/// What a tenant and each of its functions used in the day and the month that go on, as billing has counted it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TenantQuotaUsage {
    /// When this was, in milliseconds since the Unix epoch: it says of which day and month.
    pub at_ms: u64,
    /// All of its functions together.
    pub tenant: QuotaUsage,
    /// Each function that ran this month.
    pub functions: HashMap<FunctionId, QuotaUsage>,
}
