//! How values of a type are called, read and written. Lists, maps and what may be `null` are read and written by functions
//! of their own, one for each such type that is used.

use super::super::names::distinct;
use super::super::types::{Shape, Type, Types};
use super::functions;

/// The types, and the functions that are needed so far.
pub(super) struct Values<'a> {
    types: &'a Types,
    functions: Vec<(Type, String)>,
}

impl<'a> Values<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        let functions = Vec::new();
        Self { types, functions }
    }

    /// Whether a whole document is of this type.
    pub(super) fn is_root(&self, name: &str) -> bool {
        self.types.roots.iter().any(|root| root == name)
    }

    /// Whether something here has this name.
    pub(super) fn is_type(&self, name: &str) -> bool {
        self.types.named.iter().any(|named| named.name == name) || self.types.is_taken(name)
    }

    /// What the type is called.
    pub(super) fn of(&self, ty: &Type) -> String {
        match ty {
            Type::Text | Type::Anything => "Text".into(),
            Type::Integer => "i64".into(),
            Type::Number => "f64".into(),
            Type::Boolean => "bool".into(),
            Type::List(item) => format!("Array<{}>", self.of(item)),
            Type::Map(value) => format!("Map<string, {}>", self.of(value)),
            Type::Named(name) => name.clone(),
            Type::Nullable(inner) if self.is_nullable(inner) => self.of(inner),
            Type::Nullable(inner) if self.is_primitive(inner) => {
                format!("Box<{}> | null", self.of(inner))
            }
            Type::Nullable(inner) => format!("{} | null", self.of(inner)),
        }
    }

    /// What reads a value.
    pub(super) fn read(&mut self, ty: &Type) -> String {
        match self.core(ty) {
            Type::Text => "reader.string()".into(),
            Type::Integer => "readInteger(reader)".into(),
            Type::Number => "readNumber(reader)".into(),
            Type::Boolean => "readBoolean(reader)".into(),
            Type::Anything => "readJson(reader)".into(),
            Type::Named(name) if self.is_class(&name) => format!("{name}.read(reader)"),
            core => format!("read{}(reader)", self.function(core)),
        }
    }

    /// What writes the value that the source calls so.
    pub(super) fn write(&mut self, ty: &Type, value: &str) -> String {
        match self.core(ty) {
            Type::Text => format!("writer.string({value})"),
            Type::Integer => format!("writer.integer({value})"),
            Type::Number => format!("writer.number({value})"),
            Type::Boolean => format!("writer.boolean({value})"),
            Type::Anything => format!("writer.json({value})"),
            Type::Named(name) if self.is_class(&name) => format!("{value}.write(writer)"),
            core => format!("write{}(writer, {value})", self.function(core)),
        }
    }

    /// What reads the value of a nullable type where it is not `null`.
    pub(super) fn read_inner(&mut self, nullable: &Type) -> String {
        match self.core(nullable) {
            Type::Nullable(inner) if self.is_primitive(&inner) => {
                format!("new Box<{}>({})", self.of(&inner), self.read(&inner))
            }
            Type::Nullable(inner) => self.read(&inner),
            core => self.read(&core),
        }
    }

    /// What writes the value of a nullable type that is not `null`.
    pub(super) fn write_inner(&mut self, nullable: &Type, value: &str) -> String {
        match self.core(nullable) {
            Type::Nullable(inner) if self.is_primitive(&inner) => {
                self.write(&inner, &format!("{value}.value"))
            }
            Type::Nullable(inner) => self.write(&inner, value),
            core => self.write(&core, value),
        }
    }

    /// Whether AssemblyScript has no `null` of the type.
    pub(super) fn is_primitive(&self, ty: &Type) -> bool {
        match self.core(ty) {
            Type::Integer | Type::Number | Type::Boolean => true,
            Type::Named(name) => !self.is_class(&name),
            _ => false,
        }
    }

    /// Whether `null` is a value of the type.
    pub(super) fn is_nullable(&self, ty: &Type) -> bool {
        matches!(self.core(ty), Type::Nullable(_))
    }

    /// The functions that what was read and written so far is read and written by.
    pub(super) fn write_functions(&mut self, text: &mut String) {
        let mut next = 0;
        // Each may need more.
        while let Some((ty, name)) = self.functions.get(next).cloned() {
            functions::write(text, &ty, &name, self);
            next += 1;
        }
    }

    /// The type behind its other names.
    fn core(&self, ty: &Type) -> Type {
        match ty {
            Type::Named(name) => match self.shape(name) {
                Shape::Alias(ty) => self.core(ty),
                _ => ty.clone(),
            },
            Type::Nullable(inner) if self.is_nullable(inner) => self.core(inner),
            _ => ty.clone(),
        }
    }

    fn is_class(&self, name: &str) -> bool {
        matches!(self.shape(name), Shape::Object(_))
    }

    fn shape(&self, name: &str) -> &'a Shape {
        let mut named = self.types.named.iter();
        let named = named.find(|named| named.name == name);
        &named.expect("what is named is there").shape
    }

    /// What the functions of this type are called after `read` and `write`.
    fn function(&mut self, ty: Type) -> String {
        if let Type::Named(name) = ty {
            return name;
        }
        if let Some((_, name)) = self.functions.iter().find(|(known, _)| *known == ty) {
            return name.clone();
        }
        let types = self.types.named.iter().map(|named| &*named.name);
        let taken: Vec<&str> = types
            .chain(self.functions.iter().map(|(_, name)| &**name))
            .collect();
        let name = distinct(&spoken(&ty), &taken);
        self.functions.push((ty, name.clone()));
        name
    }
}

/// The type as a part of a name.
fn spoken(ty: &Type) -> String {
    match ty {
        Type::Text => "Text".into(),
        Type::Integer => "Integer".into(),
        Type::Number => "Number".into(),
        Type::Boolean => "Boolean".into(),
        Type::Anything => "Json".into(),
        Type::List(item) => format!("{}List", spoken(item)),
        Type::Map(value) => format!("{}Map", spoken(value)),
        Type::Nullable(inner) => format!("{}OrNull", spoken(inner)),
        Type::Named(name) => name.clone(),
    }
}
