//! How the command line ends: one number per kind of ending, so that a script need not read words.

use std::process::ExitCode;

/// An exit code. The table in `docs/command-line.md` and in `cartwright --help` says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// It was done.
    Done = 0,
    /// The function is at fault: its run failed, its module was refused, or its replay differs.
    FunctionFailed = 1,
    /// The command could not be carried out as it was given: a wrong argument, a file that cannot be read, a request that
    /// the server finds invalid. Clap ends with the same number.
    Unusable = 2,
    /// Nobody is signed in, or who is may not do this.
    NotAllowed = 3,
    /// There is no such function, version, run or configuration.
    NotFound = 4,
    /// A limit, a quota or the spend cap refused it.
    Limited = 5,
    /// The server cannot be reached, or cannot answer now. Trying again may help.
    Unreachable = 6,
    /// It clashes with what is there: the name is taken, the version is not ready.
    Conflict = 7,
}

/// The table, as `--help` shows it.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  done
  1  the function is at fault: its run failed, its module was refused, its replay differs
  2  the command could not be carried out as given: an argument, a file, an invalid request
  3  not signed in, or not allowed
  4  no such function, version, run or configuration
  5  refused by a limit, a quota or the spend cap
  6  the server cannot be reached, or cannot answer now
  7  it clashes with what is there: the name is taken, the version is not ready";

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_the_command_line_has_the_same_table() {
        let page = include_str!("../../docs/command-line.md");
        for line in TABLE.lines().skip(1) {
            let (number, meaning) = line.trim().split_once("  ").unwrap();
            assert!(
                page.contains(&format!("| {number} | {meaning} |")),
                "{line}"
            );
        }
    }
}
