//! `cartwright bindings`: types of a target's input and output, made from its schemas.

mod assemblyscript;
mod names;
mod rust;
mod types;
mod typescript;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use cartwright_domain::names::TargetName;
use cartwright_schema::{Flaw, Schema};
use serde_json::Value;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::remote;
use types::Types;

/// What a schema says of the shape of a value. One without any of these describes nothing.
const SHAPE_KEYWORDS: [&str; 9] = [
    "$ref",
    "type",
    "properties",
    "items",
    "enum",
    "const",
    "oneOf",
    "anyOf",
    "allOf",
];

/// Make types of a target's input and output.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cartwright bindings cart.discount --language rust -o src/bindings.rs
  cartwright bindings --schema target.json --language typescript
  cartwright bindings cart.discount --language assemblyscript -o assembly/bindings.ts

AssemblyScript's classes lie beside the sources of the template `assemblyscript`, whose reader and writer of JSON they use:
`DiscountInput.parse(readInput())` reads a whole input, `writeAnswer(output.toJson())` writes a whole answer.")]
pub(crate) struct BindingsArgs {
    /// The target, whose schemas the server is asked for.
    #[arg(required_unless_present = "schema", conflicts_with = "schema")]
    target: Option<TargetName>,
    /// A file with the target as `GET /v1/targets/{target}` answers it, or with one JSON Schema.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
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
    /// Classes with `parse` and `toJson`.
    Assemblyscript,
}

/// Make the types, and print or write them.
pub(crate) fn bindings(start: &Start, args: &BindingsArgs) -> Result<Ending, Failure> {
    let (document, shown) = document(start, args)?;
    let types = match args.language {
        Language::Rust | Language::Typescript => Types::default(),
        Language::Assemblyscript => Types::apart_from(&assemblyscript::TAKEN),
    };
    let types = types_of(&document, types).with_context(|| shown)?;
    let text = match args.language {
        Language::Rust => rust::write(&types),
        Language::Typescript => typescript::write(&types),
        Language::Assemblyscript => assemblyscript::write(&types),
    };
    match &args.output {
        None => start.output.bytes(text.as_bytes())?,
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
        }
    }
    Ok(Ending::Done)
}

/// The document with the schemas, and where it is from.
fn document(start: &Start, args: &BindingsArgs) -> Result<(Value, String), Failure> {
    if let Some(target) = &args.target {
        let document = remote::get(start, &format!("/v1/targets/{target}"))?;
        return Ok((document, format!("the target {target}")));
    }
    let file = args.schema.as_ref().expect("there is a target or a file");
    let shown = file.display().to_string();
    let text = std::fs::read(file).with_context(|| format!("read {shown}"))?;
    let document = serde_json::from_slice(&text).with_context(|| format!("{shown} is not JSON"))?;
    Ok((document, shown))
}

/// With the types of a target, or of one schema.
fn types_of(document: &Value, mut types: Types) -> Result<Types> {
    let of_target = [("Input", "input_schema"), ("Output", "output_schema")];
    if of_target
        .iter()
        .any(|(_, member)| !document[member].is_null())
    {
        for (name, member) in of_target {
            add(&mut types, name, &document[member]).with_context(|| format!("`{member}`"))?;
        }
    } else {
        add(&mut types, "Input", document)?;
    }
    Ok(types)
}

fn add(types: &mut Types, name: &str, schema: &Value) -> Result<()> {
    ensure!(schema.is_object(), "a schema is an object");
    let mut keywords = SHAPE_KEYWORDS.iter();
    ensure!(
        keywords.any(|keyword| !schema[keyword].is_null()),
        "it is no JSON Schema of a value: none of {} stands in it",
        SHAPE_KEYWORDS
            .map(|keyword| format!("`{keyword}`"))
            .join(", ")
    );
    if let Some(Flaw { pointer, detail }) = Schema::flaw(schema) {
        bail!("it is no JSON Schema: at {pointer:?}, {detail}");
    }
    types.add(name, schema)
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
    fn assemblyscript_gets_classes_that_read_and_write_themselves() {
        let text = assemblyscript::write(&of_cart());
        for line in [
            "  constructor(\n    public cart: DiscountInputCart,\n  ) {}",
            "  static parse(json: Text): DiscountInput {",
            "    public lines: Array<Line>,",
            "  /** What the goods weigh. */\n  weightGrams: Box<i64> | null = null;",
            "  note: Text | null = null;",
            "  // Any JSON, as its text.\n  extra: Text | null = null;",
            "export type Amount = Text;",
            "    public type: Text,",
            "  attributes: Map<string, f64> | null = null;",
            "export enum DiscountInputCartKind {\n  Gift,\n  SelfUse,\n}",
            "  in_stead_of: Line | null = null;",
            "  counts: Array<Box<i64> | null> | null = null;",
            "import { Box, readBoolean, readInteger, readJson, readNumber } from \"./json_values\";",
        ] {
            assert!(text.contains(line), "{line}\nis not in\n{text}");
        }
        assert_eq!(text.matches("static parse(").count(), 1);
        let mut types = Types::apart_from(&assemblyscript::TAKEN);
        let schema =
            json!({"title": "Text", "type": "array", "items": {"title": "Map", "type": "string"}});
        types.add("Input", &schema).expect("it is a schema");
        let text = assemblyscript::write(&types);
        assert!(text.contains("export type Map2 = Text;"), "{text}");
        assert!(
            text.contains("export function parseInput(json: Text): Input {"),
            "{text}"
        );
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
    fn what_is_no_schema_is_refused_with_its_place() {
        let object = json!({"type": "object"});
        for (document, says) in [
            (json!({"type": "strng"}), "no JSON Schema"),
            (
                json!({"type": "object", "properties": {"a": {"type": 7}}}),
                "/properties/a/type",
            ),
            (json!([]), "a schema is an object"),
            (json!({"code": "not_found", "status": 404}), "`properties`"),
            (json!({"input_schema": object}), "`output_schema`"),
            (
                json!({"input_schema": object, "output_schema": {"required": 1}}),
                "`output_schema`",
            ),
        ] {
            let error = types_of(&document, Types::default()).unwrap_err();
            assert!(format!("{error:#}").contains(says), "{document}: {error:#}");
        }
        types_of(
            &json!({"input_schema": object, "output_schema": object}),
            Types::default(),
        )
        .expect("it is a target");
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused_with_its_words() {
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}});
        let error = Types::default().add("Input", &schema).unwrap_err();
        assert!(format!("{error:#}").contains("#/$defs/b"), "{error:#}");
    }
}
