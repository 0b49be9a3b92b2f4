//! The schemas of the types that a request names, compiled once and kept for as long as they do not change.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cartwright_schema::Schema;
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use serde_json::Value;
use sqlx::PgConnection;

use super::store;
use crate::error::{ApiError, Violation};

/// Compiled schemas that are kept. They take some 100 KiB at most.
const KEPT_MAX: u64 = 1_000;

type Key = (String, DateTime<Utc>);

static KEPT: LazyLock<Cache<Key, Arc<Schema>>> = LazyLock::new(|| Cache::new(KEPT_MAX));

/// The schemas of some types. A type without one is not among them.
pub(crate) struct Schemas(HashMap<String, Arc<Schema>>);

impl Schemas {
    /// The schemas of these types, as they are now.
    pub(crate) async fn of(
        connection: &mut PgConnection,
        types: &[&str],
    ) -> Result<Self, ApiError> {
        let mut schemas = HashMap::new();
        for key in store::with_schema(connection, types).await? {
            let schema = match KEPT.get(&key) {
                Some(schema) => schema,
                None => compiled(connection, &key).await?,
            };
            schemas.insert(key.0, schema);
        }
        Ok(Self(schemas))
    }

    /// Where data breaks the schema of its type, as pointers below this one; nothing where the type has none.
    pub(crate) fn broken_by(
        &self,
        event_type: &str,
        data: &[u8],
        pointer: &str,
    ) -> Result<Vec<Violation>, ApiError> {
        let Some(schema) = self.0.get(event_type) else {
            return Ok(Vec::new());
        };
        let data: Value = serde_json::from_slice(data).map_err(|error| {
            ApiError::Invalid(format!("the data of an event cannot be read: {error}"))
        })?;
        let broken = schema
            .violations(&data)
            .into_iter()
            .map(|broken| Violation {
                pointer: format!("{pointer}{}", broken.pointer),
                detail: format!(
                    "the data breaks the schema of its type at {}: {}",
                    broken.rule, broken.detail
                ),
            });
        Ok(broken.collect())
    }
}

async fn compiled(connection: &mut PgConnection, key: &Key) -> Result<Arc<Schema>, ApiError> {
    let found = store::find(connection, &key.0).await?;
    let (changed, schema) = (found.updated_at, found.schema);
    let schema = schema.map_or_else(|| Value::Bool(true), |schema| schema.0);
    let schema = tokio::task::spawn_blocking(move || Schema::new(&schema));
    let schema = schema
        .await
        .map_err(|panic| anyhow::anyhow!("a schema check did not end: {panic}"))?
        .map_err(|flaw| anyhow::anyhow!("a stored schema: {}", flaw.detail))?;
    let schema = Arc::new(schema);
    KEPT.insert((key.0.clone(), changed), schema.clone());
    Ok(schema)
}
