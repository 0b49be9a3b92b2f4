//! Which part of a platform's payload a function asks for, and how a payload is cut down to it.
//!
//! A query is a list of JSON pointers made of member names. A pointer passes through arrays: what follows holds for every
//! element. What is asked for keeps its place, its order and its very bytes; all else is left out. So
//! `["/cart/currency", "/cart/lines/unit_price"]` makes of
//! `{"cart": {"id": 7, "currency": "EUR", "lines": [{"id": "a", "unit_price": "1.50"}]}}` the input
//! `{"cart":{"currency":"EUR","lines":[{"unit_price":"1.50"}]}}`, and makes that of it again.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Paths of one query.
pub const PATHS_MAX: usize = 64;

/// Bytes of one path.
pub const PATH_BYTES_MAX: usize = 256;

/// Member names in one path.
pub const NAMES_MAX: usize = 16;

/// How many schemas inside one another are looked into for a path. A schema whose references go round would never end.
const SCHEMAS_DEEP_MAX: usize = 128;

/// A query that is well formed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct InputQuery {
    paths: Vec<String>,
    asked: Members,
}

/// What is asked for of an object, by member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Members(Vec<(String, Part)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Whole,
    Of(Members),
}

/// Why a list of paths is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct InputQueryError {
    /// Which path, counted from 0; `None` when it is the list.
    pub at: Option<usize>,
    /// The rule, and what came instead.
    pub detail: String,
}

impl InputQuery {
    /// The paths, as they were given.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// What of a payload was asked for.
    ///
    /// # Errors
    /// A payload that is not JSON.
    pub fn cut(&self, payload: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let payload: &RawValue = serde_json::from_slice(payload)?;
        let mut cut = Vec::with_capacity(payload.get().len() / 4);
        write_asked(&self.asked, payload, &mut cut)?;
        Ok(cut)
    }

    /// Which paths lead to nothing that this schema describes, counted from 0.
    #[must_use]
    pub fn undescribed_by(&self, schema: &Value) -> Vec<usize> {
        let is_undescribed = |path: &str| {
            let names: Vec<_> = names_of(path).collect();
            !describes(schema, schema, &names, SCHEMAS_DEEP_MAX)
        };
        let undescribed = self.paths.iter().enumerate();
        undescribed
            .filter(|(_, path)| is_undescribed(path))
            .map(|(at, _)| at)
            .collect()
    }
}

impl TryFrom<Vec<String>> for InputQuery {
    type Error = InputQueryError;

    fn try_from(paths: Vec<String>) -> Result<Self, InputQueryError> {
        if !(1..=PATHS_MAX).contains(&paths.len()) {
            return Err(InputQueryError {
                at: None,
                detail: format!(
                    "must have 1 to {PATHS_MAX} paths; got {}. For the whole payload, send null",
                    paths.len()
                ),
            });
        }
        let mut asked = Members::default();
        for (at, path) in paths.iter().enumerate() {
            check(path).map_err(|detail| InputQueryError {
                at: Some(at),
                detail,
            })?;
            asked.ask_for(&names_of(path).collect::<Vec<_>>());
        }
        Ok(Self { paths, asked })
    }
}

impl From<InputQuery> for Vec<String> {
    fn from(query: InputQuery) -> Self {
        query.paths
    }
}

impl Members {
    fn ask_for(&mut self, names: &[Cow<'_, str>]) {
        let Some((name, rest)) = names.split_first() else {
            return;
        };
        let at = self.0.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            let part = Part::Of(Self::default());
            self.0.push((name.clone().into_owned(), part));
            self.0.len() - 1
        });
        let part = &mut self.0[at].1;
        match part {
            // Whoever asks for the whole of it has its parts too.
            Part::Whole => {}
            Part::Of(members) if !rest.is_empty() => members.ask_for(rest),
            Part::Of(_) => *part = Part::Whole,
        }
    }

    fn get(&self, name: &str) -> Option<&Part> {
        let found = self.0.iter().find(|(asked, _)| asked == name);
        found.map(|(_, part)| part)
    }
}

fn check(path: &str) -> Result<(), String> {
    let shown: String = path.chars().take(60).collect();
    let refuse = |rule: &str| Err(format!("{rule}; got {shown:?}"));
    if !path.starts_with('/') {
        return refuse("must be a JSON pointer, such as /cart/lines/unit_price");
    }
    if path.len() > PATH_BYTES_MAX || path.split('/').count() > NAMES_MAX + 1 {
        return Err(format!(
            "must have at most {NAMES_MAX} names and {PATH_BYTES_MAX} bytes; got {shown:?} ({} bytes)",
            path.len()
        ));
    }
    let is_escaped = path
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    if !is_escaped {
        return refuse("a ~ must be written ~0, and a / within a name ~1");
    }
    Ok(())
}

fn names_of(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    path.split('/').skip(1).map(|name| {
        if name.contains('~') {
            Cow::Owned(name.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(name)
        }
    })
}

/// Whether what stands at the end of these names is described.
fn describes(root: &Value, schema: &Value, names: &[Cow<'_, str>], deep: usize) -> bool {
    let (Value::Object(keywords), Some(deep)) = (schema, deep.checked_sub(1)) else {
        return names.is_empty() && *schema != Value::Bool(false);
    };
    let Some((name, rest)) = names.split_first() else {
        return true;
    };
    let keyword = |word: &str| keywords.get(word);
    let member = keyword("properties").and_then(|members| members.get(name.as_ref()));
    if member.is_some_and(|member| describes(root, member, rest, deep)) {
        return true;
    }
    let any_named = keyword("additionalProperties").filter(|any| any.is_object());
    if any_named.is_some_and(|any| describes(root, any, rest, deep)) {
        return true;
    }
    let by_pattern = keyword("patternProperties").and_then(Value::as_object);
    if by_pattern.is_some_and(|all| all.values().any(|one| describes(root, one, rest, deep))) {
        return true;
    }
    let same_place = ["allOf", "anyOf", "oneOf", "prefixItems"]
        .into_iter()
        .filter_map(|word| keyword(word)?.as_array())
        .flatten()
        .chain(["items", "then", "else"].into_iter().filter_map(keyword));
    let referred =
        keyword("$ref").and_then(|reference| root.pointer(reference.as_str()?.strip_prefix('#')?));
    same_place
        .chain(referred)
        .any(|schema| describes(root, schema, names, deep))
}

/// Write what is asked for of a value. A value that is no object or array has no members, and stays.
fn write_asked(
    asked: &Members,
    value: &RawValue,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    let text = value.get();
    if !text.starts_with(['{', '[']) {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_any(Asked { asked, out })
}

struct Asked<'a> {
    asked: &'a Members,
    out: &'a mut Vec<u8>,
}

/// A member's name, copied only where it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Asked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut is_first = true;
        while let Some(Name(name)) = members.next_key()? {
            let Some(part) = self.asked.get(&name) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            serde_json::to_writer(&mut *self.out, &name).map_err(serde::de::Error::custom)?;
            self.out.push(b':');
            let value: &RawValue = members.next_value()?;
            match part {
                Part::Whole => self.out.extend_from_slice(value.get().as_bytes()),
                Part::Of(asked) => {
                    write_asked(asked, value, self.out).map_err(serde::de::Error::custom)?;
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let mut is_first = true;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            write_asked(self.asked, element, self.out).map_err(serde::de::Error::custom)?;
        }
        self.out.push(b']');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(paths: &[&str]) -> InputQuery {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        InputQuery::try_from(paths).expect("a query")
    }

    fn cut(paths: &[&str], payload: &str) -> String {
        let once = query(paths).cut(payload.as_bytes()).expect("JSON");
        let twice = query(paths).cut(&once).expect("JSON");
        assert_eq!(once, twice, "what was cut is not cut again");
        String::from_utf8(once).expect("JSON is UTF-8")
    }

    #[test]
    fn what_is_asked_for_keeps_its_place_and_its_bytes() {
        let payload = r#" {"id": 1, "cart": {"lines": [ {"id": "a", "price": 1.50}, {"price":1e2, "x": [1, 2]} ], "cur": "EUR"}} "#;
        for (paths, is) in [
            (
                &["/cart/lines/price"][..],
                r#"{"cart":{"lines":[{"price":1.50},{"price":1e2}]}}"#,
            ),
            (&["/cart/cur", "/id"], r#"{"id":1,"cart":{"cur":"EUR"}}"#),
            (
                &["/cart/lines/x", "/cart/lines"],
                r#"{"cart":{"lines":[ {"id": "a", "price": 1.50}, {"price":1e2, "x": [1, 2]} ]}}"#,
            ),
            (&["/none", "/cart/none/at/all"], r#"{"cart":{}}"#),
            (&["/id/deeper"], r#"{"id":1}"#),
        ] {
            assert_eq!(cut(paths, payload), is, "{paths:?}");
        }
        assert_eq!(
            cut(&["/a"], r#"[{"a":1,"b":2},3,[{"b":2}]]"#),
            r#"[{"a":1},3,[{}]]"#
        );
        assert_eq!(
            cut(&["/a~1b/~0"], r#"{"a/b":{"~":1,"c":2}}"#),
            r#"{"a/b":{"~":1}}"#
        );
        assert_eq!(cut(&["/é"], "{\"\\u00e9\": 1, \"a\": 2}"), "{\"é\":1}");
        assert_eq!(cut(&["/a"], "null"), "null");
        // No number is read and written again: it would lose digits.
        let digits = r#"{"a":{"b":12345678901234567890.12345678901234567890}}"#;
        assert_eq!(cut(&["/a/b"], digits), digits);
        assert!(query(&["/a"]).cut(b"{\"a\":").is_err());
    }

    #[test]
    fn a_list_of_paths_that_is_no_query_says_which_path() {
        let refused = |paths: Vec<String>| InputQuery::try_from(paths).unwrap_err().at;
        assert_eq!(refused(Vec::new()), None);
        assert_eq!(refused(vec!["/a".to_owned(); PATHS_MAX + 1]), None);
        for bad in [
            "",
            "a",
            "$.a",
            "/a~",
            "/a~2",
            &"/a".repeat(NAMES_MAX + 1),
            &format!("/{}", "x".repeat(300)),
        ] {
            assert_eq!(
                refused(vec!["/a".to_owned(), bad.to_owned()]),
                Some(1),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_path_must_lead_to_something_that_the_schema_describes() {
        let schema = json!({
            "properties": {
                "cart": {"$ref": "#/$defs/cart"},
                "never": false,
                "labels": {"additionalProperties": {"type": "string"}},
                "either": {"anyOf": [{"properties": {"a": true}}, {"type": "null"}]}
            },
            "$defs": {"cart": {"properties": {"lines": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}}}}}
        });
        let good = [
            "/cart",
            "/cart/lines",
            "/cart/lines/id",
            "/labels/any",
            "/either/a",
        ];
        assert_eq!(query(&good).undescribed_by(&schema), [0_usize; 0]);
        let bad = [
            "/car",
            "/cart/lines/idd",
            "/never",
            "/labels/any/more",
            "/either/b",
            "/cart/lines/0",
        ];
        assert_eq!(query(&bad).undescribed_by(&schema), [0, 1, 2, 3, 4, 5]);
        let round = json!({"$ref": "#"});
        assert_eq!(query(&["/a"]).undescribed_by(&round), [0]);
    }

    #[test]
    fn a_query_is_a_list_of_paths_on_the_wire() {
        let text = r#"["/cart/lines","/id"]"#;
        let query: InputQuery = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&query).unwrap(), text);
        assert!(serde_json::from_str::<InputQuery>("[\"x\"]").is_err());
    }
}
