//! What the platform says of an event type, and what of it is refused.

use cartwright_schema::Schema;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::check_name;
use crate::error::{ApiError, Violation};

const SCHEMA_BYTES_MAX: usize = 64 << 10;
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// An event type to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEventType {
    /// 1 to 128 letters, digits, dots, slashes, hyphens and underscores.
    #[schema(example = "orders/paid")]
    name: String,
    /// What it tells; at most 2,000 characters.
    #[serde(default)]
    description: String,
    /// What the data of its events obeys: a JSON Schema of at most 64 KiB, without references that leave it; anything when absent.
    #[schema(value_type = Option<Object>)]
    schema: Option<Value>,
}

/// What an event type is from now on: all of it but the name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTypeDefinition {
    /// What it tells; at most 2,000 characters.
    #[serde(default)]
    pub(super) description: String,
    /// What the data of its events obeys: a JSON Schema of at most 64 KiB, without references that leave it; anything when absent.
    #[schema(value_type = Option<Object>)]
    pub(super) schema: Option<Value>,
}

impl NewEventType {
    pub(super) fn into_parts(self) -> (String, EventTypeDefinition) {
        let definition = EventTypeDefinition {
            description: self.description,
            schema: self.schema,
        };
        (self.name, definition)
    }
}

impl EventTypeDefinition {
    /// The same, if it can stand; with a name, if that is one too.
    pub(super) async fn checked(self, name: Option<&str>) -> Result<Self, ApiError> {
        let broken_name = name.and_then(|name| check_name(name).err());
        // A large schema takes a while, and would hold up every other request of its thread.
        let checked = tokio::task::spawn_blocking(move || {
            let found = self.violations();
            (self, found)
        });
        let (definition, mut found) = checked
            .await
            .map_err(|panic| anyhow::anyhow!("a schema check did not end: {panic}"))?;
        found.extend(broken_name.map(|rule| violation("/name", rule)));
        if found.is_empty() {
            return Ok(definition);
        }
        Err(ApiError::InvalidMembers(found))
    }

    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let characters = self.description.chars().count();
        if characters > DESCRIPTION_CHARS_MAX || self.description.contains('\0') {
            let detail = format!(
                "must have at most {DESCRIPTION_CHARS_MAX} characters, none of them U+0000; got {characters}"
            );
            found.push(violation("/description", detail));
        }
        let Some(schema) = &self.schema else {
            return found;
        };
        let bytes = schema.to_string().len();
        if bytes > SCHEMA_BYTES_MAX {
            let detail = format!("must have at most {SCHEMA_BYTES_MAX} bytes; got {bytes}");
            found.push(violation("/schema", detail));
        } else if let Err(flaw) = Schema::new(schema) {
            let detail = format!("this is no JSON Schema that can be used: {}", flaw.detail);
            found.push(violation(&format!("/schema{}", flaw.pointer), detail));
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
