//! The schemas of targets, compiled once for all tenants that use them, for as long as one of them is held.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use anyhow::{Context, Result, anyhow};
use cartwright_schema::Schema;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// Compiled schemas by the digest of their text. Only a look-up table: the tenants own the schemas.
#[derive(Default)]
pub(super) struct Schemas(Mutex<HashMap<[u8; 32], Weak<Schema>>>);

impl Schemas {
    /// The schema with this text.
    pub(super) fn compiled(&self, text: &RawValue) -> Result<Arc<Schema>> {
        let digest: [u8; 32] = Sha256::digest(text.get()).into();
        if let Some(schema) = self.0.lock().get(&digest).and_then(Weak::upgrade) {
            return Ok(schema);
        }
        // Not under the lock. Whoever compiles the same one meanwhile does it for nothing, once.
        let value = serde_json::from_str(text.get()).context("a schema is not JSON")?;
        let schema = Schema::new(&value)
            .map_err(|flaw| anyhow!("a schema is none, at {:?}: {}", flaw.pointer, flaw.detail))?;
        let schema = Arc::new(schema);
        let mut known = self.0.lock();
        if known.len() == known.capacity() {
            known.retain(|_, schema| schema.strong_count() > 0);
        }
        known.insert(digest, Arc::downgrade(&schema));
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    #[test]
    fn a_schema_is_compiled_once_while_somebody_holds_it_and_forgotten_then() {
        let schemas = Schemas::default();
        let first = schemas.compiled(&text("{\"type\":\"object\"}")).unwrap();
        let again = schemas.compiled(&text("{\"type\":\"object\"}")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        drop((first, again));
        for length in 0..100 {
            let other = format!("{{\"maxLength\":{length}}}");
            schemas.compiled(&text(&other)).unwrap();
        }
        assert!(
            schemas.0.lock().len() < 50,
            "what nobody holds is forgotten"
        );
        assert!(schemas.compiled(&text("{\"type\":\"objekt\"}")).is_err());
    }
}
