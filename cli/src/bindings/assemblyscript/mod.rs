//! Classes in AssemblyScript, which the template's reader and writer of JSON fill and write.

mod choice;
mod functions;
mod names;
mod object;
mod values;

use std::fmt::Write;

use super::types::{Named, Shape, Type, Types};
pub(super) use names::TAKEN;
use values::Values;

/// What the template has to read values with, of which a file imports what it uses.
const READS: [&str; 5] = [
    "Box",
    "readBoolean",
    "readInteger",
    "readJson",
    "readNumber",
];

/// A module of the types.
pub(super) fn write(types: &Types) -> String {
    let mut values = Values::new(types);
    let mut body = String::new();
    for named in &types.named {
        body.push('\n');
        one(&mut body, named, &mut values);
    }
    values.write_functions(&mut body);
    let mut text = String::from(
        "// Made by `cartwright bindings` from a target's schemas: make it anew instead of changing it.\n\
         import { ExitCode } from \"./failure\";\n\
         import { JsonReader } from \"./json_reader\";\n",
    );
    let is_used =
        |name: &&str| body.contains(&format!("{name}(")) || body.contains(&format!("{name}<"));
    let used: Vec<&str> = READS.into_iter().filter(is_used).collect();
    if !used.is_empty() {
        let used = used.join(", ");
        writeln!(text, "import {{ {used} }} from \"./json_values\";").ok();
    }
    text.push_str(
        "import { JsonWriter } from \"./json_writer\";\nimport { Text } from \"./text\";\n",
    );
    text + &body
}

// Writing to a string does not fail.
fn one(text: &mut String, named: &Named, values: &mut Values<'_>) {
    let name = &named.name;
    about(text, "", &named.about);
    match &named.shape {
        Shape::Alias(ty) => {
            writeln!(text, "export type {name} = {};", values.of(ty)).ok();
        }
        Shape::Choice(choices) => choice::write(text, name, choices),
        Shape::Object(members) => return object::write(text, name, members, values),
    }
    if values.is_root(name) {
        of_root(text, name, values);
    }
}

/// How a whole document that is no object is read and written.
fn of_root(text: &mut String, name: &str, values: &mut Values<'_>) {
    let ty = Type::Named(name.to_owned());
    let (read, write) = (values.read(&ty), values.write(&ty, "value"));
    write!(
        text,
        "\n// Ends the function with exit code 1 where the text is no such value.\n\
         export function parse{name}(json: Text): {name} {{\n  \
           const reader = new JsonReader(json, ExitCode.Input);\n  \
           const value: {name} = {read};\n  \
           reader.end();\n  \
           return value;\n\
         }}\n\n\
         export function format{name}(value: {name}): Text {{\n  \
           const writer = new JsonWriter();\n  \
           {write};\n  \
           return writer.text();\n\
         }}\n"
    )
    .ok();
}

fn about(text: &mut String, indent: &str, about: &str) {
    if !about.is_empty() {
        writeln!(text, "{indent}/** {about} */").ok();
    }
}
