//! Evaluates an expression, counting its steps: it ends with a value, a failure, or its steps used up, and never later.

use std::rc::Rc;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, SelectExpr, operators,
};
use serde_json::Value as Json;

use super::value::{Text, Value};
use super::{EVENT, Failure, functions};

/// Bytes of text that are looked at or copied in one step.
const BYTES_PER_STEP: usize = 32;

/// One evaluation, and what it may still cost.
pub(super) struct Evaluation {
    steps: u64,
    left: u64,
}

/// A variable, and those that were there before it.
struct Scope<'s, 'a> {
    name: &'a str,
    value: Value<'a>,
    outer: Option<&'s Scope<'s, 'a>>,
}

impl<'a> Scope<'_, 'a> {
    fn find(&self, name: &str) -> Option<&Value<'a>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if here.name == name {
                return Some(&here.value);
            }
            scope = here.outer;
        }
        None
    }
}

impl Evaluation {
    pub(super) fn new(steps: u64) -> Self {
        Self { steps, left: steps }
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Failure> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(Failure::TooCostly(self.steps))
            }
        }
    }

    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.spend((bytes / BYTES_PER_STEP) as u64)
    }

    /// The value of an expression on an event.
    pub(super) fn of<'a>(
        &mut self,
        expression: &'a IdedExpr,
        event: &'a Json,
    ) -> Result<Value<'a>, Failure> {
        let scope = Scope {
            name: EVENT,
            value: Value::from(event),
            outer: None,
        };
        self.value(expression, &scope)
    }

    fn value<'a>(
        &mut self,
        expression: &'a IdedExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>, Failure> {
        self.spend(1)?;
        match &expression.expr {
            Expr::Literal(literal) => literal_value(literal),
            Expr::Ident(name) => scope
                .find(name)
                .cloned()
                .ok_or_else(|| Failure::Event(format!("there is no `{name}`"))),
            Expr::Select(select) => self.select(select, scope),
            Expr::Call(call) => self.call(call, scope),
            Expr::List(list) => {
                let elements = list.elements.iter();
                let elements: Result<Vec<_>, _> =
                    elements.map(|each| self.value(each, scope)).collect();
                Ok(Value::List(Rc::new(elements?)))
            }
            Expr::Map(map) => self.map(map, scope),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, scope),
            Expr::Struct(_) | Expr::Unspecified => Err(Failure::Event(
                "the expression has a part that cannot be evaluated".to_owned(),
            )),
        }
    }

    fn select<'a>(
        &mut self,
        select: &'a SelectExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>, Failure> {
        let of = self.value(&select.operand, scope)?;
        let found = of.entry(&select.field, self)?;
        if select.test {
            return Ok(Value::Bool(found.is_some()));
        }
        found.ok_or_else(|| Failure::Event(format!("there is no `{}`", select.field)))
    }

    fn map<'a>(&mut self, map: &'a MapExpr, scope: &Scope<'_, 'a>) -> Result<Value<'a>, Failure> {
        let mut entries: Vec<(Text<'a>, Value<'a>)> = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(Failure::Event("a map has keys and values".to_owned()));
            };
            let Value::Text(key) = self.value(&entry.key, scope)? else {
                return Err(Failure::Event("a map's keys must be strings".to_owned()));
            };
            self.spend(entries.len() as u64)?;
            if entries
                .iter()
                .any(|(name, _)| name.as_str() == key.as_str())
            {
                return Err(Failure::Event(format!(
                    "a map has the key `{}` twice",
                    shown(key.as_str())
                )));
            }
            entries.push((key, self.value(&entry.value, scope)?));
        }
        Ok(Value::Map(Rc::new(entries)))
    }

    fn call<'a>(
        &mut self,
        call: &'a CallExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>, Failure> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                match self.value(condition, scope)? {
                    Value::Bool(true) => self.value(then, scope),
                    Value::Bool(false) => self.value(otherwise, scope),
                    other => Err(not_bool(&other)),
                }
            }
            (operators::LOGICAL_AND, [left, right]) => self.decided(false, left, right, scope),
            (operators::LOGICAL_OR, [left, right]) => self.decided(true, left, right, scope),
            (name, arguments) => {
                let values = call.target.as_deref().into_iter().chain(arguments);
                let values: Result<Vec<_>, _> =
                    values.map(|each| self.value(each, scope)).collect();
                functions::call(name, &values?, self)
            }
        }
    }

    /// `&&` and `||`: either side alone decides it, even when the other one fails.
    fn decided<'a>(
        &mut self,
        deciding: bool,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>, Failure> {
        let first = self.bool(left, scope);
        if first == Ok(deciding) || matches!(first, Err(Failure::TooCostly(_))) {
            return first.map(Value::Bool);
        }
        let second = self.bool(right, scope);
        if second == Ok(deciding) {
            return Ok(Value::Bool(deciding));
        }
        first.and(second).map(Value::Bool)
    }

    fn bool<'a>(
        &mut self,
        expression: &'a IdedExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<bool, Failure> {
        match self.value(expression, scope)? {
            Value::Bool(bool) => Ok(bool),
            other => Err(not_bool(&other)),
        }
    }

    /// What a macro such as `all` or `map` stands for: a loop over a list or over the keys of a map.
    fn comprehension<'a>(
        &mut self,
        comprehension: &'a ComprehensionExpr,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>, Failure> {
        let range = self.value(&comprehension.iter_range, scope)?;
        let Some(items) = range.items() else {
            return Err(Failure::Event(format!(
                "`all`, `exists`, `exists_one`, `map` and `filter` pass through lists and maps, and this is {}",
                range.kind()
            )));
        };
        let step = Step::of(comprehension);
        let mut result = self.value(&comprehension.accu_init, scope)?;
        // Of a macro that makes a list: grown in place, where the written `result + [one]` would copy it each time.
        let mut made = Vec::new();
        let mut failed = None;
        for item in items {
            self.spend(1)?;
            let with_result = Scope {
                name: &comprehension.accu_var,
                value: result.clone(),
                outer: Some(scope),
            };
            let with_item = Scope {
                name: &comprehension.iter_var,
                value: item,
                outer: Some(&with_result),
            };
            match step {
                Step::Decides(deciding, predicate) => match self.bool(predicate, &with_item) {
                    Ok(held) if held == deciding => return Ok(Value::Bool(deciding)),
                    Ok(_) => {}
                    Err(Failure::TooCostly(steps)) => return Err(Failure::TooCostly(steps)),
                    Err(failure) => failed = Some(failure),
                },
                Step::Appends(only_if, element) => {
                    let wanted = match only_if {
                        Some(condition) => self.bool(condition, &with_item)?,
                        None => true,
                    };
                    if wanted {
                        made.push(self.value(element, &with_item)?);
                    }
                }
                Step::Any(step) => result = self.value(step, &with_item)?,
            }
        }
        match (step, failed) {
            (_, Some(failure)) => Err(failure),
            (Step::Decides(deciding, _), None) => Ok(Value::Bool(!deciding)),
            (Step::Appends(..), None) => Ok(Value::List(Rc::new(made))),
            (Step::Any(_), None) => {
                let with_result = Scope {
                    name: &comprehension.accu_var,
                    value: result,
                    outer: Some(scope),
                };
                self.value(&comprehension.result, &with_result)
            }
        }
    }
}

/// What a round of a comprehension does.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// `all` and `exists`: ends at the first element for which the predicate is this.
    Decides(bool, &'a IdedExpr),
    /// `map` and `filter`: adds this element, where there is a condition only if that holds.
    Appends(Option<&'a IdedExpr>, &'a IdedExpr),
    /// `exists_one`: as it is written.
    Any(&'a IdedExpr),
}

impl<'a> Step<'a> {
    fn of(comprehension: &'a ComprehensionExpr) -> Self {
        let step = &comprehension.loop_step;
        let is_result = |each: &IdedExpr| matches!(&each.expr, Expr::Ident(name) if *name == comprehension.accu_var);
        let appended = |each: &'a IdedExpr| match &each.expr {
            Expr::Call(call) if call.func_name == operators::ADD => match call.args.as_slice() {
                [result, added] if is_result(result) => match &added.expr {
                    Expr::List(list) => list.elements.first(),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let found = match &step.expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::LOGICAL_AND, [result, predicate]) if is_result(result) => {
                    Some(Self::Decides(false, predicate))
                }
                (operators::LOGICAL_OR, [result, predicate]) if is_result(result) => {
                    Some(Self::Decides(true, predicate))
                }
                (operators::CONDITIONAL, [condition, then, otherwise]) if is_result(otherwise) => {
                    appended(then).map(|element| Self::Appends(Some(condition), element))
                }
                _ => appended(step).map(|element| Self::Appends(None, element)),
            },
            _ => None,
        };
        found.unwrap_or(Self::Any(step))
    }
}

fn literal_value<'a>(literal: &'a LiteralValue) -> Result<Value<'a>, Failure> {
    Ok(match literal {
        LiteralValue::Null => Value::Null,
        LiteralValue::Boolean(bool) => Value::Bool(*bool.inner()),
        LiteralValue::Int(int) => Value::Int(*int.inner()),
        LiteralValue::UInt(uint) => Value::UInt(*uint.inner()),
        LiteralValue::Double(double) => Value::Double(*double.inner()),
        LiteralValue::String(text) => Value::Text(Text::Borrowed(text.inner())),
        LiteralValue::Bytes(_) => {
            return Err(Failure::Event("JSON has no bytes".to_owned()));
        }
    })
}

fn not_bool(value: &Value<'_>) -> Failure {
    Failure::Event(format!(
        "a condition must be a bool, and this is {}",
        value.kind()
    ))
}

/// A text that came from outside, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}
