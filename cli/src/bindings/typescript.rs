//! Types in TypeScript.

use std::fmt::Write;

use serde_json::Value;

use super::types::{Member, Named, Shape, Type, Types};

/// A module of the types.
pub(super) fn write(types: &Types) -> String {
    let mut text = String::from(
        "// Made by `cartwright bindings` from a target's schemas: make it anew instead of changing it.\n",
    );
    for named in &types.named {
        text.push('\n');
        one(&mut text, named);
    }
    text
}

// Writing to a string does not fail.
fn one(text: &mut String, named: &Named) {
    about(text, "", &named.about);
    let name = &named.name;
    match &named.shape {
        Shape::Alias(ty) => writeln!(text, "export type {name} = {};", of(ty)).ok(),
        Shape::Choice(choices) => {
            let choices: Vec<_> = choices.iter().map(|choice| quoted(choice)).collect();
            writeln!(text, "export type {name} = {};", choices.join(" | ")).ok()
        }
        Shape::Object(members) => {
            writeln!(text, "export interface {name} {{").ok();
            for each in members {
                member(text, each);
            }
            writeln!(text, "}}").ok()
        }
    };
}

fn member(text: &mut String, member: &Member) {
    about(text, "  ", &member.about);
    let is_plain = member
        .name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$')
        && !member
            .name
            .starts_with(|first: char| first.is_ascii_digit());
    let name = if is_plain {
        member.name.clone()
    } else {
        quoted(&member.name)
    };
    let optional = if member.required { "" } else { "?" };
    writeln!(text, "  {name}{optional}: {};", of(&member.ty)).ok();
}

/// A text as JSON has it, which is as TypeScript has it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn about(text: &mut String, indent: &str, about: &str) {
    if !about.is_empty() {
        writeln!(text, "{indent}/** {about} */").ok();
    }
}

fn of(ty: &Type) -> String {
    match ty {
        Type::Text => "string".into(),
        Type::Integer | Type::Number => "number".into(),
        Type::Boolean => "boolean".into(),
        Type::Anything => "unknown".into(),
        Type::List(item) if matches!(**item, Type::Nullable(_)) => format!("({})[]", of(item)),
        Type::List(item) => format!("{}[]", of(item)),
        Type::Map(value) => format!("Record<string, {}>", of(value)),
        Type::Nullable(inner) => format!("{} | null", of(inner)),
        Type::Named(name) => name.clone(),
    }
}
