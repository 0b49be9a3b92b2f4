//! `cartwright bindings`: types of a target's input and output, made from its schemas.

mod names;
mod rust;
mod types;
mod typescript;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use types::Types;

#[derive(clap::Args)]
pub(crate) struct BindingsArgs {
    /// A file with the target as `GET /v1/targets/{target}` answers it, or with one JSON Schema.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// The language.
    #[arg(long, value_enum)]
    language: Language,
    /// Where to write; standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Language {
    /// Structs with serde's derives.
    Rust,
    /// Interfaces.
    Typescript,
}

/// Make the types, and print or write them.
pub(crate) fn bindings(start: &Start, args: &BindingsArgs) -> Result<Ending, Failure> {
    let types = read(args)?;
    let text = match args.language {
        Language::Rust => rust::write(&types),
        Language::Typescript => typescript::write(&types),
    };
    match &args.output {
        None => start.output.bytes(text.as_bytes())?,
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
        }
    }
    Ok(Ending::Done)
}

fn read(args: &BindingsArgs) -> Result<Types> {
    let shown = args.schema.display();
    let text = std::fs::read(&args.schema).with_context(|| format!("read {shown}"))?;
    let document: Value =
        serde_json::from_slice(&text).with_context(|| format!("{shown} is not JSON"))?;
    let mut types = Types::default();
    let schemas = [
        ("Input", &document["input_schema"]),
        ("Output", &document["output_schema"]),
    ];
    if schemas.iter().all(|(_, schema)| schema.is_object()) {
        for (name, schema) in schemas {
            types
                .add(name, schema)
                .with_context(|| format!("the schema of the {} in {shown}", name.to_lowercase()))?;
        }
    } else {
        types
            .add("Input", &document)
            .with_context(|| format!("the schema in {shown}"))?;
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_cart() -> Types {
        let mut types = Types::default();
        let schema = json!({
            "title": "DiscountInput", "type": "object", "required": ["cart"],
            "properties": {
                "cart": {
                    "type": "object", "required": ["lines", "kind"],
                    "properties": {
                        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                        "kind": {"enum": ["gift", "self-use"]},
                        "weightGrams": {"type": "integer", "description": "What the goods weigh."},
                        "note": {"type": ["string", "null"]},
                        "extra": {"oneOf": [{"type": "string"}, {"type": "number"}]},
                    },
                },
            },
            "$defs": {
                "amount": {"title": "Amount", "type": "string", "description": "Exact."},
                "line": {
                    "type": "object", "required": ["unit_price", "type"],
                    "properties": {
                        "unit_price": {"$ref": "#/$defs/amount"}, "type": {"type": "string"},
                        "attributes": {"type": "object", "additionalProperties": {"type": "number"}},
                        "parts": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                        "in-stead_of": {"$ref": "#/$defs/line"}, "inStead-of": {"type": "boolean"},
                        "counts": {"type": "array", "items": {"type": ["integer", "null"]}},
                    },
                },
            },
        });
        types.add("Input", &schema).expect("it is a schema");
        types
    }

    #[test]
    fn rust_gets_structs_that_serde_reads() {
        let text = rust::write(&of_cart());
        for line in [
            "pub struct DiscountInput {\n    pub cart: DiscountInputCart,\n}",
            "    pub lines: Vec<Line>,",
            "    #[serde(rename = \"weightGrams\", default, skip_serializing_if = \"Option::is_none\")]\n    pub weight_grams: Option<i64>,",
            "    /// What the goods weigh.",
            "    pub note: Option<String>,",
            "    pub extra: Option<serde_json::Value>,",
            "pub type Amount = String;",
            "    #[serde(rename = \"type\")]\n    pub type_: String,",
            "    pub attributes: Option<std::collections::BTreeMap<String, f64>>,",
            "    #[serde(rename = \"self-use\")]\n    SelfUse,",
            "    pub in_stead_of: Option<Box<Line>>,",
            "    pub in_stead_of2: Option<bool>,",
            "    pub counts: Option<Vec<Option<i64>>>,",
        ] {
            assert!(text.contains(line), "{line}\nis not in\n{text}");
        }
        assert_eq!(text.matches("pub struct Line ").count(), 1);
    }

    #[test]
    fn typescript_gets_interfaces() {
        let text = typescript::write(&of_cart());
        for line in [
            "export interface DiscountInput {\n  cart: DiscountInputCart;\n}",
            "  lines: Line[];",
            "  /** What the goods weigh. */\n  weightGrams?: number;",
            "  note?: string | null;",
            "  extra?: unknown;",
            "export type Amount = string;",
            "  attributes?: Record<string, number>;",
            "  \"in-stead_of\"?: Line;",
            "  counts?: (number | null)[];",
            "export type DiscountInputCartKind = \"gift\" | \"self-use\";",
        ] {
            assert!(text.contains(line), "{line}\nis not in\n{text}");
        }
    }

    #[test]
    fn a_type_may_hold_itself_and_two_schemas_share_what_is_the_same() {
        let schema = json!({
            "type": "object",
            "properties": {
                "amount": {"title": "Amount", "type": "string"},
                "option": {"title": "Option", "type": "object", "properties": {"of": {"$ref": "#"}}},
            },
        });
        let mut types = Types::default();
        types.add("Input", &schema).expect("it is a schema");
        types.add("Output", &schema).expect("it is a schema");
        let names: Vec<_> = types.named.iter().map(|named| &*named.name).collect();
        assert_eq!(names, ["Input", "Amount", "Option2", "Output", "Option3"]);
        let text = rust::write(&types);
        assert!(text.contains("    pub of: Option<Box<Input>>,"), "{text}");
        assert!(
            text.contains("    pub option: Option<Box<Option2>>,"),
            "{text}"
        );
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused_with_its_words() {
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}});
        let error = Types::default().add("Input", &schema).unwrap_err();
        assert!(format!("{error:#}").contains("#/$defs/b"), "{error:#}");
    }
}
