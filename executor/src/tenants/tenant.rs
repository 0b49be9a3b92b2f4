//! A tenant as runs need it: the api's snapshot, checked and indexed once, so that a run only looks things up.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::{FunctionId, TenantId};
use cartwright_domain::input_query::InputQuery;
use cartwright_domain::limits::Limits;
use cartwright_domain::names::{AliasName, FunctionName, TargetName, TenantSlug};
use cartwright_domain::price::UnitPrices;
use cartwright_domain::wire::{
    FunctionSnapshot, GivenConfiguration, Retention, TenantSnapshot, TenantState, VersionSnapshot,
    WhichVersion,
};
use cartwright_engine::{Environment, EnvironmentError};
use http::HeaderValue;
use serde_json::value::RawValue;

use super::schemas::Schemas;
use super::target::Target;
use crate::inputs::InputRoom;
use crate::memo::Seed;
use crate::modules::{Artifact, ArtifactKey, ModuleSlot, Modules};
use crate::quotas::{Desk, QuotaSet};
use crate::slots::Running;

/// The environment variable in which a function finds its configuration.
const CONFIG_VARIABLE: &str = "CARTWRIGHT_CONFIG";

/// One consistent picture of a tenant. It never changes; a newer one takes its place.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) slug: TenantSlug,
    pub(crate) generation: u64,
    pub(crate) state: TenantState,
    pub(crate) prices: UnitPrices,
    pub(crate) retention: Retention,
    pub(crate) seed_key: [u8; 32],
    /// Its runs on this executor. Newer pictures of the tenant count on.
    pub(crate) running: Arc<Running>,
    /// Its inputs in this executor's memory, likewise.
    pub(crate) inputs: Arc<InputRoom>,
    /// What it may take of the fleet, if that is limited. Newer pictures of the tenant count on.
    pub(crate) quotas: Option<Arc<QuotaSet>>,
    functions: HashMap<Box<str>, Arc<Function>>,
    /// Those that its functions answer.
    targets: HashMap<Box<str>, Arc<Target>>,
    /// All that the platform has.
    target_names: Vec<TargetName>,
}

/// The platform has no such target.
#[derive(Debug)]
pub(crate) struct NoTarget;

/// A function with everything that a run of it needs.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) id: FunctionId,
    pub(crate) name: FunctionName,
    pub(crate) target: Option<String>,
    /// The target, where the platform has defined it: its output is held to that.
    pub(crate) answers: Option<Arc<Target>>,
    /// The part of the target's payload that it asked for.
    pub(crate) input_query: Option<InputQuery>,
    /// The smallest of plan, tenant, function and target.
    pub(crate) limits: Limits,
    pub(crate) config_version: u32,
    pub(crate) environment: Environment,
    /// Its runs on this executor. Newer pictures of the function count on.
    pub(crate) running: Arc<Running>,
    /// What it may take of the fleet beside the tenant's, likewise.
    pub(crate) quotas: Option<Arc<QuotaSet>>,
    /// `RateLimit-Policy` of its answers.
    pub(crate) rate_limit_policy: HeaderValue,
    aliases: Vec<(AliasName, u32)>,
    /// By number, oldest first.
    versions: Vec<Arc<Version>>,
}

/// A version that is ready to be loaded.
pub(crate) struct Version {
    pub(crate) number: u32,
    pub(crate) artifact: Artifact,
    pub(crate) slot: Arc<ModuleSlot>,
    /// What its results hang on beside the input and the limits; `None` when they are not kept.
    pub(crate) memo_seed: Option<Seed>,
}

/// What a caller asked for that is not there, in words for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Absent {
    #[error(
        "there is no function \"{0}\" with a version that is ready: create it and upload a module, or check the name"
    )]
    Function(String),
    #[error("the function \"{function}\" has no alias \"{alias}\"; it has {has}")]
    Alias {
        function: FunctionName,
        alias: AliasName,
        has: String,
    },
    #[error("the function \"{function}\" has no version {version} that is ready; it has {has}")]
    Version {
        function: FunctionName,
        version: u32,
        has: String,
    },
}

impl Tenant {
    /// Check and index a snapshot. Counters of running functions carry over from the picture before.
    pub(super) fn new(
        snapshot: TenantSnapshot,
        before: Option<&Self>,
        modules: &Modules,
        schemas: &Schemas,
        desk: &Arc<Desk>,
    ) -> Result<Self> {
        let seed_key = STANDARD
            .decode(&snapshot.seed_key)
            .context("the seed key is not base64")?;
        let seed_key = <[u8; 32]>::try_from(seed_key)
            .ok()
            .context("the seed key is not 32 bytes")?;
        let targets: HashMap<Box<str>, Arc<Target>> = snapshot
            .targets
            .into_iter()
            .map(|target| {
                let name = target.name.clone();
                let target =
                    Target::new(target, schemas).with_context(|| format!("target {name}"))?;
                Ok((name.as_str().into(), Arc::new(target)))
            })
            .collect::<Result<_>>()?;
        let quotas = QuotaSet::of(
            desk,
            snapshot.tenant_id,
            None,
            &snapshot.quotas,
            before.and_then(|before| before.quotas.as_ref()),
        );
        let indexer = Indexer {
            tenant_id: snapshot.tenant_id,
            limits: snapshot.limits,
            targets: &targets,
            quotas: quotas.as_deref(),
            before,
            modules,
            desk,
        };
        let functions = snapshot
            .functions
            .into_iter()
            .map(|function| {
                let name = function.name.clone();
                let function = indexer
                    .function(function)
                    .with_context(|| format!("function {name}"))?;
                Ok((name.as_str().into(), Arc::new(function)))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            id: snapshot.tenant_id,
            slug: snapshot.slug,
            generation: snapshot.generation,
            state: snapshot.state,
            prices: snapshot.prices,
            retention: snapshot.retention,
            seed_key,
            running: before.map_or_else(Arc::default, |before| before.running.clone()),
            inputs: before.map_or_else(InputRoom::of_tenant, |before| before.inputs.clone()),
            quotas,
            functions,
            targets,
            target_names: snapshot.target_names,
        })
    }

    /// The function of this name.
    pub(crate) fn function(&self, name: &str) -> Result<&Arc<Function>, Absent> {
        let found = self.functions.get(name);
        found.ok_or_else(|| Absent::Function(name.to_owned()))
    }

    /// The target of this name; `None` when no function answers it.
    pub(crate) fn target(&self, name: &str) -> Result<Option<Arc<Target>>, NoTarget> {
        if let Some(target) = self.targets.get(name) {
            return Ok(Some(target.clone()));
        }
        let is_known = self.target_names.iter().any(|known| known.as_str() == name);
        if is_known { Ok(None) } else { Err(NoTarget) }
    }
}

impl Function {
    /// The same function with another configuration than its newest. Its runs count with all others.
    pub(crate) fn given(
        &self,
        configuration: &GivenConfiguration,
    ) -> Result<Self, EnvironmentError> {
        let config = configuration.config.as_deref().map(RawValue::get);
        Ok(Self {
            config_version: configuration.config_version,
            environment: environment(config)?,
            ..self.clone()
        })
    }

    /// The version that is asked for.
    pub(crate) fn version(&self, which: &WhichVersion) -> Result<&Arc<Version>, Absent> {
        let number = match which {
            WhichVersion::Version(number) => *number,
            WhichVersion::Alias(alias) => self.aliased(alias)?,
        };
        let at = self
            .versions
            .binary_search_by_key(&number, |version| version.number);
        at.map(|at| &self.versions[at])
            .map_err(|_| Absent::Version {
                function: self.name.clone(),
                version: number,
                has: self.versions_listed(),
            })
    }

    fn aliased(&self, alias: &AliasName) -> Result<u32, Absent> {
        let found = self.aliases.iter().find(|(name, _)| name == alias);
        found
            .map(|(_, number)| *number)
            .ok_or_else(|| Absent::Alias {
                function: self.name.clone(),
                alias: alias.clone(),
                has: match self.aliases.as_slice() {
                    [] => "none yet: promote a version to live".to_owned(),
                    aliases => listed(aliases.iter().map(|(name, _)| name.to_string())),
                },
            })
    }

    fn versions_listed(&self) -> String {
        // The newest are the likeliest to be meant.
        listed(
            self.versions
                .iter()
                .rev()
                .map(|version| version.number.to_string()),
        )
    }
}

/// What a run sees with this configuration.
fn environment(config: Option<&str>) -> Result<Environment, EnvironmentError> {
    Environment::new(config.map(|config| (CONFIG_VARIABLE, config)))
}

/// Some words with commas between them, and how many more there are.
fn listed(words: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 10;
    let more = words.len().saturating_sub(SHOWN);
    let shown: Vec<String> = words.take(SHOWN).collect();
    let shown = shown.join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}

struct Indexer<'a> {
    tenant_id: TenantId,
    limits: Limits,
    targets: &'a HashMap<Box<str>, Arc<Target>>,
    quotas: Option<&'a QuotaSet>,
    before: Option<&'a Tenant>,
    modules: &'a Modules,
    desk: &'a Arc<Desk>,
}

impl Indexer<'_> {
    fn function(&self, function: FunctionSnapshot) -> Result<Function> {
        let answers = function
            .target
            .as_ref()
            .and_then(|target| self.targets.get(target.as_str()));
        let limits = self.limits.lowered_by(&function.limits);
        let limits = answers.map_or(limits, |target| limits.lowered_by(&target.limits));
        let config = function.config.as_deref().map(RawValue::get);
        let environment = environment(config).context("its configuration")?;
        let mut versions = function
            .versions
            .iter()
            .map(|version| {
                let mut indexed = self.version(version)?;
                if function.memoise && version.deterministic {
                    let seed = Seed::of(
                        self.tenant_id,
                        &indexed.artifact,
                        function.target.as_ref().map(TargetName::as_str),
                        &environment,
                    );
                    let held_to = answers.map(|target| seed.held_to(&target.output_sha256));
                    indexed.memo_seed = Some(held_to.unwrap_or(seed));
                }
                Ok(Arc::new(indexed))
            })
            .collect::<Result<Vec<_>>>()?;
        versions.sort_by_key(|version| version.number);
        let before = self
            .before
            .and_then(|before| before.functions.get(function.name.as_str()))
            .filter(|before| before.id == function.function_id);
        let quotas = QuotaSet::of(
            self.desk,
            self.tenant_id,
            Some(function.function_id),
            &function.quotas,
            before.and_then(|before| before.quotas.as_ref()),
        );
        let mut policy = format!(
            "\"concurrency\";q={};qu=\"concurrent-requests\"",
            limits.concurrency_max
        );
        for set in self.quotas.into_iter().chain(quotas.as_deref()) {
            if !set.policies().is_empty() {
                policy = format!("{policy}, {}", set.policies());
            }
        }
        Ok(Function {
            id: function.function_id,
            answers: answers.cloned(),
            input_query: function.input_query,
            target: function.target.map(|target| target.as_str().to_owned()),
            running: before.map_or_else(Arc::default, |before| before.running.clone()),
            quotas,
            name: function.name,
            limits,
            config_version: function.config_version,
            environment,
            rate_limit_policy: HeaderValue::from_str(&policy).expect("it is ASCII"),
            aliases: function
                .aliases
                .into_iter()
                .map(|alias| (alias.name, alias.version))
                .collect(),
            versions,
        })
    }

    fn version(&self, version: &VersionSnapshot) -> Result<Version> {
        let digest = |text: &str| -> Result<[u8; 32]> {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes)
                .with_context(|| format!("version {}: a digest", version.version))?;
            Ok(bytes)
        };
        let key = ArtifactKey {
            tenant_id: self.tenant_id,
            sha256: digest(&version.artifact_sha256)?,
        };
        // A signature of another length is a wrong one; it is refused when somebody runs the version, and alarmed then.
        let signature = STANDARD
            .decode(&version.signature)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        Ok(Version {
            number: version.version,
            artifact: Artifact {
                key,
                module_sha256: digest(&version.module_sha256)?,
                engine_epoch: version.engine_epoch,
                bytes: version.artifact_bytes,
                signature: signature.unwrap_or([0; 64]),
            },
            slot: self.modules.slot(key),
            memo_seed: None,
        })
    }
}
