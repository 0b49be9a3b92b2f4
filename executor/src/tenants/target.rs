//! A target as runs need it: what goes in, what must come out, and which of the tenant's functions a call of it runs.

use std::sync::Arc;

use anyhow::Result;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_domain::wire::{OnError, TargetSnapshot};
use cartwright_schema::Schema;
use sha2::{Digest, Sha256};

use super::schemas::Schemas;

/// A target that a function of the tenant answers.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) input: Arc<Schema>,
    pub(crate) output: Arc<Schema>,
    /// SHA-256 of the output schema's text.
    pub(super) output_sha256: [u8; 32],
    pub(super) limits: LimitOverrides,
    /// In the tenant's order.
    pub(crate) bindings: Vec<Binding>,
}

/// A function that a call of the target runs.
#[derive(Clone)]
pub(crate) struct Binding {
    pub(crate) function: FunctionName,
    pub(crate) alias: AliasName,
    pub(crate) on_error: OnError,
}

impl Target {
    pub(super) fn new(snapshot: TargetSnapshot, schemas: &Schemas) -> Result<Self> {
        let bindings = snapshot.bindings.into_iter().map(|binding| Binding {
            function: binding.function,
            alias: binding.alias,
            on_error: binding.on_error,
        });
        Ok(Self {
            name: snapshot.name.into(),
            input: schemas.compiled(&snapshot.input_schema)?,
            output: schemas.compiled(&snapshot.output_schema)?,
            output_sha256: Sha256::digest(snapshot.output_schema.get()).into(),
            limits: snapshot.limits,
            bindings: bindings.collect(),
        })
    }
}
