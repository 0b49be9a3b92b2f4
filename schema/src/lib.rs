//! JSON Schemas that others wrote: bounded, compiled once, and what breaks them. A settings schema comes with a module, a
//! target's from the operator; neither may cost us much, so no reference leaves the schema, and patterns run in linear time.
//! Whose schema it is, and what to do about a violation, is left to who asks.

mod bounds;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde::Serialize;
use serde_json::Value;

/// Violations that are told at once. A person mends a few at a time.
const VIOLATIONS_MAX: usize = 50;

/// Letters of a violation's text. It may quote a pattern or a list of names of any length.
const DETAIL_CHARS_MAX: usize = 300;

/// A value is quoted up to this many letters, and only named if it is longer.
const QUOTED_CHARS_MAX: usize = 60;

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A schema that can be used.
#[derive(Debug)]
pub struct Schema(Validator);

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where in the schema: a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// Where a value breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where in the value: a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
    /// Which rule it breaks: a JSON pointer into the schema.
    pub rule: String,
}

impl Schema {
    /// Compile a schema of draft 2020-12, or of the draft that its `$schema` names.
    ///
    /// # Errors
    /// What is no schema, reaches outside itself, or costs too much to check against.
    pub fn new(schema: &Value) -> Result<Self, Flaw> {
        bounds::check(schema)?;
        jsonschema::options()
            .offline()
            .with_pattern_options(
                PatternOptions::regex()
                    .size_limit(PATTERN_BYTES_MAX)
                    .dfa_size_limit(PATTERN_BYTES_MAX),
            )
            .build(schema)
            .map(Self)
            .map_err(|error| Flaw {
                pointer: error.instance_path().to_string(),
                detail: said(&error),
            })
    }

    /// Why a document is no JSON Schema, if it is none. One that the platform would not take, since it costs too much to check
    /// against or holds itself, may be one all the same.
    #[must_use]
    pub fn flaw(document: &Value) -> Option<Flaw> {
        let error = jsonschema::meta::validate(document).err()?;
        Some(Flaw {
            pointer: error.instance_path().to_string(),
            detail: said(&error),
        })
    }

    /// Whether a value obeys. Cheaper than to ask for the violations.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// What of a value breaks the schema, up to fifty places.
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let violation = |error: ValidationError<'_>| Violation {
            pointer: error.instance_path().to_string(),
            detail: said(&error),
            rule: error.schema_path().to_string(),
        };
        let errors = self.0.iter_errors(value).take(VIOLATIONS_MAX);
        errors.map(violation).collect()
    }
}

/// The library's sentence, in which a long value is named and not repeated.
fn said(error: &ValidationError<'_>) -> String {
    let is_short = match error.instance().as_ref() {
        Value::String(text) => text.len() <= QUOTED_CHARS_MAX,
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    let sentence = if is_short {
        error.to_string()
    } else {
        error.masked_with("the value").to_string()
    };
    if sentence.chars().count() <= DETAIL_CHARS_MAX {
        return sentence;
    }
    let head: String = sentence.chars().take(DETAIL_CHARS_MAX).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        let schema = Schema::new(&schema).expect("a plain schema");
        assert_eq!(schema.violations(&json!({"percent": 10})), []);

        let wrong = json!({"percent": 101, "code": "a", "x": 1});
        let found = schema.violations(&wrong);
        assert!(!schema.allows(&wrong));
        let places: Vec<_> = found.iter().map(|entry| entry.pointer.as_str()).collect();
        assert_eq!(places.len(), 3, "{found:?}");
        assert!(places.contains(&"/percent") && places.contains(&"/code"));
        let percent = found.iter().find(|entry| entry.pointer == "/percent");
        assert_eq!(percent.unwrap().rule, "/properties/percent/maximum");
        assert!(percent.unwrap().detail.contains("101"));
    }

    #[test]
    fn a_violation_never_repeats_a_long_value() {
        let schema = Schema::new(&json!({"type": "integer"})).expect("a plain schema");
        for long in [json!("x".repeat(10_000)), json!(vec!["y"; 10_000])] {
            let found = schema.violations(&long);
            assert!(found[0].detail.len() < 100, "{}", found[0].detail);
        }
    }

    #[test]
    fn a_schema_reaches_nothing_outside_itself() {
        for reference in ["http://example.com/schema.json", "file:///etc/passwd"] {
            let flaw = Schema::new(&json!({"items": {"$ref": reference}})).unwrap_err();
            assert_eq!(flaw.pointer, "/items/$ref");
            assert!(flaw.detail.contains(reference), "{}", flaw.detail);
        }
    }

    #[test]
    fn what_is_no_schema_says_where() {
        for (schema, pointer) in [
            (json!({"type": "objekt"}), "/type"),
            (
                json!({"properties": {"a": {"minimum": "1"}}}),
                "/properties/a/minimum",
            ),
            (json!([]), ""),
            (
                json!({"properties": {"a": {"pattern": "("}}}),
                "/properties/a/pattern",
            ),
        ] {
            let flaw = Schema::new(&schema).unwrap_err();
            assert_eq!(flaw.pointer, pointer, "{schema}: {}", flaw.detail);
        }
    }

    #[test]
    fn a_pattern_that_would_take_for_ever_does_not() {
        let schema = Schema::new(&json!({"pattern": "^(a+)+$"})).expect("a plain schema");
        let begun = std::time::Instant::now();
        let found = schema.violations(&json!(format!("{}!", "a".repeat(50_000))));
        assert_eq!(found.len(), 1);
        assert!(begun.elapsed().as_secs() < 2);
    }
}
