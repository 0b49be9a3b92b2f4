//! Bounds what a schema may cost to check against: a few references that each name another twice make a check that never ends.

use std::collections::HashMap;

use serde_json::Value;

use crate::Flaw;

/// Subschemas, with every reference followed. A form that a person fills in has a few dozen.
const SUBSCHEMAS_MAX: u64 = 1_000;

/// References that lead on to references, one inside the other.
const REFERENCES_DEEP_MAX: usize = 32;

/// Keywords that lead elsewhere than a plain reference does.
const LEADING_AWAY: [&str; 5] = [
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
];

/// Refuse a schema that costs too much, and say why and where.
pub(crate) fn check(schema: &Value) -> Result<(), Flaw> {
    let mut walk = Walk {
        root: schema,
        place: String::new(),
        within: Vec::new(),
        known: HashMap::new(),
    };
    let subschemas = walk.weigh(schema, true)?;
    if subschemas > SUBSCHEMAS_MAX {
        return Err(Flaw {
            pointer: String::new(),
            detail: format!(
                "it has more than {SUBSCHEMAS_MAX} subschemas once its references are followed"
            ),
        });
    }
    Ok(())
}

struct Walk<'a> {
    root: &'a Value,
    /// Where in the schema as it is written: a JSON pointer.
    place: String,
    /// The references that are being followed, outermost first.
    within: Vec<&'a str>,
    /// What each reference weighs. Following one twice must not take twice as long.
    known: HashMap<&'a str, u64>,
}

impl<'a> Walk<'a> {
    /// How many subschemas there are in here, at most: what looks like one counts as one.
    fn weigh(&mut self, node: &'a Value, is_root: bool) -> Result<u64, Flaw> {
        let mut weight = 0_u64;
        match node {
            Value::Object(members) => {
                let away = LEADING_AWAY.iter().find(|keyword| {
                    members
                        .get(**keyword)
                        .is_some_and(|value| !value.is_object())
                });
                if let Some(keyword) = away {
                    return Err(self.flaw(
                        keyword,
                        format!("it uses {keyword}; references must be of the form #/…"),
                    ));
                }
                if !is_root && members.get("$id").is_some_and(Value::is_string) {
                    return Err(self.flaw(
                        "$id",
                        "it has an $id inside; only the whole schema may have one".to_owned(),
                    ));
                }
                weight = 1;
                if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
                    weight = weight.saturating_add(self.follow(reference)?);
                }
                for (name, member) in members {
                    weight = weight.saturating_add(self.weigh_at(name, member)?);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    weight = weight.saturating_add(self.weigh_at(&at.to_string(), item)?);
                }
            }
            _ => {}
        }
        Ok(weight)
    }

    fn weigh_at(&mut self, name: &str, node: &'a Value) -> Result<u64, Flaw> {
        if !node.is_object() && !node.is_array() {
            return Ok(0);
        }
        let length = self.place.len();
        self.step(name);
        let weight = self.weigh(node, false);
        self.place.truncate(length);
        weight
    }

    fn step(&mut self, name: &str) {
        self.place.push('/');
        self.place
            .push_str(&name.replace('~', "~0").replace('/', "~1"));
    }

    fn flaw(&mut self, member: &str, detail: String) -> Flaw {
        self.step(member);
        Flaw {
            pointer: std::mem::take(&mut self.place),
            detail,
        }
    }

    fn follow(&mut self, reference: &'a str) -> Result<u64, Flaw> {
        if let Some(weight) = self.known.get(reference) {
            return Ok(*weight);
        }
        let root = self.root;
        let node = match reference.strip_prefix('#') {
            Some("") => Some(root),
            Some(pointer) => root.pointer(pointer),
            None => None,
        };
        let shown: String = reference.chars().take(100).collect();
        let refuse = |walk: &mut Self, detail: String| Err(walk.flaw("$ref", detail));
        let Some(node) = node else {
            return refuse(
                self,
                format!(
                    "its reference {shown:?} leads to nothing inside it; nothing is fetched, so copy what it means into $defs"
                ),
            );
        };
        if self.within.contains(&reference) {
            return refuse(
                self,
                format!("its reference {shown:?} leads back to itself"),
            );
        }
        if self.within.len() >= REFERENCES_DEEP_MAX {
            return refuse(
                self,
                format!("its references lead on more than {REFERENCES_DEEP_MAX} deep"),
            );
        }
        self.within.push(reference);
        // What is wrong behind a reference is told where that stands.
        let here = std::mem::replace(&mut self.place, reference[1..].to_owned());
        let weight = self.weigh(node, false)?;
        self.place = here;
        self.within.pop();
        self.known.insert(reference, weight);
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_ordinary_schema_passes() {
        let schema = json!({
            "$id": "https://example.com/settings", "type": "object",
            "$defs": {"percent": {"type": "integer", "minimum": 0}},
            "properties": {
                "a": {"$ref": "#/$defs/percent"}, "b": {"$ref": "#/$defs/percent"}, "$ref": {"type": "string"},
            },
        });
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn references_that_double_are_weighed_without_being_walked() {
        let mut definitions = json!({"d0": {"type": "string"}});
        for at in 1..=30 {
            let before = json!({"$ref": format!("#/$defs/d{}", at - 1)});
            definitions[format!("d{at}")] = json!({"allOf": [before, before]});
        }
        let schema = json!({"$defs": definitions, "$ref": "#/$defs/d30"});
        assert!(check(&schema).is_err_and(|flaw| flaw.detail.contains("subschemas")));
    }

    #[test]
    fn references_that_never_end_or_lead_out_are_refused() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"anyOf": [{"$ref": "#"}]}),
            json!({"properties": {"a": {"$ref": "#"}}}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}),
            json!({"$ref": "#/$defs/none"}),
            json!({"$ref": "https://example.com/schema"}),
            json!({"$anchor": "a", "items": {"$ref": "#a"}}),
            json!({"$dynamicRef": "#a"}),
            json!({"properties": {"a": {"$id": "b"}}}),
        ] {
            assert!(check(&schema).is_err(), "{schema}");
        }
        let many: Vec<_> = (0..1_001).map(|at| json!({"const": at})).collect();
        assert!(check(&json!({"anyOf": many})).is_err());
    }
}
