//! Reading what a test runner says it ran. A runner that says nothing ran nothing that counts.

use std::ops::AddAssign;

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Did what they say.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Were not run.
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// A runner, by how it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once per binary.
    Libtest,
    /// `Tests  1 failed | 11 passed (12)`, once.
    Vitest,
    /// `# pass 3` or `ℹ pass 3`, and the same for `fail` and `skipped`, once.
    Node,
    /// Nothing: it is one check, which its exit status answers.
    Check,
}

impl Runner {
    /// What one line of output adds; nothing for a line that is not a sum.
    pub fn counts(self, line: &str) -> Option<Counts> {
        let line = line.trim();
        match self {
            Self::Libtest => {
                let sums = line.strip_prefix("test result: ")?;
                Some(Counts {
                    passed: before(sums, "passed")?,
                    failed: before(sums, "failed")?,
                    skipped: before(sums, "ignored")?,
                })
            }
            Self::Vitest => {
                let sums = line.strip_prefix("Tests ")?;
                Some(Counts {
                    passed: before(sums, "passed").unwrap_or(0),
                    failed: before(sums, "failed").unwrap_or(0),
                    skipped: before(sums, "skipped").unwrap_or(0),
                })
            }
            Self::Node => {
                let (name, sum) = line.strip_prefix(['#', 'ℹ'])?.trim().split_once(' ')?;
                let sum = sum.parse().ok()?;
                match name {
                    "pass" => Some(Counts {
                        passed: sum,
                        ..Counts::default()
                    }),
                    "fail" | "cancelled" => Some(Counts {
                        failed: sum,
                        ..Counts::default()
                    }),
                    "skipped" | "todo" => Some(Counts {
                        skipped: sum,
                        ..Counts::default()
                    }),
                    _ => None,
                }
            }
            Self::Check => None,
        }
    }
}

/// The number that stands before a word.
fn before(text: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let place = words.iter().position(|candidate| *candidate == word)?;
    words[..place].last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_each_runner_are_read() {
        let libtest = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.5s";
        assert_eq!(
            Runner::Libtest.counts(libtest),
            Some(Counts {
                passed: 12,
                failed: 2,
                skipped: 1
            })
        );
        let vitest = "      Tests  1 failed | 11 passed | 2 skipped (14)";
        assert_eq!(
            Runner::Vitest.counts(vitest),
            Some(Counts {
                passed: 11,
                failed: 1,
                skipped: 2
            })
        );
        assert_eq!(
            Runner::Node.counts("# pass 4"),
            Some(Counts {
                passed: 4,
                ..Counts::default()
            })
        );
        assert_eq!(
            Runner::Node.counts("ℹ fail 1"),
            Some(Counts {
                failed: 1,
                ..Counts::default()
            })
        );
    }

    #[test]
    fn other_lines_are_no_sums() {
        assert_eq!(
            Runner::Libtest.counts("test stack::every_role_answers ... ok"),
            None
        );
        assert_eq!(Runner::Vitest.counts(" Test Files  2 passed (2)"), None);
        assert_eq!(Runner::Node.counts("# Subtest: signing up"), None);
    }
}
