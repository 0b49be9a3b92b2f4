//! A choice of texts as an enum, with the two functions that read and write it.

use std::fmt::Write;

use super::super::names::{distinct, pascal};
use super::names::{bytes, literal, quoted};

// Writing to a string does not fail.
pub(super) fn write(text: &mut String, name: &str, choices: &[String]) {
    let mut variants: Vec<String> = Vec::new();
    for choice in choices {
        let variant = match pascal(choice) {
            none if none.is_empty() => "Other".to_owned(),
            variant => variant,
        };
        variants.push(distinct(&variant, &variants));
    }
    let all: Vec<_> = choices.iter().map(|choice| quoted(choice)).collect();
    let refusal = literal(&format!("expected one of {}", all.join(", ")));
    writeln!(text, "export enum {name} {{").ok();
    for variant in &variants {
        writeln!(text, "  {variant},").ok();
    }
    write!(
        text,
        "}}\n\nfunction read{name}(reader: JsonReader): {name} {{\n  const text = reader.string();\n"
    )
    .ok();
    for (variant, choice) in variants.iter().zip(choices) {
        let choice = bytes(choice);
        writeln!(text, "  if (text.is({choice})) return {name}.{variant};").ok();
    }
    write!(
        text,
        "  reader.refuse({refusal});\n  return unreachable();\n}}\n\n\
         function write{name}(writer: JsonWriter, value: {name}): void {{\n  switch (value) {{\n"
    )
    .ok();
    for (variant, json) in variants.iter().zip(&all) {
        let json = literal(json);
        writeln!(
            text,
            "    case {name}.{variant}: writer.raw({json}); break;"
        )
        .ok();
    }
    writeln!(text, "    default: unreachable();\n  }}\n}}").ok();
}
