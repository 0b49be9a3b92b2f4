//! What expressions compute with. What stands in the event is borrowed from it, so that naming a part of it costs nothing.

use std::cmp::Ordering;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::Failure;
use super::evaluate::Evaluation;

/// A value. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Text<'a>),
    /// An array of the event.
    Array(&'a [Json]),
    /// An object of the event.
    Object(&'a Map<String, Json>),
    /// A list that the expression made.
    List(Rc<Vec<Value<'a>>>),
    /// A map that the expression made: its keys in the order in which they were written.
    Map(Rc<Vec<(Text<'a>, Value<'a>)>>),
}

/// A text of the event or of the expression, or one that was made.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Made(Rc<str>),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(bool) => Self::Bool(*bool),
            Json::Number(number) => number
                .as_i64()
                .map(Self::Int)
                .or_else(|| number.as_u64().map(Self::UInt))
                .unwrap_or_else(|| Self::Double(number.as_f64().unwrap_or(f64::NAN))),
            Json::String(text) => Self::Text(Text::Borrowed(text)),
            Json::Array(array) => Self::Array(array),
            Json::Object(object) => Self::Object(object),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn made(text: &str) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    /// What kind of value it is, as failures say it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::UInt(_) => "a uint",
            Self::Double(_) => "a double",
            Self::Text(_) => "a string",
            Self::Array(_) | Self::List(_) => "a list",
            Self::Object(_) | Self::Map(_) => "a map",
        }
    }

    /// The elements of a list, the keys of a map.
    pub(super) fn items(&self) -> Option<Items<'a>> {
        Some(match self {
            Self::Array(array) => Items::Array(array.iter()),
            Self::List(list) => Items::List(list.clone(), 0),
            Self::Object(object) => Items::Keys(object.keys()),
            Self::Map(map) => Items::MapKeys(map.clone(), 0),
            _ => return None,
        })
    }

    /// How many elements, entries or characters it has.
    pub(super) fn size(&self) -> Option<usize> {
        Some(match self {
            Self::Array(array) => array.len(),
            Self::List(list) => list.len(),
            Self::Object(object) => object.len(),
            Self::Map(map) => map.len(),
            Self::Text(text) => text.as_str().chars().count(),
            _ => return None,
        })
    }

    /// The entry of a map.
    pub(super) fn entry(
        &self,
        key: &str,
        evaluation: &mut Evaluation,
    ) -> Result<Option<Self>, Failure> {
        match self {
            Self::Object(object) => Ok(object.get(key).map(Self::from)),
            Self::Map(map) => {
                evaluation.spend(map.len() as u64)?;
                let entry = map.iter().find(|(name, _)| name.as_str() == key);
                Ok(entry.map(|(_, value)| value.clone()))
            }
            other => Err(Failure::Event(format!(
                "there is no `{key}` in {}",
                other.kind()
            ))),
        }
    }
}

/// What a comprehension passes through.
pub(super) enum Items<'a> {
    Array(std::slice::Iter<'a, Json>),
    List(Rc<Vec<Value<'a>>>, usize),
    Keys(serde_json::map::Keys<'a>),
    MapKeys(Rc<Vec<(Text<'a>, Value<'a>)>>, usize),
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Array(array) => array.next().map(Value::from),
            Self::Keys(keys) => keys.next().map(|key| Value::Text(Text::Borrowed(key))),
            Self::List(list, at) => {
                *at += 1;
                list.get(*at - 1).cloned()
            }
            Self::MapKeys(map, at) => {
                *at += 1;
                map.get(*at - 1).map(|(key, _)| Value::Text(key.clone()))
            }
        }
    }
}

/// Whether two values are equal: numbers of different kinds by what they are worth, and different kinds are not.
pub(super) fn equal(
    left: &Value<'_>,
    right: &Value<'_>,
    evaluation: &mut Evaluation,
) -> Result<bool, Failure> {
    evaluation.spend(1)?;
    if let Some(order) = compare_numbers(left, right) {
        return Ok(order == Some(Ordering::Equal));
    }
    match (left, right) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            if left.len() != right.len() {
                return Ok(false);
            }
            evaluation.spend_bytes(left.len())?;
            Ok(left == right)
        }
        (Value::Array(_) | Value::List(_), Value::Array(_) | Value::List(_)) => {
            equal_lists(left, right, evaluation)
        }
        (Value::Object(_) | Value::Map(_), Value::Object(_) | Value::Map(_)) => {
            equal_maps(left, right, evaluation)
        }
        _ => Ok(false),
    }
}

fn equal_lists(
    left: &Value<'_>,
    right: &Value<'_>,
    evaluation: &mut Evaluation,
) -> Result<bool, Failure> {
    let (Some(lefts), Some(rights)) = (left.items(), right.items()) else {
        return Ok(false);
    };
    if left.size() != right.size() {
        return Ok(false);
    }
    for (left, right) in lefts.zip(rights) {
        if !equal(&left, &right, evaluation)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(
    left: &Value<'_>,
    right: &Value<'_>,
    evaluation: &mut Evaluation,
) -> Result<bool, Failure> {
    let Some(keys) = left.items() else {
        return Ok(false);
    };
    if left.size() != right.size() {
        return Ok(false);
    }
    for key in keys {
        let Value::Text(key) = key else {
            return Ok(false);
        };
        let entries = (
            left.entry(key.as_str(), evaluation)?,
            right.entry(key.as_str(), evaluation)?,
        );
        let (Some(left), Some(right)) = entries else {
            return Ok(false);
        };
        if !equal(&left, &right, evaluation)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How two numbers stand to each other: outer `None` when one is no number, inner `None` when one is NaN.
pub(super) fn compare_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    let whole = |value: &Value<'_>| match value {
        Value::Int(int) => Some(i128::from(*int)),
        Value::UInt(uint) => Some(i128::from(*uint)),
        _ => None,
    };
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => Some(left.partial_cmp(right)),
        (Value::Double(left), right) => Some(compare_mixed(*left, whole(right)?)),
        (left, Value::Double(right)) => {
            Some(compare_mixed(*right, whole(left)?).map(Ordering::reverse))
        }
        (left, right) => Some(Some(whole(left)?.cmp(&whole(right)?))),
    }
}

/// Exactly, where a double has no place for every integer.
fn compare_mixed(double: f64, whole: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Saturates, and what is beyond 128 bits is beyond every integer here.
    let floor = double.floor();
    let order = (floor as i128).cmp(&whole);
    Some(order.then(if double > floor {
        Ordering::Greater
    } else {
        Ordering::Equal
    }))
}
