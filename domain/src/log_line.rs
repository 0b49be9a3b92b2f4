//! A run's log, line by line: what is a line, and which level it states. Search and stream read logs by these rules alone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How grave a line is. Ordered: a later one is graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Steps, for whoever looks very closely.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What is worth knowing. A line that states no level counts as this one.
    Info,
    /// Something is not as it should be, and it went on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// Every level, the least grave first.
    pub const ALL: &'static [Self] = &[
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
    ];

    /// Its word in answers and queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level that a word of a log means, in any case.
    fn of_word(word: &str) -> Option<Self> {
        const WORDS: &[(&str, Level)] = &[
            ("trace", Level::Trace),
            ("debug", Level::Debug),
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("err", Level::Error),
            ("fatal", Level::Error),
            ("critical", Level::Error),
            ("panic", Level::Error),
        ];
        let found = WORDS
            .iter()
            .find(|(known, _)| word.eq_ignore_ascii_case(known));
        found.map(|(_, level)| *level)
    }

    /// The level that a line states; `None` when it states none.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.trim_start();
        if line.starts_with('{') {
            return Self::of_json(line);
        }
        if let Some(rest) = line.strip_prefix('[') {
            return Self::of_word(rest.split_once(']')?.0.trim());
        }
        let end = line
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        // Prose may begin with "error" or "info" too; only capitals or a colon make a word of it a level.
        let is_stated = match rest.chars().next() {
            Some(':') => true,
            Some(letter) if !letter.is_whitespace() => false,
            _ => word.bytes().all(|byte| byte.is_ascii_uppercase()),
        };
        Self::of_word(word).filter(|_| is_stated)
    }

    fn of_json(line: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stated<'a> {
            #[serde(borrow)]
            level: Cow<'a, str>,
        }
        let stated: Stated<'_> = serde_json::from_str(line).ok()?;
        Self::of_word(&stated.level)
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = crate::outcome::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|level| level.as_str() == word);
        found.copied().ok_or(crate::outcome::UnknownWord)
    }
}

/// The lines of a log, without their line breaks. Blank ones say nothing and are left out.
pub fn lines(log: &str) -> impl Iterator<Item = &str> {
    log.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_stated_in_one_of_three_ways() {
        for (line, level) in [
            (r#"{"level":"warn","message":"x"}"#, Some(Level::Warn)),
            (r#"{"message":"x","level":"ERROR"}"#, Some(Level::Error)),
            (r#"  {"level":"d\u0065bug"}"#, Some(Level::Debug)),
            (r#"{"level":30}"#, None),
            (r#"{"level":"warn""#, None),
            (r#"{"message":"level"}"#, None),
            ("[warn] no such coupon", Some(Level::Warn)),
            ("[ Info ] x", Some(Level::Info)),
            ("[3] x", None),
            ("[warn", None),
            ("Error: no such coupon", Some(Level::Error)),
            ("panic: x", Some(Level::Error)),
            ("WARNING no such coupon", Some(Level::Warn)),
            ("TRACE", Some(Level::Trace)),
            ("error in the third line", None),
            ("INFORMATION", None),
            ("ERROR_CODE 5", None),
            ("no level", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(Level::of_line(line), level, "{line}");
        }
    }

    #[test]
    fn a_log_is_cut_into_lines_and_blank_ones_are_left_out() {
        let log = "one\r\n\n  two \n   \nthree";
        assert_eq!(lines(log).collect::<Vec<_>>(), ["one", "  two", "three"]);
        assert_eq!(lines("").count() + lines("\n\n").count(), 0);
    }

    #[test]
    fn deep_json_is_no_level_and_no_overflow() {
        let deep = format!("{{\"a\":{}", "[".repeat(1 << 20));
        assert_eq!(Level::of_line(&deep), None);
    }
}
