//! Where two outputs differ, place by place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Places that are named; a person reads no more.
const PLACES_MAX: usize = 100;

/// Where two outputs differ.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Difference {
    /// The first 100 places, in the order of the output before.
    places: Vec<Place>,
    /// Whether there are more.
    more: bool,
}

/// One place at which two outputs differ.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DifferentPlace)]
pub(crate) struct Place {
    /// A JSON pointer; empty for the whole.
    pointer: String,
    /// What stood there before; absent when there was nothing.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "present"
    )]
    before: Option<Value>,
    /// What stands there now; absent when there is nothing.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "present"
    )]
    after: Option<Value>,
}

/// A null that stands there is not an absence.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Where `after` differs from `before`. Both are walked together; a recursion as deep as JSON itself may be.
pub(crate) fn difference(before: &Value, after: &Value) -> Difference {
    let mut found = Difference::default();
    walk(String::new(), Some(before), Some(after), &mut found);
    found
}

fn walk(pointer: String, before: Option<&Value>, after: Option<&Value>, found: &mut Difference) {
    if before == after || found.more {
        return;
    }
    match (before, after) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let later: BTreeSet<_> = other
                .keys()
                .filter(|name| !one.contains_key(*name))
                .collect();
            for name in one.keys().chain(later) {
                let inner = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                walk(inner, one.get(name), other.get(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for at in 0..one.len().max(other.len()) {
                walk(format!("{pointer}/{at}"), one.get(at), other.get(at), found);
            }
        }
        _ if found.places.len() == PLACES_MAX => found.more = true,
        _ => found.places.push(Place {
            pointer,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(before: &Value, after: &Value) -> Value {
        serde_json::to_value(difference(before, after)).unwrap()["places"].clone()
    }

    #[test]
    fn every_place_is_named_once_with_what_stands_there() {
        let before = json!({"same": [1], "gone": null, "a/b": {"~": 1}, "list": [1, 2, 3]});
        let after = json!({"same": [1], "new": 0, "a/b": {"~": 2}, "list": [1, 5]});
        assert_eq!(
            places(&before, &after),
            json!([
                {"pointer": "/gone", "before": null},
                {"pointer": "/a~1b/~0", "before": 1, "after": 2},
                {"pointer": "/list/1", "before": 2, "after": 5},
                {"pointer": "/list/2", "before": 3},
                {"pointer": "/new", "after": 0},
            ])
        );
        assert_eq!(
            places(&json!(null), &json!({"a": 1})),
            json!([{"pointer": "", "before": null, "after": {"a": 1}}])
        );
    }

    #[test]
    fn no_more_places_are_named_than_a_person_reads() {
        let (before, after) = (json!(vec![0; 1_000]), json!(vec![1; 1_000]));
        let found = difference(&before, &after);
        assert_eq!((found.places.len(), found.more), (PLACES_MAX, true));
        assert_eq!(difference(&before, &before), Difference::default());
        let hundred = difference(&json!(vec![0; 100]), &json!(vec![1; 100]));
        assert_eq!((hundred.places.len(), hundred.more), (100, false));
    }
}
