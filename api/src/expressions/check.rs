//! What of an expression is refused when it is read: with the place.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};

use super::functions::{NAMED, OPERATORS};
use super::{EVENT, Flaw};

/// Brackets and choices (`? :`) that may nest. The parser descends with them.
const NESTING_MAX: usize = 48;

/// Parts that may stand one in the other: a sum of so many, a path of so many steps. Evaluating descends with them.
const DEPTH_MAX: usize = 100;

/// Before the parser sees it: what would lead it deep.
pub(super) fn text(text: &str) -> Result<(), Flaw> {
    if text.trim().is_empty() {
        return Err(Flaw {
            line: 1,
            column: 1,
            detail: "an expression must say something; send null for none".to_owned(),
        });
    }
    // Also counts what stands in a string, which is harmless: nobody writes 48 open brackets there.
    let (mut open, mut choices) = (0_usize, 0_usize);
    for (at, character) in text.chars().enumerate() {
        match character {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '?' => choices += 1,
            _ => {}
        }
        if open.max(choices) > NESTING_MAX {
            let detail = format!("more than {NESTING_MAX} brackets or choices nest");
            return Err(flaw(text, at, detail));
        }
    }
    Ok(())
}

/// What could be read, and means nothing here.
pub(super) fn tree(text: &str, expression: &IdedExpr, source: &SourceInfo) -> Result<(), Flaw> {
    let check = Check { text, source };
    check.all(expression, &mut vec![EVENT], 0)
}

struct Check<'t> {
    text: &'t str,
    source: &'t SourceInfo,
}

impl<'t> Check<'t> {
    fn flaw(&self, of: &IdedExpr, detail: String) -> Flaw {
        let offset = self.source.offset_for(of.id).map_or(0, |(start, _)| start);
        flaw(self.text, offset as usize, detail)
    }

    fn all(&self, of: &'t IdedExpr, known: &mut Vec<&'t str>, depth: usize) -> Result<(), Flaw> {
        if depth > DEPTH_MAX {
            let detail =
                format!("more than {DEPTH_MAX} parts stand one in the other: write it shorter");
            return Err(self.flaw(of, detail));
        }
        let depth = depth + 1;
        match &of.expr {
            Expr::Ident(name) if known.contains(&name.as_str()) => Ok(()),
            Expr::Ident(name) => {
                let detail = format!(
                    "there is no `{name}`: begin with `event`, which has id, type, time, source and data"
                );
                Err(self.flaw(of, detail))
            }
            Expr::Literal(LiteralValue::Bytes(_)) => {
                Err(self.flaw(of, "JSON has no bytes: write a string".to_owned()))
            }
            Expr::Literal(_) => Ok(()),
            Expr::Select(select) => self.all(&select.operand, known, depth),
            Expr::List(list) if list.optional_indices.is_empty() => list
                .elements
                .iter()
                .try_for_each(|each| self.all(each, known, depth)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) if !entry.optional => {
                    self.all(&entry.key, known, depth)?;
                    self.all(&entry.value, known, depth)
                }
                _ => Err(self.flaw(
                    of,
                    "optional entries are not part of the language here".to_owned(),
                )),
            }),
            Expr::Call(call) => {
                let values = call.args.len() + usize::from(call.target.is_some());
                let name = call.func_name.as_str();
                let named = NAMED.contains(&(name, call.target.is_some(), values));
                if !named && !OPERATORS.contains(&name) {
                    return Err(self.flaw(of, format!(
                        "there is no function `{name}` with {} arguments here: docs/events.md lists those there are",
                        call.args.len()
                    )));
                }
                let values = call.target.as_deref().into_iter().chain(&call.args);
                values
                    .into_iter()
                    .try_for_each(|each| self.all(each, known, depth))
            }
            Expr::Comprehension(comprehension) if comprehension.iter_var2.is_none() => {
                self.all(&comprehension.iter_range, known, depth)?;
                self.all(&comprehension.accu_init, known, depth)?;
                known.extend([
                    comprehension.accu_var.as_str(),
                    comprehension.iter_var.as_str(),
                ]);
                let parts = [&comprehension.loop_step, &comprehension.result];
                let checked = parts
                    .into_iter()
                    .try_for_each(|each| self.all(each, known, depth));
                known.truncate(known.len() - 2);
                checked
            }
            Expr::List(_) | Expr::Comprehension(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.flaw(of, "this is not part of the language here".to_owned()))
            }
        }
    }
}

/// A flaw at a character of the text.
pub(super) fn flaw(text: &str, at: usize, detail: String) -> Flaw {
    let before: String = text.chars().take(at).collect();
    Flaw {
        line: before.matches('\n').count() + 1,
        column: before
            .chars()
            .rev()
            .take_while(|each| *each != '\n')
            .count()
            + 1,
        detail,
    }
}
