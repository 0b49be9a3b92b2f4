//! Expressions that tenants write over an event, in a part of the Common Expression Language: which events they want, and what
//! of one a function gets. Syntax and macros are the crate `cel`'s; evaluating is ours, since theirs cannot be stopped, and a
//! line of CEL can ask for hours. docs/decisions/0009 has the reasons, docs/events.md the language.

mod check;
mod evaluate;
mod functions;
mod json;
mod refusal;
mod value;
mod words;

use std::sync::{Arc, LazyLock};

use cel::IdedExpr;
use cel::parser::Parser;
use moka::sync::Cache;
use serde_json::Value as Json;

use self::evaluate::Evaluation;
use self::value::Value;

/// Bytes that an expression may have.
pub(crate) const BYTES_MAX: usize = 2 << 10;

/// Bytes of stack for the parser: 2 MiB are too few for a thousand operators in a row, which fit into an expression.
const READER_STACK_BYTES: usize = 32 << 20;

/// Expressions that are kept read. They are small, and the same few are asked for again and again.
const KEPT_MAX: u64 = 10_000;

static KEPT: LazyLock<Cache<String, Arc<Expression>>> = LazyLock::new(|| Cache::new(KEPT_MAX));

/// The name by which an expression knows the event.
const EVENT: &str = "event";

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Expression(IdedExpr);

/// Why a text is no expression that we take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The character in that line, from 1.
    pub(crate) column: usize,
    /// What is wrong there.
    pub(crate) detail: String,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.detail
        )
    }
}

/// Why an evaluation has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The expression asks for what this event does not have, or does with it what cannot be done.
    #[error("{0}")]
    Event(String),
    /// It used up its steps.
    #[error("the expression takes more than {0} steps on this event")]
    TooCostly(u64),
}

impl Expression {
    /// Read an expression, or say where it cannot be read.
    pub(crate) fn read(text: &str) -> Result<Self, Flaw> {
        if text.len() > BYTES_MAX {
            return Err(Flaw {
                line: 1,
                column: 1,
                detail: format!(
                    "an expression has at most {BYTES_MAX} bytes; this one has {}",
                    text.len()
                ),
            });
        }
        check::text(text)?;
        // The parser goes deep where operators stand in a row, deeper than a request's thread has room for.
        std::thread::scope(|threads| {
            let reader = std::thread::Builder::new().stack_size(READER_STACK_BYTES);
            let reading = reader.spawn_scoped(threads, || Self::parsed(text));
            let read = reading
                .map_err(drop)
                .and_then(|reading| reading.join().map_err(drop));
            read.unwrap_or_else(|()| {
                Err(Flaw {
                    line: 1,
                    column: 1,
                    detail: "it cannot be read".to_owned(),
                })
            })
        })
    }

    fn parsed(text: &str) -> Result<Self, Flaw> {
        let (expression, source) = Parser::new()
            .parse_with_source_info(text)
            .map_err(|errors| refusal::first_of(text, &errors))?;
        check::tree(text, &expression, &source)?;
        Ok(Self(expression))
    }

    /// The same, kept for the next time. For what was read before it was stored.
    pub(crate) fn kept(text: &str) -> Result<Arc<Self>, Flaw> {
        if let Some(expression) = KEPT.get(text) {
            return Ok(expression);
        }
        let expression = Arc::new(Self::read(text)?);
        KEPT.insert(text.to_owned(), expression.clone());
        Ok(expression)
    }

    /// Whether it is true of an event; takes what it costs from `steps`.
    pub(crate) fn holds(&self, event: &Json, steps: &mut u64) -> Result<bool, Failure> {
        let mut evaluation = Evaluation::new(*steps);
        let held = evaluation.of(&self.0, event);
        *steps = evaluation.left();
        match held? {
            Value::Bool(held) => Ok(held),
            other => Err(Failure::Event(format!(
                "a filter must be true or false; this one is {}",
                other.kind()
            ))),
        }
    }

    /// The JSON that it makes of an event, within so many steps.
    pub(crate) fn json(&self, event: &Json, steps: u64) -> Result<Vec<u8>, Failure> {
        let mut evaluation = Evaluation::new(steps);
        let value = evaluation.of(&self.0, event)?;
        json::write(&value, &mut evaluation)
    }
}

#[cfg(test)]
mod tests;
