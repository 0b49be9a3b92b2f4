//! The operators and functions that expressions have.

use std::cmp::Ordering;
use std::rc::Rc;

use cel::common::ast::operators;

use super::Failure;
use super::evaluate::{Evaluation, shown};
use super::value::{Text, Value, compare_numbers, equal};

/// Every function that may be called by its name, and how many arguments it takes; of a method, the first is what it is called on.
pub(super) const NAMED: &[(&str, bool, usize)] = &[
    ("size", false, 1),
    ("size", true, 1),
    ("contains", true, 2),
    ("startsWith", true, 2),
    ("endsWith", true, 2),
    ("int", false, 1),
    ("uint", false, 1),
    ("double", false, 1),
    ("string", false, 1),
];

/// The operators, as the parser names them.
pub(super) const OPERATORS: &[&str] = &[
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
];

/// The value of a call on these values.
pub(super) fn call<'a>(
    name: &str,
    values: &[Value<'a>],
    evaluation: &mut Evaluation,
) -> Result<Value<'a>, Failure> {
    match (name, values) {
        (operators::LOGICAL_NOT, [Value::Bool(bool)]) => Ok(Value::Bool(!bool)),
        (operators::EQUALS, [left, right]) => equal(left, right, evaluation).map(Value::Bool),
        (operators::NOT_EQUALS, [left, right]) => Ok(Value::Bool(!equal(left, right, evaluation)?)),
        (
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [left, right],
        ) => ordered(name, left, right, evaluation),
        (operators::IN, [what, within]) => contained(what, within, evaluation),
        (operators::INDEX, [of, at]) => indexed(of, at, evaluation),
        (operators::ADD, [left, right]) => added(left, right, evaluation),
        (
            operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO,
            [left, right],
        ) => computed(name, left, right),
        (operators::NEGATE, [Value::Int(int)]) => {
            int.checked_neg().map(Value::Int).ok_or_else(overflow)
        }
        (operators::NEGATE, [Value::Double(double)]) => Ok(Value::Double(-double)),
        ("size", [of]) => {
            if let Value::Text(text) = of {
                evaluation.spend_bytes(text.as_str().len())?;
            }
            let size = of.size().ok_or_else(|| does_not_go(name, values))?;
            Ok(Value::Int(i64::try_from(size).map_err(|_| overflow())?))
        }
        ("contains" | "startsWith" | "endsWith", [Value::Text(text), Value::Text(part)]) => {
            let (text, part) = (text.as_str(), part.as_str());
            evaluation.spend_bytes(text.len() + part.len())?;
            Ok(Value::Bool(match name {
                "contains" => text.contains(part),
                "startsWith" => text.starts_with(part),
                _ => text.ends_with(part),
            }))
        }
        ("int", [value]) => to_int(value).ok_or_else(|| no_conversion("an int", value)),
        ("uint", [value]) => to_uint(value).ok_or_else(|| no_conversion("a uint", value)),
        ("double", [value]) => to_double(value).ok_or_else(|| no_conversion("a double", value)),
        ("string", [value]) => to_text(value).ok_or_else(|| no_conversion("a string", value)),
        _ => Err(does_not_go(name, values)),
    }
}

fn does_not_go(name: &str, values: &[Value<'_>]) -> Failure {
    let kinds: Vec<&str> = values.iter().map(Value::kind).collect();
    let name = name.trim_matches(['_', '@']).replace("[_]", "[]");
    Failure::Event(format!("`{name}` does not go with {}", kinds.join(" and ")))
}

fn overflow() -> Failure {
    Failure::Event("a number is out of range".to_owned())
}

fn no_conversion(what: &str, value: &Value<'_>) -> Failure {
    Failure::Event(match value {
        Value::Text(text) => format!("\"{}\" is not {what}", shown(text.as_str())),
        other => format!("{} cannot be made {what}", other.kind()),
    })
}

fn ordered<'a>(
    name: &str,
    left: &Value<'a>,
    right: &Value<'a>,
    evaluation: &mut Evaluation,
) -> Result<Value<'a>, Failure> {
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            evaluation.spend_bytes(left.len().min(right.len()))?;
            Some(left.cmp(right))
        }
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => compare_numbers(left, right)
            .ok_or_else(|| does_not_go(name, &[left.clone(), right.clone()]))?,
    };
    Ok(Value::Bool(order.is_some_and(|order| match name {
        operators::LESS => order == Ordering::Less,
        operators::LESS_EQUALS => order != Ordering::Greater,
        operators::GREATER => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })))
}

fn contained<'a>(
    what: &Value<'a>,
    within: &Value<'a>,
    evaluation: &mut Evaluation,
) -> Result<Value<'a>, Failure> {
    if let (Value::Text(key), Value::Object(_) | Value::Map(_)) = (what, within) {
        return Ok(Value::Bool(
            within.entry(key.as_str(), evaluation)?.is_some(),
        ));
    }
    let (Value::Array(_) | Value::List(_), Some(items)) = (within, within.items()) else {
        return Err(does_not_go("in", &[what.clone(), within.clone()]));
    };
    for item in items {
        if equal(what, &item, evaluation)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn indexed<'a>(
    of: &Value<'a>,
    at: &Value<'a>,
    evaluation: &mut Evaluation,
) -> Result<Value<'a>, Failure> {
    let place = |index: &i64| usize::try_from(*index).ok();
    let found = match (of, at) {
        (Value::Object(_) | Value::Map(_), Value::Text(key)) => {
            of.entry(key.as_str(), evaluation)?
        }
        (Value::Array(array), Value::Int(index)) => place(index)
            .and_then(|index| array.get(index))
            .map(Value::from),
        (Value::List(list), Value::Int(index)) => {
            place(index).and_then(|index| list.get(index)).cloned()
        }
        _ => return Err(does_not_go(operators::INDEX, &[of.clone(), at.clone()])),
    };
    found.ok_or_else(|| match at {
        Value::Int(index) => Failure::Event(format!("there is no element {index}")),
        Value::Text(key) => Failure::Event(format!("there is no `{}`", shown(key.as_str()))),
        _ => does_not_go(operators::INDEX, &[of.clone(), at.clone()]),
    })
}

fn added<'a>(
    left: &Value<'a>,
    right: &Value<'a>,
    evaluation: &mut Evaluation,
) -> Result<Value<'a>, Failure> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left
            .checked_add(*right)
            .map(Value::Int)
            .ok_or_else(overflow),
        (Value::UInt(left), Value::UInt(right)) => left
            .checked_add(*right)
            .map(Value::UInt)
            .ok_or_else(overflow),
        (Value::Double(left), Value::Double(right)) => Ok(Value::Double(left + right)),
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            evaluation.spend_bytes(left.len() + right.len())?;
            Ok(Value::Text(Text::Made([left, right].concat().into())))
        }
        (Value::Array(_) | Value::List(_), Value::Array(_) | Value::List(_)) => {
            let both = left.size().unwrap_or(0) + right.size().unwrap_or(0);
            evaluation.spend(both as u64)?;
            let items = left.items().into_iter().chain(right.items()).flatten();
            Ok(Value::List(Rc::new(items.collect())))
        }
        _ => Err(does_not_go("+", &[left.clone(), right.clone()])),
    }
}

fn computed<'a>(name: &str, left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>, Failure> {
    let zero = || Failure::Event("a division by zero".to_owned());
    match (left, right) {
        (Value::Int(_), Value::Int(0)) | (Value::UInt(_), Value::UInt(0))
            if matches!(name, operators::DIVIDE | operators::MODULO) =>
        {
            Err(zero())
        }
        (Value::Int(left), Value::Int(right)) => match name {
            operators::SUBSTRACT => left.checked_sub(*right),
            operators::MULTIPLY => left.checked_mul(*right),
            operators::DIVIDE => left.checked_div(*right),
            _ => left.checked_rem(*right),
        }
        .map(Value::Int)
        .ok_or_else(overflow),
        (Value::UInt(left), Value::UInt(right)) => match name {
            operators::SUBSTRACT => left.checked_sub(*right),
            operators::MULTIPLY => left.checked_mul(*right),
            operators::DIVIDE => left.checked_div(*right),
            _ => left.checked_rem(*right),
        }
        .map(Value::UInt)
        .ok_or_else(overflow),
        (Value::Double(left), Value::Double(right)) => match name {
            operators::SUBSTRACT => Ok(Value::Double(left - right)),
            operators::MULTIPLY => Ok(Value::Double(left * right)),
            operators::DIVIDE => Ok(Value::Double(left / right)),
            _ => Err(does_not_go(
                "%",
                &[Value::Double(*left), Value::Double(*right)],
            )),
        },
        _ => Err(does_not_go(name, &[left.clone(), right.clone()])),
    }
}

fn to_int<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Int(int) => Some(*int),
        Value::UInt(uint) => i64::try_from(*uint).ok(),
        // 2^63 itself is out, and so is its negative, as CEL has it.
        Value::Double(double) if double.abs() < 9_223_372_036_854_775_808.0 => Some(*double as i64),
        Value::Text(text) => text.as_str().parse().ok(),
        _ => None,
    }
    .map(Value::Int)
}

fn to_uint<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::UInt(uint) => Some(*uint),
        Value::Int(int) => u64::try_from(*int).ok(),
        Value::Double(double) if (0.0..18_446_744_073_709_551_616.0).contains(double) => {
            Some(*double as u64)
        }
        Value::Text(text) => text.as_str().parse().ok(),
        _ => None,
    }
    .map(Value::UInt)
}

fn to_double<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Double(double) => Some(*double),
        Value::Int(int) => Some(*int as f64),
        Value::UInt(uint) => Some(*uint as f64),
        Value::Text(text) => text.as_str().parse().ok(),
        _ => None,
    }
    .map(Value::Double)
}

fn to_text<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    Some(match value {
        Value::Text(text) => Value::Text(text.clone()),
        Value::Int(int) => Value::made(&int.to_string()),
        Value::UInt(uint) => Value::made(&uint.to_string()),
        Value::Double(double) => Value::made(&double.to_string()),
        Value::Bool(bool) => Value::made(&bool.to_string()),
        _ => return None,
    })
}
