//! Which entries a reader wants to see.

use cartwright_domain::ids::InvocationId;
use cartwright_domain::log_line::Level;
use cartwright_domain::outcome::Outcome;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::entry::{Part, Run};
use crate::error::ApiError;

/// The longest text that is searched for, in characters.
const TEXT_MAX: usize = 200;

/// Which entries to show. What is absent filters nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this level or a graver one: `trace`, `debug`, `info`, `warn` or `error`. A line that states no level counts as `info`.
    level: Option<String>,
    /// Whose text contains this, in upper or lower case; at most 200 characters.
    #[param(max_length = 200)]
    text: Option<String>,
    /// Of this version.
    version: Option<u32>,
    /// Of runs that ended so: `ok`, or the code of a failed run, such as `fuel_exhausted`.
    outcome: Option<String>,
    /// Of this run.
    invocation_id: Option<Uuid>,
}

/// The same, checked.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) level: Option<Level>,
    /// In lower case.
    pub(super) text: Option<String>,
    pub(super) version: Option<u32>,
    pub(super) outcome: Option<Outcome>,
    pub(super) run: Option<InvocationId>,
}

impl Filter {
    pub(super) fn check(self) -> Result<Wanted, ApiError> {
        if let Some(length) = self.text.as_ref().map(|text| text.chars().count())
            && length > TEXT_MAX
        {
            return Err(ApiError::Invalid(format!(
                "`text` must be at most {TEXT_MAX} characters; got {length}"
            )));
        }
        Ok(Wanted {
            level: word(self.level.as_deref(), "level", Level::ALL)?,
            text: self
                .text
                .filter(|text| !text.is_empty())
                .map(|text| text.to_lowercase()),
            version: self.version,
            outcome: word(self.outcome.as_deref(), "outcome", Outcome::ALL)?,
            run: self.invocation_id.map(InvocationId::from),
        })
    }
}

/// One of the known words, or a refusal that lists them.
fn word<W: std::str::FromStr + std::fmt::Display>(
    text: Option<&str>,
    name: &str,
    all: &[W],
) -> Result<Option<W>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let words: Vec<_> = all.iter().map(ToString::to_string).collect();
        ApiError::Invalid(format!("`{name}` must be one of {}", words.join(", ")))
    })
}

impl Wanted {
    /// Whether entries of this run can be wanted.
    pub(super) fn has_run(&self, run: &Run) -> bool {
        self.run.is_none_or(|id| id == run.id)
            && (self.version.is_none() || self.version == run.version)
            && (self.outcome.is_none() || self.outcome == run.outcome)
    }

    /// Whether this entry is wanted, of a run that is.
    pub(super) fn has_part(&self, part: &Part) -> bool {
        self.level
            .is_none_or(|least| part.level.unwrap_or(Level::Info) >= least)
            && self
                .text
                .as_ref()
                .is_none_or(|text| part.text.to_lowercase().contains(text))
    }

    /// How many entries of a run are wanted, from this place on.
    pub(super) fn count(&self, run: &Run, from: usize) -> u64 {
        if !self.has_run(run) {
            return 0;
        }
        let parts = run.parts.iter().skip(from);
        parts.filter(|part| self.has_part(part)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Left;
    use super::*;

    fn wanted(query: &str) -> Wanted {
        let filter: Filter = serde_urlencoded::from_str(query).unwrap();
        filter.check().unwrap()
    }

    #[test]
    fn a_filter_passes_what_it_says() {
        let left = Left {
            log: "DEBUG a\nplain É\nerror: b\n",
            log_truncated: false,
            failure: Some("it trapped"),
        };
        let run = Run::new(
            InvocationId::from_bytes([1; 16]),
            Some(2),
            Some(Outcome::Trap),
            &left,
        );
        for (query, count) in [
            ("", 4),
            ("level=info", 3),
            ("level=warn", 2),
            ("text=%C3%A9", 1),
            ("text=TRAP&level=error", 1),
            ("version=2&outcome=trap", 4),
            ("version=3", 0),
            ("outcome=ok", 0),
            ("invocation_id=01010101-0101-0101-0101-010101010101", 4),
            ("invocation_id=01010101-0101-0101-0101-010101010102", 0),
        ] {
            assert_eq!(wanted(query).count(&run, 0), count, "{query}");
        }
        assert_eq!(wanted("").count(&run, 3), 1);
    }

    #[test]
    fn what_is_no_level_is_refused_with_those_that_are() {
        for (query, says) in [
            ("level=loud", "trace, debug, info, warn, error"),
            ("outcome=fine", "ok, fuel_exhausted"),
            (&format!("text={}", "x".repeat(201)), "200"),
        ] {
            let filter: Filter = serde_urlencoded::from_str(query).unwrap();
            let refused = filter.check().unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
