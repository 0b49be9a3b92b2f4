//! A run's log as entries: the lines it wrote, the mark where it was cut, and how it failed.

use cartwright_domain::ids::InvocationId;
use cartwright_domain::log_line::{Level, lines};
use cartwright_domain::outcome::Outcome;
use cartwright_domain::wire::LiveRun;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a cut says.
const CUT: &str = "the log was cut here, at the function's log limit; what it wrote after this is not kept: write less, or raise `log_bytes_max` within the plan";

/// What takes room of an entry beside its text, in bytes.
const OVERHEAD_BYTES: usize = 64;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogEntryKind)]
pub(crate) enum Kind {
    /// A line that the function wrote to stderr.
    Line,
    /// The log was cut here, at the function's limit.
    Cut,
    /// How the run failed.
    Failure,
}

impl Kind {
    /// Its word, which is also the name of its event.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Cut => "cut",
            Self::Failure => "failure",
        }
    }
}

/// One entry of a log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogEntry)]
pub(crate) struct Entry {
    /// What it is: a line that the function wrote, the mark of a cut, or how the run failed.
    kind: Kind,
    /// The run.
    invocation_id: Uuid,
    /// The version that ran; null for runs that were kept before logs knew it.
    #[schema(required)]
    version: Option<u32>,
    /// How the run ended: `ok`, or the code of what went wrong; null for runs that were kept before logs knew it.
    #[schema(required, value_type = Option<String>)]
    outcome: Option<Outcome>,
    /// When the run was admitted. A function's clock stands still, so its lines have no other time.
    at: DateTime<Utc>,
    /// Its place in the run, from 0.
    seq: u32,
    /// `trace`, `debug`, `info`, `warn` or `error`; null for a line that states none.
    #[schema(required, value_type = Option<String>)]
    level: Option<Level>,
    /// The text, without its line break.
    text: String,
}

/// A run with its entries, in their order.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: InvocationId,
    pub(super) version: Option<u32>,
    pub(super) outcome: Option<Outcome>,
    pub(super) parts: Vec<Part>,
}

/// An entry without what it shares with the others of its run.
#[derive(Debug)]
pub(super) struct Part {
    kind: Kind,
    pub(super) level: Option<Level>,
    pub(super) text: Box<str>,
}

/// What a run left to read, wherever it comes from.
pub(super) struct Left<'a> {
    pub(super) log: &'a str,
    pub(super) log_truncated: bool,
    pub(super) failure: Option<&'a str>,
}

impl Run {
    pub(super) fn new(
        id: InvocationId,
        version: Option<u32>,
        outcome: Option<Outcome>,
        left: &Left<'_>,
    ) -> Self {
        let part = |kind, level, text: &str| Part {
            kind,
            level,
            text: text.into(),
        };
        let written = lines(left.log).map(|line| part(Kind::Line, Level::of_line(line), line));
        let cut = left
            .log_truncated
            .then(|| part(Kind::Cut, Some(Level::Warn), CUT));
        let failure = left
            .failure
            .map(|failure| part(Kind::Failure, Some(Level::Error), failure));
        Self {
            id,
            version,
            outcome,
            parts: written.chain(cut).chain(failure).collect(),
        }
    }

    /// As an executor sent it.
    pub(super) fn live(run: &LiveRun) -> Self {
        let left = Left {
            log: &run.log,
            log_truncated: run.log_truncated,
            failure: run.failure.as_deref(),
        };
        Self::new(
            run.invocation_id,
            Some(run.version),
            Some(run.outcome),
            &left,
        )
    }

    /// What it takes in memory, roughly.
    pub(super) fn bytes(&self) -> usize {
        let parts = self.parts.iter();
        OVERHEAD_BYTES
            + parts
                .map(|part| OVERHEAD_BYTES + part.text.len())
                .sum::<usize>()
    }

    /// When it was admitted. An id can say a year that no calendar has.
    pub(super) fn at(&self) -> DateTime<Utc> {
        at(self.id)
    }

    /// The entry at this place.
    pub(super) fn entry(&self, seq: usize) -> Entry {
        let part = &self.parts[seq];
        Entry {
            kind: part.kind,
            invocation_id: self.id.uuid(),
            version: self.version,
            outcome: self.outcome,
            at: self.at(),
            seq: u32::try_from(seq).unwrap_or(u32::MAX),
            level: part.level,
            text: part.text.clone().into(),
        }
    }

    /// What the entry at this place is.
    pub(super) fn kind(&self, seq: usize) -> Kind {
        self.parts[seq].kind
    }
}

/// When a run was admitted, by its id.
pub(super) fn at(id: InvocationId) -> DateTime<Utc> {
    i64::try_from(id.unix_ms())
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Where an entry stands among all of its function: the id of its event, `<invocation_id>.<seq>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryId {
    pub(super) run: InvocationId,
    pub(super) seq: usize,
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.run, self.seq)
    }
}

impl std::str::FromStr for EntryId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run, seq) = text.split_once('.').ok_or(())?;
        Ok(Self {
            run: run.parse().map_err(drop)?,
            seq: seq.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_its_lines_then_its_cut_then_its_failure() {
        let left = Left {
            log: "one\n\nWARN two\n",
            log_truncated: true,
            failure: Some("it ran out of fuel"),
        };
        let run = Run::new(
            InvocationId::from_bytes([1; 16]),
            Some(3),
            Some(Outcome::FuelExhausted),
            &left,
        );
        let shown: Vec<_> = (0..run.parts.len())
            .map(|seq| {
                let entry = run.entry(seq);
                (entry.kind.as_str(), entry.level, entry.seq)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("line", None, 0),
                ("line", Some(Level::Warn), 1),
                ("cut", Some(Level::Warn), 2),
                ("failure", Some(Level::Error), 3)
            ]
        );
    }

    #[test]
    fn the_id_of_an_entry_is_read_as_it_is_written() {
        let id = EntryId {
            run: InvocationId::from_bytes([7; 16]),
            seq: 12,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", ".", "x.1", &format!("{}.", id.run), &id.run.to_string()] {
            assert_eq!(bad.parse::<EntryId>(), Err(()), "{bad}");
        }
    }
}
