//! Checks a configuration against the settings schema that a version carries. Both come from the tenant, so neither may
//! cost us much: no reference leaves the schema, and patterns run in linear time.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Value, json};

use super::bounds;

/// Violations that are told at once. A person mends a few at a time.
const VIOLATIONS_MAX: usize = 50;

/// A settings schema that can be used, or why it cannot.
pub(crate) fn validator_of(schema: &Value) -> Result<Validator, String> {
    bounds::check(schema)?;
    jsonschema::options()
        .offline()
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(1 << 20)
                .dfa_size_limit(1 << 20),
        )
        .build(schema)
        .map_err(|error| error.to_string())
}

/// Every violation, as an entry of a problem's `errors[]`: where, what, the rule, the value's place in the schema.
pub(crate) fn violations(schema: &Validator, config: &Value) -> Vec<Value> {
    schema
        .iter_errors(config)
        .take(VIOLATIONS_MAX)
        .map(|error| {
            json!({
                "pointer": error.instance_path().as_str(),
                "detail": error.to_string(),
                "rule": error.schema_path().as_str(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_has_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["percent"],
            "properties": {
                "percent": {"type": "number", "minimum": 0, "maximum": 100},
                "code": {"type": "string", "pattern": "^[A-Z]+$"}
            },
            "additionalProperties": false
        });
        let validator = validator_of(&schema).expect("a plain schema");
        assert_eq!(
            violations(&validator, &json!({"percent": 10})),
            [Value::Null; 0]
        );

        let found = violations(&validator, &json!({"percent": 101, "code": "a", "x": 1}));
        let places: Vec<_> = found.iter().map(|entry| &entry["pointer"]).collect();
        assert_eq!(places.len(), 3, "{found:?}");
        assert!(places.contains(&&json!("/percent")), "{found:?}");
        assert!(places.contains(&&json!("/code")), "{found:?}");
    }

    #[test]
    fn a_schema_reaches_nothing_outside_itself() {
        for reference in ["http://example.com/schema.json", "file:///etc/passwd"] {
            assert!(
                validator_of(&json!({"$ref": reference})).is_err(),
                "{reference}"
            );
        }
    }

    #[test]
    fn a_pattern_that_would_take_for_ever_does_not() {
        let validator = validator_of(&json!({"pattern": "^(a+)+$"})).expect("a plain schema");
        let begun = std::time::Instant::now();
        let found = violations(&validator, &json!(format!("{}!", "a".repeat(50_000))));
        assert_eq!(found.len(), 1);
        assert!(begun.elapsed().as_secs() < 2);
    }
}
