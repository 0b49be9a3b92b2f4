//! An expression cut into its words, to say what somebody met who cannot read it. Reading it is the parser's.

/// A word, number, string, bracket or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// Where it begins, in characters.
    pub(super) at: usize,
    /// It, as it stands there.
    pub(super) text: &'t str,
}

impl Word<'_> {
    /// Where it ends, in characters.
    pub(super) fn end(&self) -> usize {
        self.at + self.text.chars().count()
    }

    /// Whether a value must follow it.
    pub(super) fn wants_value(&self) -> bool {
        matches!(
            self.text,
            "==" | "!="
                | "<"
                | "<="
                | ">"
                | ">="
                | "&&"
                | "||"
                | "!"
                | "+"
                | "-"
                | "*"
                | "/"
                | "%"
                | "?"
                | ":"
                | ","
                | "."
                | "("
                | "["
                | "{"
                | "in"
        )
    }
}

/// The words of a text, or the character at which a string begins that has no end.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, usize> {
    let (mut words, mut rest, mut at) = (Vec::new(), text, 0);
    while let Some(first) = rest.chars().next() {
        let bytes = match first {
            _ if first.is_whitespace() => first.len_utf8(),
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ => {
                let bytes = word(rest, first).ok_or(at)?;
                words.push(Word {
                    at,
                    text: &rest[..bytes],
                });
                bytes
            }
        };
        at += rest[..bytes].chars().count();
        rest = &rest[bytes..];
    }
    Ok(words)
}

/// How long the word is that a text begins with, in bytes. None for a string without an end.
fn word(text: &str, first: char) -> Option<usize> {
    if let Some(prefix) = prefix_of_string(text) {
        return string(text, prefix);
    }
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let run = |more: fn(char) -> bool| {
        text.find(|letter| !(is_part(letter) || more(letter)))
            .unwrap_or(text.len())
    };
    Some(match first {
        '0'..='9' => run(|letter| letter == '.'),
        _ if is_part(first) => run(|_| false),
        _ if ["==", "!=", "<=", ">=", "&&", "||"].contains(&text.get(..2).unwrap_or_default()) => 2,
        _ => first.len_utf8(),
    })
}

/// How many bytes stand before the quote of a string, such as the `r` of `r'\d'`. None where no string begins.
fn prefix_of_string(text: &str) -> Option<usize> {
    let prefix = text.find(['\'', '"'])?;
    let is_prefix = matches!(
        text[..prefix].to_ascii_lowercase().as_str(),
        "" | "r" | "b" | "rb" | "br"
    );
    is_prefix.then_some(prefix)
}

/// How long a string is, in bytes.
fn string(text: &str, prefix: usize) -> Option<usize> {
    let (before, quoted) = text.split_at(prefix);
    let is_raw = before.contains(['r', 'R']);
    let one = &quoted[..1];
    let three = one.repeat(3);
    let quote = if quoted.starts_with(&three) {
        &three
    } else {
        one
    };
    let mut at = quote.len();
    while let Some(letter) = quoted[at..].chars().next() {
        if quoted[at..].starts_with(quote) {
            return Some(prefix + at + quote.len());
        }
        if letter == '\n' && quote.len() == 1 {
            return None;
        }
        at += letter.len_utf8();
        if letter == '\\' && !is_raw {
            at += quoted[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_its_words_wherever_strings_end() {
        let cut =
            |text| words(text).map(|words| words.iter().map(|word| word.text).collect::<Vec<_>>());
        assert_eq!(
            cut("a.b>=1.5e3&& 'it\\'s' in r'\\d' // no\n['''a'b''']"),
            Ok(vec![
                "a",
                ".",
                "b",
                ">=",
                "1.5e3",
                "&&",
                "'it\\'s'",
                "in",
                "r'\\d'",
                "[",
                "'''a'b'''",
                "]"
            ])
        );
        assert_eq!(
            cut("é == \u{201c}x\u{201d}"),
            Ok(vec!["é", "==", "\u{201c}", "x", "\u{201d}"])
        );
        assert_eq!(cut(""), Ok(vec![]));
        for (unclosed, at) in [("a == 'x", 5), ("é == 'x\n'", 5), ("'\\", 0), ("'''a'", 0)] {
            assert_eq!(cut(unclosed), Err(at), "{unclosed}");
        }
        assert_eq!(words("ü 'é' b").unwrap()[2].at, 6);
    }
}
