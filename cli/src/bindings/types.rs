//! What a JSON Schema says of types, without any language: names, members, lists. What only restricts values, such as a
//! pattern or a maximum, makes no type; what makes a choice of shapes is any JSON.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::names::{distinct, pascal};

/// Schemas within schemas, at most.
const DEPTH_MAX: usize = 64;

/// Names that the languages' own types have, in what is written.
const TAKEN: [&str; 11] = [
    "Array",
    "Box",
    "Deserialize",
    "None",
    "Option",
    "Record",
    "Self",
    "Serialize",
    "Some",
    "String",
    "Vec",
];

/// Named types, in the order in which they are first needed.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub(super) named: Vec<Named>,
    /// What whole documents are called.
    pub(super) roots: Vec<String>,
    /// Names that types have in the one language that is written, beside those of [`TAKEN`].
    taken: &'static [&'static str],
}

/// A type with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// The schema's own words, on one line.
    pub(super) about: String,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Object(Vec<Member>),
    /// One of these texts.
    Choice(Vec<String>),
    Alias(Type),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// As it stands in JSON.
    pub(super) name: String,
    pub(super) about: String,
    pub(super) ty: Type,
    pub(super) required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Anything,
    List(Box<Type>),
    Map(Box<Type>),
    /// This, or `null`.
    Nullable(Box<Type>),
    Named(String),
}

impl Type {
    /// The named type that a value of this one holds in itself, not behind a list or a map.
    fn held(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Nullable(inner) => inner.held(),
            _ => None,
        }
    }
}

impl Types {
    /// None yet, for a language with names of its own.
    pub(super) fn apart_from(taken: &'static [&'static str]) -> Self {
        Self {
            taken,
            ..Self::default()
        }
    }

    /// Whether what is written needs the name for something else.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        TAKEN.contains(&name) || self.taken.contains(&name)
    }

    /// Add a whole schema; what it describes is called by its title, else so.
    pub(super) fn add(&mut self, name: &str, root: &Value) -> Result<()> {
        ensure!(root.is_object(), "a schema is an object");
        let mut walk = Walk {
            root,
            types: self,
            followed: Vec::new(),
        };
        let ty = walk.follow("#", name, 0)?;
        let name = match ty {
            Type::Named(name) => name,
            ty => self.name(name, text(root, "description"), Shape::Alias(ty)),
        };
        if !self.roots.contains(&name) {
            self.roots.push(name);
        }
        Ok(())
    }

    /// Whether a value of this type has one of that type in it, not behind a list or a map.
    pub(super) fn holds(&self, ty: &Type, sought: &str) -> bool {
        let mut open: Vec<&str> = ty.held().into_iter().collect();
        let mut seen = Vec::new();
        while let Some(name) = open.pop() {
            if name == sought {
                return true;
            }
            let known = self.named.iter().find(|named| named.name == name);
            let Some(named) = known.filter(|_| !seen.contains(&name)) else {
                continue;
            };
            seen.push(name);
            match &named.shape {
                Shape::Object(members) => {
                    open.extend(members.iter().filter_map(|member| member.ty.held()));
                }
                Shape::Alias(ty) => open.extend(ty.held()),
                Shape::Choice(_) => {}
            }
        }
        false
    }

    /// The name, or with a number after it where it is taken.
    fn free(&self, name: &str) -> String {
        let mut taken: Vec<&str> = self.named.iter().map(|named| &*named.name).collect();
        taken.extend(TAKEN);
        taken.extend(self.taken);
        distinct(if name.is_empty() { "Value" } else { name }, &taken)
    }

    /// Keep a named type, and answer what it is called: another of its name may be there.
    fn name(&mut self, name: &str, about: String, shape: Shape) -> String {
        let place = self.reserve(name, about);
        self.fill(place, shape)
    }

    /// Keep a name for a type that is still being walked, which may hold itself.
    fn reserve(&mut self, name: &str, about: String) -> usize {
        self.named.push(Named {
            name: self.free(name),
            about,
            shape: Shape::Choice(Vec::new()),
        });
        self.named.len() - 1
    }

    /// The type in a kept place. One that is there already under the name that this one would have had stays the only one.
    fn fill(&mut self, place: usize, shape: Shape) -> String {
        let plain = |named: &Named| named.name.trim_end_matches(char::is_numeric).to_owned();
        let wanted = plain(&self.named[place]);
        let mut earlier = self.named[..place].iter();
        let same = earlier.find(|named| named.shape == shape && plain(named) == wanted);
        if let Some(same) = same.map(|same| same.name.clone()) {
            self.named.remove(place);
            return same;
        }
        let named = &mut self.named[place];
        named.shape = shape;
        named.name.clone()
    }
}

/// One schema on its way into types.
struct Walk<'a> {
    root: &'a Value,
    types: &'a mut Types,
    /// References to objects that were followed already, with what those are called.
    followed: Vec<(String, String)>,
}

impl Walk<'_> {
    /// The type of a schema, which is called so where it has no title.
    fn ty(&mut self, schema: &Value, name: &str, depth: usize) -> Result<Type> {
        ensure!(
            depth < DEPTH_MAX,
            "it nests deeper than {DEPTH_MAX} schemas"
        );
        if let Some(reference) = schema["$ref"].as_str() {
            return self.follow(reference, name, depth);
        }
        let title = schema["title"].as_str().map(pascal).unwrap_or_default();
        let is_titled = !title.is_empty();
        let name = if is_titled { &title } else { name };
        let ty = self.one(schema, name, depth)?;
        let is_plain = matches!(ty, Type::Text | Type::Integer | Type::Number);
        let ty = if is_titled && is_plain {
            let about = text(schema, "description");
            Type::Named(self.types.name(name, about, Shape::Alias(ty)))
        } else {
            ty
        };
        Ok(or_null(ty, schema))
    }

    /// The type, whether or not it may be `null`.
    fn one(&mut self, schema: &Value, name: &str, depth: usize) -> Result<Type> {
        if let Some(choices) = texts(&schema["enum"]) {
            let about = text(schema, "description");
            let named = self.types.name(name, about, Shape::Choice(choices));
            return Ok(Type::Named(named));
        }
        Ok(match kind(schema) {
            Some("string") => Type::Text,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("boolean") => Type::Boolean,
            Some("array") if schema["items"].is_object() => {
                let item = self.ty(&schema["items"], &format!("{name}Item"), depth + 1)?;
                Type::List(Box::new(item))
            }
            Some("array") => Type::List(Box::new(Type::Anything)),
            Some("object") if schema["properties"].is_object() => {
                let place = self.types.reserve(name, text(schema, "description"));
                Type::Named(self.object(schema, place, depth)?)
            }
            Some("object") if schema["additionalProperties"].is_object() => {
                let values = &schema["additionalProperties"];
                let value = self.ty(values, &format!("{name}Value"), depth + 1)?;
                Type::Map(Box::new(value))
            }
            Some("object") => Type::Map(Box::new(Type::Anything)),
            _ => Type::Anything,
        })
    }

    fn object(&mut self, schema: &Value, place: usize, depth: usize) -> Result<String> {
        let name = self.types.named[place].name.clone();
        let required = texts(&schema["required"]).unwrap_or_default();
        let mut members = Vec::new();
        for (member, of_member) in schema["properties"].as_object().into_iter().flatten() {
            members.push(Member {
                name: member.clone(),
                about: text(of_member, "description"),
                ty: self.ty(of_member, &format!("{name}{}", pascal(member)), depth + 1)?,
                required: required.contains(member),
            });
        }
        Ok(self.types.fill(place, Shape::Object(members)))
    }

    /// The type behind `#/$defs/…`, which may hold itself.
    fn follow(&mut self, reference: &str, name: &str, depth: usize) -> Result<Type> {
        let Some(pointer) = reference.strip_prefix('#') else {
            bail!(
                "`$ref` {reference} leads out of the schema; only those that begin with # are followed"
            );
        };
        let root = self.root;
        let schema = root
            .pointer(pointer)
            .with_context(|| format!("`$ref` {reference} leads nowhere"))?;
        let known = self.followed.iter().find(|(by, _)| by == reference);
        if let Some((_, name)) = known {
            return Ok(or_null(Type::Named(name.clone()), schema));
        }
        let name = match (schema["title"].as_str(), pointer.rsplit_once('/')) {
            (Some(title), _) => pascal(title),
            (None, Some((_, last))) => pascal(last),
            (None, None) => name.to_owned(),
        };
        if !schema["properties"].is_object() {
            return self.ty(schema, &name, depth + 1);
        }
        let place = self.types.reserve(&name, text(schema, "description"));
        let reserved = self.types.named[place].name.clone();
        self.followed.push((reference.to_owned(), reserved.clone()));
        let name = self.object(schema, place, depth + 1)?;
        // The same type may have been there.
        for (_, followed) in &mut self.followed {
            if *followed == reserved {
                followed.clone_from(&name);
            }
        }
        Ok(or_null(Type::Named(name), schema))
    }
}

/// The type, or that and `null`, as the schema says.
fn or_null(ty: Type, schema: &Value) -> Type {
    let kinds = schema["type"].as_array();
    let is_nullable = kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
    if is_nullable && ty != Type::Anything {
        Type::Nullable(Box::new(ty))
    } else {
        ty
    }
}

/// The one type that it allows, `null` apart.
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => {
            let mut kinds = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null");
            kinds.next().filter(|_| kinds.next().is_none())
        }
        _ if schema["properties"].is_object() => Some("object"),
        _ => None,
    }
}

fn text(schema: &Value, name: &str) -> String {
    let text = schema[name].as_str().unwrap_or_default();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("*/", "* /")
}

/// A list of nothing but texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    texts.map(|text| text.as_str().map(str::to_owned)).collect()
}
