//! JSON Schemas that others wrote: bounded, compiled once, and what breaks them. A settings schema comes with a module, a
//! target's from the operator; neither may cost us much, so no reference leaves the schema, and patterns run in linear time.
//! Whose schema it is, and what to do about a violation, is left to who asks.

mod bounds;
mod flat;

use flat::{Document, Flat};
use jsonschema::json::Json;
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
pub struct Schema {
    tree: Validator,
    /// The same for texts that are not made trees.
    flat: Validator<Flat>,
}

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

/// Why a text is not what a schema asks for.
#[derive(Debug)]
pub enum Broken {
    /// It is no JSON, nests deeper than any reader follows, or has a number beyond all bounds.
    Unreadable(serde_json::Error),
    /// What of it breaks the schema, up to fifty places.
    Violations(Vec<Violation>),
}

impl Schema {
    /// Compile a schema of draft 2020-12, or of the draft that its `$schema` names.
    ///
    /// # Errors
    /// What is no schema, reaches outside itself, or costs too much to check against.
    pub fn new(schema: &Value) -> Result<Self, Flaw> {
        bounds::check(schema)?;
        Ok(Self {
            tree: compiled(schema)?,
            flat: compiled(schema)?,
        })
    }

    /// Hold a JSON text against the schema. Where all is well, which is nearly always, no tree is made of it.
    ///
    /// # Errors
    /// What breaks the schema, or why the text cannot be read.
    pub fn check(&self, text: &[u8]) -> Result<(), Broken> {
        let violations = match Document::read(text) {
            Some(document) if self.flat.is_valid(document.root()) => return Ok(()),
            Some(document) => told(self.flat.iter_errors(document.root())),
            None => {
                let value = serde_json::from_slice(text).map_err(Broken::Unreadable)?;
                if self.allows(&value) {
                    return Ok(());
                }
                self.violations(&value)
            }
        };
        Err(Broken::Violations(violations))
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
        self.tree.is_valid(value)
    }

    /// What of a value breaks the schema, up to fifty places.
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        told(self.tree.iter_errors(value))
    }
}

fn compiled<F: Json>(schema: &Value) -> Result<Validator<F>, Flaw> {
    jsonschema::options_for::<F>()
        .offline()
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(PATTERN_BYTES_MAX)
                .dfa_size_limit(PATTERN_BYTES_MAX),
        )
        .build(schema)
        .map_err(|error| Flaw {
            pointer: error.instance_path().to_string(),
            detail: said(&error),
        })
}

fn told<'i>(errors: impl Iterator<Item = ValidationError<'i>>) -> Vec<Violation> {
    let violation = |error: ValidationError<'_>| Violation {
        pointer: error.instance_path().to_string(),
        detail: said(&error),
        rule: error.schema_path().to_string(),
    };
    errors.take(VIOLATIONS_MAX).map(violation).collect()
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
    fn a_text_is_held_to_the_same_rules_as_a_tree() {
        let schema = json!({
            "type": "object",
            "required": ["kind", "lines"],
            "properties": {
                "kind": {"enum": ["cart", 2.0, null, {"a": [1]}]},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "uniqueItems": true, "maxItems": 3},
                "total": {"type": "integer", "minimum": 0, "multipleOf": 5}
            },
            "additionalProperties": {"type": "boolean"},
            "propertyNames": {"maxLength": 8},
            "$defs": {"line": {
                "type": ["object", "string"],
                "properties": {"amount": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 3}},
                "patternProperties": {"^x": {"const": 1}},
                "oneOf": [{"required": ["amount"]}, {"required": ["x"]}, {"type": "string"}],
                "minProperties": 1
            }}
        });
        let schema = Schema::new(&schema).expect("a schema");
        let mut verdicts = Vec::new();
        for text in [
            r#"{"kind": "cart", "lines": [{"amount": "12"}, {"x": 1.0}], "total": 10, "other": true}"#,
            r#"{"kind": 2, "lines": [{"amount": "\u0031"}]}"#,
            r#"{"kind": {"a": [1.0]}, "lines": [], "total": 5.0}"#,
            r#"{"kind": "card", "lines": [{"amount": "1234"}, {"amount": "1", "x": 1}, {}]}"#,
            r#"{"kind": null, "lines": ["s", "s"], "total": 2.5, "other": 1, "otherwise": true}"#,
            r#"{"kind": null, "lines": [1, 2, 3, 4], "total": -5}"#,
            r#"{"lines": [{"amount": "é1"}]}"#,
            r#"{"kind": "card", "lines": [], "kind": "cart"}"#,
            r#"{"kind": "cart", "lines": [], "kind": "card"}"#,
            "[]",
        ] {
            let tree: Value = serde_json::from_str(text).expect("JSON");
            let found = match schema.check(text.as_bytes()) {
                Ok(()) => Vec::new(),
                Err(Broken::Violations(found)) => found,
                Err(Broken::Unreadable(error)) => panic!("{text}: {error}"),
            };
            assert_eq!(found, schema.violations(&tree), "{text}");
            assert_eq!(found.is_empty(), schema.allows(&tree), "{text}");
            verdicts.push(found.is_empty());
        }
        assert_eq!(
            verdicts,
            [
                true, true, true, false, false, false, false, true, false, false
            ]
        );
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for unreadable in ["{", "1e999", &deep] {
            let broken = schema.check(unreadable.as_bytes());
            assert!(matches!(broken, Err(Broken::Unreadable(_))), "{unreadable}");
        }
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
