//! The method that reads an object, member by member.

use std::fmt::Write;

use super::super::names::{bytes, literal, quoted};
use super::super::values::Values;
use super::Field;
use crate::bindings::types::Type;

/// The method that reads: members in any order, each once; unknown ones are passed over.
pub(super) fn write(text: &mut String, name: &str, fields: &[Field<'_>], values: &mut Values<'_>) {
    writeln!(text, "  static read(reader: JsonReader): {name} {{").ok();
    for field in fields {
        let ty = values.of(&field.ty);
        if values.is_primitive(&field.ty) {
            let nothing = if ty == "bool" { "false" } else { "0" };
            writeln!(text, "    let {}: {ty} = {nothing};", field.name).ok();
        } else if values.is_nullable(&field.ty) {
            writeln!(text, "    let {}: {ty} = null;", field.name).ok();
        } else {
            writeln!(text, "    let {}: {ty} | null = null;", field.name).ok();
        }
        if let Some(seen) = &field.seen {
            writeln!(text, "    let {seen} = false;").ok();
        }
    }
    writeln!(
        text,
        "    reader.enterObject();\n    while (reader.nextMember()) {{"
    )
    .ok();
    for (place, field) in fields.iter().enumerate() {
        let before = if place == 0 { "      " } else { " else " };
        let (named, seen) = (bytes(&field.member.name), was_seen(field));
        let twice = literal(&format!("{} stands here twice", quoted(&field.member.name)));
        write!(
            text,
            "{before}if (reader.nameIs({named})) {{\n        \
               if ({seen}) reader.refuse({twice});\n"
        )
        .ok();
        if let Some(seen) = &field.seen {
            writeln!(text, "        {seen} = true;").ok();
        }
        let name = &field.name;
        // Any JSON may be `null` without being absent.
        let (unless_null, read) = match field.member.ty {
            _ if field.member.required => ("", values.read(&field.ty)),
            Type::Anything => ("", values.read_inner(&field.ty)),
            _ => ("if (!reader.takeNull()) ", values.read_inner(&field.ty)),
        };
        write!(text, "        {unless_null}{name} = {read};\n      }}").ok();
    }
    if fields.is_empty() {
        writeln!(text, "      reader.skip();").ok();
    } else {
        writeln!(text, " else {{\n        reader.skip();\n      }}").ok();
    }
    writeln!(text, "    }}").ok();
    made(text, name, fields);
    writeln!(text, "  }}\n").ok();
}

/// What was read, as an object of the class.
fn made(text: &mut String, name: &str, fields: &[Field<'_>]) {
    let mut arguments = Vec::new();
    for field in fields.iter().filter(|field| field.member.required) {
        let absent = literal(&format!("{name} has no {},", quoted(&field.member.name)));
        let is_absent = match &field.seen {
            Some(seen) => format!("!{seen}"),
            None => format!("{} == null", field.name),
        };
        writeln!(text, "    if ({is_absent}) reader.refuse({absent});").ok();
        let sure = if field.seen.is_none() { "!" } else { "" };
        arguments.push(format!("{}{sure}", field.name));
    }
    let new = format!("new {name}({})", arguments.join(", "));
    let mut optional = fields
        .iter()
        .filter(|field| !field.member.required)
        .peekable();
    if optional.peek().is_none() {
        writeln!(text, "    return {new};").ok();
        return;
    }
    writeln!(text, "    const made = {new};").ok();
    for field in optional {
        writeln!(text, "    made.{0} = {0};", field.name).ok();
    }
    writeln!(text, "    return made;").ok();
}

/// What tells that the member was there.
fn was_seen(field: &Field<'_>) -> String {
    let seen = field.seen.clone();
    seen.unwrap_or_else(|| format!("{} != null", field.name))
}
