//! What the operator says of a target, and what of it is refused: with the place of every offence.

use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TargetName;
use cartwright_schema::Schema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{ApiError, Violation};
use crate::functions::limits::{self, LimitOverridesSchema};
use crate::text;

/// The one draft in which targets are written.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A schema travels to executors with every snapshot of a tenant that uses it.
const SCHEMA_BYTES_MAX: usize = 64 << 10;

const DESCRIPTION_CHARS_MAX: usize = 2_000;
const EXAMPLES_MAX: usize = 10;
const EXAMPLE_BYTES_MAX: usize = 64 << 10;

/// A payload to try functions on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = TargetExample)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    /// What it shows.
    pub(super) name: String,
    /// The payload.
    #[schema(value_type = Value)]
    pub(super) input: Value,
    /// An output that would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    output: Option<Value>,
}

/// A target to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTarget {
    /// 1 to 63 characters: labels of lowercase letters, digits and hyphens, joined by dots.
    #[schema(value_type = String, example = "cart.discount")]
    pub(super) name: TargetName,
    /// Its name as people see it.
    title: String,
    /// What it is for, and when the platform calls it; at most 2,000 characters.
    #[serde(default)]
    description: String,
    /// What every payload obeys: a JSON Schema, draft 2020-12, at most 64 KiB, without references that leave it.
    #[schema(value_type = Object)]
    input_schema: Value,
    /// What every output must obey: a JSON Schema under the same rules.
    #[schema(value_type = Object)]
    output_schema: Value,
    /// Lower limits of its own. The smallest of plan, tenant, function and target wins.
    #[serde(default)]
    #[schema(value_type = LimitOverridesSchema)]
    limits: LimitOverrides,
    /// Payloads to try a function on, at most ten of 64 KiB each. They must obey the schemas.
    #[serde(default)]
    examples: Vec<Example>,
    /// Whether a function may ask for a part of the payload only.
    #[serde(default)]
    input_query_allowed: bool,
}

/// What a target is from now on: all of it but the name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetDefinition {
    /// Its name as people see it.
    pub(super) title: String,
    /// What it is for, and when the platform calls it; at most 2,000 characters.
    #[serde(default)]
    pub(super) description: String,
    /// What every payload obeys: a JSON Schema, draft 2020-12, at most 64 KiB, without references that leave it.
    #[schema(value_type = Object)]
    pub(super) input_schema: Value,
    /// What every output must obey: a JSON Schema under the same rules.
    #[schema(value_type = Object)]
    pub(super) output_schema: Value,
    /// Lower limits of its own. The smallest of plan, tenant, function and target wins.
    #[serde(default)]
    #[schema(value_type = LimitOverridesSchema)]
    pub(super) limits: LimitOverrides,
    /// Payloads to try a function on, at most ten of 64 KiB each. They must obey the schemas.
    #[serde(default)]
    pub(super) examples: Vec<Example>,
    /// Whether a function may ask for a part of the payload only.
    #[serde(default)]
    pub(super) input_query_allowed: bool,
}

impl NewTarget {
    pub(super) fn into_parts(self) -> (TargetName, TargetDefinition) {
        let definition = TargetDefinition {
            title: self.title,
            description: self.description,
            input_schema: self.input_schema,
            output_schema: self.output_schema,
            limits: self.limits,
            examples: self.examples,
            input_query_allowed: self.input_query_allowed,
        };
        (self.name, definition)
    }
}

impl TargetDefinition {
    /// The same, if it can stand.
    pub(super) async fn checked(self) -> Result<Self, ApiError> {
        limits::check(&self.limits)?;
        text::check_label("/title", &self.title)?;
        // A large schema on large examples takes a while, and would hold up every other request of its thread.
        let checked = tokio::task::spawn_blocking(move || {
            let found = self.violations();
            (self, found)
        });
        let (definition, found) = checked
            .await
            .map_err(|panic| anyhow::anyhow!("a schema check did not end: {panic}"))?;
        if found.is_empty() {
            return Ok(definition);
        }
        Err(ApiError::InvalidMembers(found))
    }

    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.description.chars().count() > DESCRIPTION_CHARS_MAX {
            found.push(violation(
                "/description",
                format!("must have at most {DESCRIPTION_CHARS_MAX} characters"),
            ));
        }
        let schemas = [
            ("/input_schema", &self.input_schema),
            ("/output_schema", &self.output_schema),
        ];
        let [input, output] = schemas.map(|(pointer, schema)| match usable(pointer, schema) {
            Ok(schema) => Some(schema),
            Err(flaw) => {
                found.push(flaw);
                None
            }
        });
        if self.examples.len() > EXAMPLES_MAX {
            found.push(violation(
                "/examples",
                format!(
                    "must be at most {EXAMPLES_MAX}; got {}",
                    self.examples.len()
                ),
            ));
            return found;
        }
        for (at, example) in self.examples.iter().enumerate() {
            let pointer = format!("/examples/{at}");
            if let Err(refused) = text::check_label(&format!("{pointer}/name"), &example.name) {
                found.push(violation(&format!("{pointer}/name"), refused.to_string()));
            }
            obeys(
                &mut found,
                &format!("{pointer}/input"),
                &example.input,
                input.as_ref(),
            );
            if let Some(value) = &example.output {
                obeys(
                    &mut found,
                    &format!("{pointer}/output"),
                    value,
                    output.as_ref(),
                );
            }
        }
        found
    }
}

fn violation(pointer: &str, detail: String) -> Violation {
    Violation {
        pointer: pointer.to_owned(),
        detail,
    }
}

/// A schema that executors can check with, or why not.
fn usable(pointer: &str, schema: &Value) -> Result<Schema, Violation> {
    let bytes = schema.to_string().len();
    if bytes > SCHEMA_BYTES_MAX {
        return Err(violation(
            pointer,
            format!(
                "must have at most {SCHEMA_BYTES_MAX} bytes; got {bytes}. Leave out what no check needs"
            ),
        ));
    }
    let draft = schema.get("$schema");
    if draft.is_some_and(|draft| draft.as_str().map(|uri| uri.trim_end_matches('#')) != Some(DRAFT))
    {
        return Err(violation(
            &format!("{pointer}/$schema"),
            format!("must be \"{DRAFT}\", or absent: targets are written in draft 2020-12"),
        ));
    }
    Schema::new(schema).map_err(|flaw| {
        let detail = format!("this is no JSON Schema that can be used: {}", flaw.detail);
        violation(&format!("{pointer}{}", flaw.pointer), detail)
    })
}

fn obeys(found: &mut Vec<Violation>, pointer: &str, value: &Value, schema: Option<&Schema>) {
    let bytes = value.to_string().len();
    if bytes > EXAMPLE_BYTES_MAX {
        found.push(violation(
            pointer,
            format!("must have at most {EXAMPLE_BYTES_MAX} bytes; got {bytes}"),
        ));
        return;
    }
    let broken = schema.map_or_else(Vec::new, |schema| schema.violations(value));
    found.extend(broken.into_iter().map(|broken| {
        violation(
            &format!("{pointer}{}", broken.pointer),
            format!(
                "the example breaks the schema at {}: {}",
                broken.rule, broken.detail
            ),
        )
    }));
}
