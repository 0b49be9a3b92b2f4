//! What is printed, and where: results on standard output, everything about them on standard error. A reader that has
//! gone is no panic.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// The two streams, and how results are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Results are JSON documents, of the API's own shapes.
    pub(crate) json: bool,
    /// Standard error is a terminal, so progress may overwrite itself there.
    pub(crate) live: bool,
    /// Standard output is a terminal that shows colours, and `NO_COLOR` is not set.
    pub(crate) colour: bool,
}

impl Output {
    /// As the process was started.
    pub(crate) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            json,
            live: io::stderr().is_terminal(),
            colour: !plain && io::stdout().is_terminal(),
        }
    }

    /// Print one line of a result.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        self.write(format!("{text}\n").as_bytes())
    }

    /// Print bytes as they are, with a line's end after them where they have none.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.write(bytes)?;
        if bytes.last().is_some_and(|byte| *byte != b'\n') {
            self.write(b"\n")?;
        }
        Ok(())
    }

    /// Print a document, for `--json`.
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document).map_err(anyhow::Error::from)?;
        self.line(text)
    }

    /// Print a document on a line of its own: one of a stream of them.
    pub(crate) fn document_line(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(document).map_err(anyhow::Error::from)?;
        self.line(text)
    }

    /// Print rows in columns under their headings.
    pub(crate) fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let mut widths: Vec<usize> = headings.iter().map(|text| text.chars().count()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let headings = headings.iter().map(|text| (*text).to_owned()).collect();
        self.line(self.dim(&columns(&widths, &headings)))?;
        for row in rows {
            self.line(columns(&widths, row))?;
        }
        Ok(())
    }

    /// Say something about the result, on standard error.
    pub(crate) fn say(&self, text: impl Display) {
        writeln!(io::stderr().lock(), "{text}").ok();
    }

    /// Say how far it is, on the line that the next such word overwrites. Nothing where nobody watches.
    pub(crate) fn progress(&self, text: impl Display) {
        if self.live {
            write!(io::stderr().lock(), "\r\x1b[2K{text}").ok();
        }
    }

    /// Take the line of progress away.
    pub(crate) fn progress_over(&self) {
        self.progress("");
    }

    /// The text in grey, where colours show.
    pub(crate) fn dim(&self, text: &str) -> String {
        self.painted(text, "2")
    }

    /// The text in red, where colours show.
    pub(crate) fn red(&self, text: &str) -> String {
        self.painted(text, "31")
    }

    fn painted(&self, text: &str, colour: &str) -> String {
        if self.colour {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Failure::ReaderGone,
                _ => Failure::Local(anyhow::Error::new(error).context("write to standard output")),
            })
    }
}

/// The cells, each as wide as its column, the last one as it is.
fn columns(widths: &[usize], cells: &Vec<String>) -> String {
    let mut line = String::new();
    for (width, cell) in widths.iter().zip(cells) {
        line.push_str(cell);
        let padding = width.saturating_sub(cell.chars().count()) + 2;
        line.extend(std::iter::repeat_n(' ', padding));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_end_without_spaces() {
        let row = vec!["é".to_owned(), "b".to_owned(), String::new()];
        assert_eq!(columns(&[3, 2, 4], &row), "é    b");
    }
}
