//! A JSON text read into one list, to be held against a schema without a tree, which takes an allocation for each of its
//! strings, lists and objects.

use std::borrow::Cow;
use std::fmt;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Members are looked for one after the other, so an object of more is left to a tree, which looks them up by hash.
const MEMBERS_MAX: usize = 32;

/// Bytes of text that take an item, about. Too few cost room, too many a move of the list.
const BYTES_PER_ITEM: usize = 12;

/// A value, or the name of a member. What it holds follows it: of an object each name before its value.
enum Item<'t> {
    Null,
    Boolean(bool),
    Number(Number),
    String(Cow<'t, str>),
    Array { length: usize, end: usize },
    Object { length: usize, end: usize },
}

/// A text that was read.
pub(crate) struct Document<'t>(Vec<Item<'t>>);

impl<'t> Document<'t> {
    /// `None` when it must be read as a tree: it is no JSON, or an object has a name twice or very many members.
    pub(crate) fn read(text: &'t [u8]) -> Option<Self> {
        let mut items = Vec::with_capacity(text.len() / BYTES_PER_ITEM + 1);
        let mut reader = serde_json::Deserializer::from_slice(text);
        Reading(&mut items).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(Self(items))
    }

    pub(crate) fn root(&self) -> Place<'_> {
        Place {
            items: &self.0,
            at: 0,
        }
    }
}

/// Reads one value onto the end of the list.
struct Reading<'i, 't>(&'i mut Vec<Item<'t>>);

impl<'t> DeserializeSeed<'t> for Reading<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Reading<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push(Item::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push(Item::Boolean(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.push(Item::Number(value.into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.push(Item::Number(value.into()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("no finite number"))?;
        self.0.push(Item::Number(number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'t str) -> Result<(), E> {
        self.0.push(Item::String(Cow::Borrowed(value)));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.push(Item::String(Cow::Owned(value.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<(), A::Error> {
        let (at, mut length) = (self.0.len(), 0);
        self.0.push(Item::Null);
        while elements.next_element_seed(Reading(self.0))?.is_some() {
            length += 1;
        }
        let end = self.0.len();
        self.0[at] = Item::Array { length, end };
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let (at, mut length) = (self.0.len(), 0);
        self.0.push(Item::Null);
        loop {
            let name_at = self.0.len();
            if members.next_key_seed(Reading(self.0))?.is_none() {
                break;
            }
            // The place of the end is known at the end; until then this is all that was read of the object.
            self.0[at] = Item::Object {
                length,
                end: name_at,
            };
            let place = Place { items: self.0, at };
            if length == MEMBERS_MAX || place.member(place.items[name_at].text()).is_some() {
                return Err(A::Error::custom("this object is left to a tree"));
            }
            members.next_value_seed(Reading(self.0))?;
            length += 1;
        }
        let end = self.0.len();
        self.0[at] = Item::Object { length, end };
        Ok(())
    }
}

impl Item<'_> {
    /// The name of a member.
    fn text(&self) -> &str {
        match self {
            Self::String(text) => text,
            _ => unreachable!("names of members are strings"),
        }
    }
}

/// A value in the list.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    items: &'a [Item<'a>],
    at: usize,
}

impl<'a> Place<'a> {
    fn item(self) -> &'a Item<'a> {
        &self.items[self.at]
    }

    /// Behind the value and all that it holds.
    fn end(self) -> usize {
        match self.item() {
            Item::Array { end, .. } | Item::Object { end, .. } => *end,
            _ => self.at + 1,
        }
    }

    fn length(self) -> usize {
        match self.item() {
            Item::Array { length, .. } | Item::Object { length, .. } => *length,
            _ => 0,
        }
    }

    /// What it holds, names and values alike.
    fn held(self) -> Held<'a> {
        Held {
            items: self.items,
            next: self.at + 1,
            end: self.end(),
        }
    }

    fn member(self, name: &str) -> Option<Self> {
        Pairs(self.held())
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

/// One value after the other.
pub(crate) struct Held<'a> {
    items: &'a [Item<'a>],
    next: usize,
    end: usize,
}

impl<'a> Iterator for Held<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        let place = (self.next < self.end).then_some(Place {
            items: self.items,
            at: self.next,
        })?;
        self.next = place.end();
        Some(place)
    }
}

/// One member after the other.
pub(crate) struct Pairs<'a>(Held<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Place<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?;
        Some((name.item().text(), self.0.next()?))
    }
}

/// The validator's name for values that are read so.
pub(crate) struct Flat;

impl Json for Flat {
    type Node<'a> = Place<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    /// A lookup passes over half of the members.
    const KEYS_PER_LOOKUP: usize = 1;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Place<'_>) -> T) -> T {
        let items = [Item::String(Cow::Borrowed(string))];
        f(Place {
            items: &items,
            at: 0,
        })
    }
}

impl<'a> Node<'a, Flat> for Place<'a> {
    type Object = Self;
    type Array = Self;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Self> {
        matches!(self.item(), Item::Object { .. }).then_some(*self)
    }

    fn as_array(&self) -> Option<Self> {
        matches!(self.item(), Item::Array { .. }).then_some(*self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.item() {
            Item::String(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self.item() {
            Item::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.item() {
            Item::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.item(), Item::Null)
    }

    fn json_type(&self) -> JsonType {
        match self.item() {
            Item::Null => JsonType::Null,
            Item::Boolean(_) => JsonType::Boolean,
            Item::Number(_) => JsonType::Number,
            Item::String(_) => JsonType::String,
            Item::Array { .. } => JsonType::Array,
            Item::Object { .. } => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.item(), expected) {
            (Item::String(text), Value::String(expected)) => text == expected,
            (Item::String(_), _) | (_, Value::String(_)) => false,
            _ => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        let owned = |place: Self| place.to_value().into_owned();
        Cow::Owned(match self.item() {
            Item::Null => Value::Null,
            Item::Boolean(value) => Value::Bool(*value),
            Item::Number(number) => Value::Number(number.clone()),
            Item::String(text) => Value::String(text.clone().into_owned()),
            Item::Array { .. } => Value::Array(self.held().map(owned).collect()),
            Item::Object { .. } => {
                let members = self
                    .members()
                    .map(|(name, value)| (name.to_owned(), owned(value)));
                Value::Object(members.collect::<Map<_, _>>())
            }
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref(self.item()).addr()))
    }
}

impl<'a> Object<'a, Flat> for Place<'a> {
    type Node = Self;
    type MemberName = &'a str;
    type MembersIter = Pairs<'a>;

    fn len(&self) -> usize {
        self.length()
    }

    fn get(&self, key: &Box<str>) -> Option<Self> {
        self.member(key)
    }

    fn members(&self) -> Pairs<'a> {
        Pairs(self.held())
    }
}

impl<'a> Array<'a, Flat> for Place<'a> {
    type Node = Self;
    type ElementsIter = Held<'a>;

    fn len(&self) -> usize {
        self.length()
    }

    fn elements(&self) -> Held<'a> {
        self.held()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Value> {
        let document = Document::read(text.as_bytes())?;
        Some(document.root().to_value().into_owned())
    }

    #[test]
    fn what_is_read_is_what_a_tree_would_hold() {
        for text in [
            "null",
            " [1, -2, 3.5, 1e300, 18446744073709551615, true, \"\"] ",
            "{}",
            "{\"a\": {\"b\": [[], {}, \"\\u00e9\\n\"]}, \"c\": null, \"\\u0064\": \"é\"}",
        ] {
            let tree: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(read(text), Some(tree), "{text}");
        }
    }

    #[test]
    fn what_only_a_tree_decides_is_left_to_it() {
        let many: Vec<String> = (0..=MEMBERS_MAX).map(|at| format!("\"{at}\":0")).collect();
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in [
            "{\"a\":1,\"b\":2,\"a\":3}",
            &format!("{{{}}}", many.join(",")),
            &format!(
                "{{{},\"x\":{{\"y\":1,\"\\u0079\":2}}}}",
                many[..8].join(",")
            ),
            &deep,
            "1e999",
            "\"\\ud800\"",
            "[1] 2",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read(&format!("{{{}}}", many[..MEMBERS_MAX].join(","))).is_some());
    }
}
