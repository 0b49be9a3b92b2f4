//! The list of findings, bounded: a module can be wrong in a million places, and a report is for people.

use std::collections::BTreeMap;

use cartwright_domain::compile::{Finding, FindingCode};

use super::limits::{FINDINGS_MAX, FINDINGS_PER_CODE_MAX, SHOWN_NAME_MAX};

/// Findings in the order in which they were made, and how many were left out.
#[derive(Default)]
pub(super) struct Findings {
    listed: Vec<Finding>,
    per_code: BTreeMap<FindingCode, usize>,
    left_out: usize,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let of_this_code = self.per_code.entry(finding.code).or_default();
        *of_this_code += 1;
        if *of_this_code > FINDINGS_PER_CODE_MAX || self.listed.len() >= FINDINGS_MAX {
            self.left_out += 1;
        } else {
            self.listed.push(finding);
        }
    }

    /// Add a finding when `value` is more than `limit`, both counted in `unit`.
    pub(super) fn bound<N: Into<u64>>(
        &mut self,
        value: N,
        limit: N,
        unit: &str,
        finding: impl FnOnce() -> Finding,
    ) {
        let (value, limit) = (value.into(), limit.into());
        if value > limit {
            self.add(finding().over(format!("{limit} {unit}"), format!("{value} {unit}")));
        }
    }

    /// Whether there is one of this kind.
    pub(super) fn has(&self, code: FindingCode) -> bool {
        self.per_code.contains_key(&code)
    }

    pub(super) fn into_list(mut self) -> Vec<Finding> {
        if self.left_out > 0 {
            let what = format!("{} more findings are not listed.", self.left_out);
            self.listed.push(Finding::new(
                FindingCode::MoreFindings,
                what,
                "Mend the listed ones and upload again.",
            ));
        }
        self.listed
    }
}

/// A name from the module as it may be shown: escaped and cut, since it can be anything of any length.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(SHOWN_NAME_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(SHOWN_NAME_MAX).is_some() {
        shown.push('…');
    }
    shown
}
