//! An object as a class. What it must have is given to its constructor; everything else may be set later, or stay `null`.

mod read;

use std::fmt::Write;

use super::names::{field, literal, quoted};
use super::values::Values;
use crate::bindings::names::distinct;
use crate::bindings::types::{Member, Type};

/// A member, and what the class calls it.
struct Field<'a> {
    member: &'a Member,
    name: String,
    /// As the class keeps it: what may be absent may be `null`.
    ty: Type,
    /// The variable that tells whether the member was there, where its own does not.
    seen: Option<String>,
}

// Writing to a string does not fail.
pub(super) fn write(text: &mut String, name: &str, members: &[Member], values: &mut Values<'_>) {
    let fields = fields(members, values);
    let (required, optional): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| field.member.required);
    writeln!(text, "@final\nexport class {name} {{").ok();
    for field in &optional {
        super::about(text, "  ", &field.member.about);
        note(text, "  ", &field.ty);
        writeln!(text, "  {}: {} = null;", field.name, values.of(&field.ty)).ok();
    }
    if !required.is_empty() {
        let before = if optional.is_empty() { "" } else { "\n" };
        writeln!(text, "{before}  constructor(").ok();
        for field in &required {
            super::about(text, "    ", &field.member.about);
            note(text, "    ", &field.ty);
            writeln!(text, "    public {}: {},", field.name, values.of(&field.ty)).ok();
        }
        writeln!(text, "  ) {{}}").ok();
    }
    if !fields.is_empty() {
        text.push('\n');
    }
    if values.is_root(name) {
        of_root(text, name);
    }
    read::write(text, name, &fields, values);
    write_method(text, &fields, values);
    writeln!(text, "}}").ok();
}

fn fields<'a>(members: &'a [Member], values: &Values<'_>) -> Vec<Field<'a>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    for member in members {
        let taken: Vec<_> = fields.iter().map(|field| &*field.name).collect();
        let name = distinct(&field(&member.name, |name| values.is_type(name)), &taken);
        // The text of any JSON is `null` where the member is absent, and says `null` where that was said.
        let ty = match &member.ty {
            ty if member.required => ty.clone(),
            ty => Type::Nullable(Box::new(ty.clone())),
        };
        fields.push(Field {
            member,
            name,
            ty,
            seen: None,
        });
    }
    let mut taken: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    for field in &mut fields {
        let is_told = !values.is_primitive(&field.ty) && !values.is_nullable(&field.ty);
        if field.member.required && !is_told {
            let seen = distinct(&format!("has_{}", field.name), &taken);
            taken.push(seen.clone());
            field.seen = Some(seen);
        }
    }
    fields
}

/// A remark on a field whose texts are no strings.
fn note(text: &mut String, indent: &str, ty: &Type) {
    if is_any(ty) {
        writeln!(text, "{indent}// Any JSON, as its text.").ok();
    }
}

fn is_any(ty: &Type) -> bool {
    match ty {
        Type::Nullable(inner) | Type::List(inner) | Type::Map(inner) => is_any(inner),
        ty => *ty == Type::Anything,
    }
}

fn of_root(text: &mut String, name: &str) {
    write!(
        text,
        "  // Ends the function with exit code 1 where the text is no such value.\n  \
           static parse(json: Text): {name} {{\n    \
             const reader = new JsonReader(json, ExitCode.Input);\n    \
             const made = {name}.read(reader);\n    \
             reader.end();\n    \
             return made;\n  \
           }}\n\n  \
           toJson(): Text {{\n    \
             const writer = new JsonWriter();\n    \
             this.write(writer);\n    \
             return writer.text();\n  \
           }}\n\n"
    )
    .ok();
}

/// The method that writes: what is absent is left out.
fn write_method(text: &mut String, fields: &[Field<'_>], values: &mut Values<'_>) {
    writeln!(
        text,
        "  write(writer: JsonWriter): void {{\n    writer.raw(\"{{\");"
    )
    .ok();
    for field in fields {
        let name = &field.name;
        let member = literal(&format!("{}:", quoted(&field.member.name)));
        if field.member.required {
            let write = values.write(&field.ty, &format!("this.{name}"));
            writeln!(text, "    writer.member({member});\n    {write};").ok();
        } else {
            let write = values.write_inner(&field.ty, name);
            write!(
                text,
                "    const {name} = this.{name};\n    \
                   if ({name} != null) {{\n      \
                     writer.member({member});\n      \
                     {write};\n    \
                   }}\n"
            )
            .ok();
        }
    }
    writeln!(text, "    writer.raw(\"}}\");\n  }}").ok();
}
