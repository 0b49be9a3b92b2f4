//! Types in Rust, for serde.

use std::fmt::Write;

use super::names::{distinct, pascal, snake};
use super::types::{Member, Named, Shape, Type, Types};

const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// A module of the types.
pub(super) fn write(types: &Types) -> String {
    let mut text = String::from(
        "//! Made by `cartwright bindings` from a target's schemas: make it anew instead of changing it.\n\n\
         use serde::{Deserialize, Serialize};\n",
    );
    for named in &types.named {
        text.push('\n');
        one(&mut text, named, types);
    }
    text
}

// Writing to a string does not fail.
fn one(text: &mut String, named: &Named, types: &Types) {
    about(text, "", &named.about);
    let name = &named.name;
    match &named.shape {
        Shape::Alias(ty) => writeln!(text, "pub type {name} = {};", of(ty)).ok(),
        Shape::Object(members) => {
            let derives = "Debug, Clone, PartialEq, Serialize, Deserialize";
            writeln!(text, "#[derive({derives})]\npub struct {name} {{").ok();
            let mut written = Vec::new();
            for each in members {
                let field = distinct(&field(&each.name), &written);
                member(text, each, &field, types.holds(&each.ty, name));
                written.push(field);
            }
            writeln!(text, "}}").ok()
        }
        Shape::Choice(choices) => {
            let derives = "Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize";
            writeln!(text, "#[derive({derives})]\npub enum {name} {{").ok();
            // A variant of this name would be a keyword.
            let mut written = vec!["Self".to_owned()];
            for choice in choices {
                let variant = pascal(choice);
                let variant = if variant.is_empty() {
                    "Other"
                } else {
                    &variant
                };
                let variant = distinct(variant, &written);
                writeln!(text, "    #[serde(rename = {choice:?})]\n    {variant},").ok();
                written.push(variant);
            }
            writeln!(text, "}}").ok()
        }
    };
}

/// One field. A member that holds the type that it is a member of stands in a box.
fn member(text: &mut String, member: &Member, field: &str, is_boxed: bool) {
    about(text, "    ", &member.about);
    let mut hints = Vec::new();
    if field != member.name {
        hints.push(format!("rename = {:?}", member.name));
    }
    if !member.required {
        hints.push("default, skip_serializing_if = \"Option::is_none\"".to_owned());
    }
    if !hints.is_empty() {
        writeln!(text, "    #[serde({})]", hints.join(", ")).ok();
    }
    let (inner, is_nullable) = match &member.ty {
        Type::Nullable(inner) => (&**inner, true),
        ty => (ty, false),
    };
    let mut ty = of(inner);
    if is_boxed {
        ty = format!("Box<{ty}>");
    }
    if is_nullable || !member.required {
        ty = format!("Option<{ty}>");
    }
    writeln!(text, "    pub {field}: {ty},").ok();
}

/// What a member's field is called: a keyword gets a line after it.
fn field(name: &str) -> String {
    let field = snake(name);
    if KEYWORDS.contains(&&*field) {
        field + "_"
    } else {
        field
    }
}

fn about(text: &mut String, indent: &str, about: &str) {
    if !about.is_empty() {
        writeln!(text, "{indent}/// {about}").ok();
    }
}

fn of(ty: &Type) -> String {
    match ty {
        Type::Text => "String".into(),
        Type::Integer => "i64".into(),
        Type::Number => "f64".into(),
        Type::Boolean => "bool".into(),
        Type::Anything => "serde_json::Value".into(),
        Type::List(item) => format!("Vec<{}>", of(item)),
        Type::Map(value) => format!("std::collections::BTreeMap<String, {}>", of(value)),
        Type::Nullable(inner) => format!("Option<{}>", of(inner)),
        Type::Named(name) => name.clone(),
    }
}
