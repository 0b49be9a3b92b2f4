//! Why the parser could not read an expression, for people who write one a year: where, what they met, and what can stand there.
//! The parser itself speaks of the tokens of its grammar.

use cel::parser::{ParseError, ParseErrors};

use super::Flaw;
use super::check::flaw;
use super::words::{Word, words};

/// How the parser begins what it says of a text that its grammar does not have.
const SYNTAX: &str = "Syntax error";

/// Characters of what was met that are shown.
const SHOWN_MAX: usize = 40;

const NO_ESCAPE: &str = "this string has a `\\` that means nothing: write `\\\\` for one, or r'…'";

/// The first thing that the parser found, in words.
pub(super) fn first_of(text: &str, errors: &ParseErrors) -> Flaw {
    let words = match words(text) {
        Ok(words) => words,
        Err(at) => {
            let detail = "the string that begins here has no end: close it with the same quote";
            return flaw(text, at, detail.to_owned());
        }
    };
    if let Some((at, detail)) = bracket(text, &words) {
        return flaw(text, at, detail);
    }
    // What it could not read comes before what it made of the rest.
    let is_syntax = |error: &&ParseError| error.msg.starts_with(SYNTAX);
    let syntax = errors.errors.iter().find(is_syntax);
    let Some(first) = syntax.or(errors.errors.first()) else {
        return flaw(text, 0, "it cannot be read".to_owned());
    };
    let at = offset(text, first.pos);
    if syntax.is_none() {
        return flaw(text, at, of_part(&first.msg));
    }
    let place = words.iter().position(|word| word.end() > at);
    let place = place.unwrap_or(words.len());
    let before = place.checked_sub(1).map(|place| &words[place]);
    match words.get(place) {
        Some(met) => flaw(text, met.at, at_word(met, before)),
        None => flaw(text, text.chars().count(), at_end(&words)),
    }
}

/// The character at a line and column, both from 1.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let from_0 = |place: isize| usize::try_from(place - 1).unwrap_or(0);
    let lines_before = text.split('\n').take(from_0(line));
    let before: usize = lines_before.map(|line| line.chars().count() + 1).sum();
    before + from_0(column)
}

/// The first bracket that is not closed as it was opened.
fn bracket(text: &str, words: &[Word<'_>]) -> Option<(usize, String)> {
    let mut open: Vec<&Word<'_>> = Vec::new();
    for word in words {
        let opening = match word.text {
            "(" | "[" | "{" => {
                open.push(word);
                continue;
            }
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => continue,
        };
        match open.pop() {
            Some(opened) if opened.text == opening => {}
            Some(opened) => {
                let (met, opened) = (word.text, opened_at(text, opened));
                return Some((
                    word.at,
                    format!("met `{met}`, which does not close {opened}"),
                ));
            }
            None => {
                let detail = format!("met `{}`, and no `{opening}` is open", word.text);
                return Some((word.at, detail));
            }
        }
    }
    let opened = opened_at(text, open.pop()?);
    Some((
        text.chars().count(),
        format!("it ends, and {opened} is not closed"),
    ))
}

fn opened_at(text: &str, opened: &Word<'_>) -> String {
    let place = flaw(text, opened.at, String::new());
    format!(
        "the `{}` of line {}, column {}",
        opened.text, place.line, place.column
    )
}

fn at_end(words: &[Word<'_>]) -> String {
    let count = |sign| words.iter().filter(|word| word.text == sign).count();
    match words.last() {
        Some(last) if last.text == "." => "it ends, and after `.` a name must follow".to_owned(),
        Some(last) if last.wants_value() => {
            format!("it ends, and after `{}` a value must follow", last.text)
        }
        _ if count("?") > 0 => {
            "it ends, and a choice needs both values: `condition ? one : other`".to_owned()
        }
        _ => "it ends too soon".to_owned(),
    }
}

fn at_word(met: &Word<'_>, before: Option<&Word<'_>>) -> String {
    let shown: String = met.text.chars().take(SHOWN_MAX).collect();
    let is_letter = |letter: char| letter.is_alphanumeric();
    if !met.text.is_ascii() && met.text.contains(is_letter) && !met.text.contains(['\'', '"']) {
        return format!(
            "met `{shown}`: names have the letters a to z, digits and `_`; write ['{shown}'] for a member with another name"
        );
    }
    if met.text.contains('\\') && met.text.ends_with(['\'', '"']) {
        return NO_ESCAPE.to_owned();
    }
    // What other languages write, also where the parser took it for a name and stumbled over what follows.
    let meant = meant(met.text).map(|meant| format!("met `{shown}`: {meant}"));
    let meant = meant.or_else(|| {
        let before = before?;
        Some(format!(
            "met `{shown}` after `{}`: {}",
            before.text,
            meant_before(before.text)?
        ))
    });
    if let Some(meant) = meant {
        return meant;
    }
    match before {
        Some(dot) if dot.text == "." => format!("met `{shown}`, and after `.` a name must follow"),
        Some(before) if before.wants_value() => {
            format!(
                "met `{shown}`, and after `{}` a value must follow",
                before.text
            )
        }
        Some(before) => {
            let mut before: String = before.text.chars().take(SHOWN_MAX).collect();
            before.retain(|letter| letter != '\n');
            format!(
                "met `{shown}` after `{before}`, where only an operator such as `==`, `&&` or `||` can stand, or the end"
            )
        }
        None => format!("met `{shown}`, and a value must stand here"),
    }
}

/// What to write instead of what is no part of the language.
fn meant(met: &str) -> Option<&'static str> {
    Some(match met {
        "=" => "write `==` to compare",
        "&" => "write `&&` for and",
        "|" => "write `||` for or",
        "\u{2018}" | "\u{2019}" | "\u{201c}" | "\u{201d}" | "\u{201e}" => {
            "write ' or \" around a string"
        }
        _ if met.eq_ignore_ascii_case("and") => "write `&&` for and",
        _ if met.eq_ignore_ascii_case("or") => "write `||` for or",
        _ => return None,
    })
}

fn meant_before(before: &str) -> Option<&'static str> {
    let is_not = before.eq_ignore_ascii_case("not");
    if is_not {
        Some("write `!` for not")
    } else {
        meant(before)
    }
}

/// What the parser says of a part that it could read and not take.
fn of_part(said: &str) -> String {
    if let Some(word) = said.strip_prefix("reserved identifier: ") {
        return format!(
            "`{word}` is a word of the language and no name: write ['{word}'] for a member"
        );
    }
    match said {
        "invalid argument to has() macro" => {
            "`has` asks for a member, as in has(event.data.customer)".to_owned()
        }
        "argument must be a simple name" => {
            "what goes through a list begins with a name, as in .exists(line, line.quantity > 1)"
                .to_owned()
        }
        "invalid int literal" => "a whole number is at most 9223372036854775807".to_owned(),
        "invalid uint literal" => {
            "a number that ends in u is at most 18446744073709551615u".to_owned()
        }
        _ if said.starts_with("invalid string literal")
            || said.starts_with("invalid bytes literal") =>
        {
            NO_ESCAPE.to_owned()
        }
        _ if said.starts_with("unsupported syntax") => {
            "this is not part of the language here".to_owned()
        }
        _ if said.starts_with("Incomplete") || said.starts_with("No `") => {
            "something is missing here".to_owned()
        }
        _ if said.starts_with("Recursion limit") => "it is nested too deeply".to_owned(),
        _ => "this cannot be read".to_owned(),
    }
}
