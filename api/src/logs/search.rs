//! The search through kept logs, the newest first, which reads so much and no more.

use std::time::{Duration, Instant};

use cartwright_domain::ids::{FunctionId, InvocationId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entry::{Entry, Run};
use super::filter::Wanted;
use super::store::{self, Stretch};
use crate::database::TenantTx;
use crate::error::ApiError;

/// Runs that one search reads.
const RUNS_MAX: usize = 5_000;

/// Bytes of log that one search reads.
const BYTES_MAX: usize = 16 << 20;

/// How long one search reads. A page that comes late helps nobody, and a cursor goes on from it.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Runs and bytes that are read at once.
const STRETCH_RUNS: i64 = 500;
const STRETCH_BYTES: i64 = 2 << 20;

/// When the runs began.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Span {
    /// Started at or after this time, RFC 3339.
    from: Option<DateTime<Utc>>,
    /// Started before this time, RFC 3339.
    to: Option<DateTime<Utc>>,
}

/// Where a page ended: at this entry, or at the beginning of this run where `seq` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    run: InvocationId,
    seq: u32,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogPage)]
pub(crate) struct LogPage {
    /// The entries, the newest run first, and of a run the last entry first.
    pub(super) data: Vec<Entry>,
    /// Send as `cursor` for the next page; null at the end. An empty page with a cursor is not the end.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
    /// The search stopped here, before the page was full, since it had read as much as one search reads: the start of the
    /// oldest run that it read. Null when it read all that it had to.
    #[schema(required)]
    pub(super) scanned_until: Option<DateTime<Utc>>,
    /// Which runs leave a log that can be found: `none`, `errors` or `all`.
    #[schema(example = "errors")]
    pub(super) retention: String,
}

/// What a search found.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Option<Ended>,
    pub(super) scanned_until: Option<DateTime<Utc>>,
}

/// One search.
pub(super) struct Search {
    pub(super) function_id: FunctionId,
    pub(super) wanted: Wanted,
    pub(super) limit: usize,
    from: u128,
    /// The newest run that is still to be read; none when there cannot be any.
    to: Option<u128>,
    /// Of that run, only entries before this one.
    after: Option<Ended>,
}

impl Search {
    pub(super) fn new(
        function_id: FunctionId,
        wanted: Wanted,
        span: &Span,
        after: Option<Ended>,
        limit: u32,
    ) -> Result<Self, ApiError> {
        if let (Some(from), Some(to)) = (span.from, span.to)
            && from >= to
        {
            return Err(ApiError::Invalid("`from` must be before `to`".to_owned()));
        }
        let only = wanted.run.map(number);
        let from = span.from.map_or(0, first_at).max(only.unwrap_or(0));
        let bounds = [
            span.to.map(|to| first_at(to).checked_sub(1)),
            only.map(Some),
            after.map(|ended| match ended.seq {
                0 => number(ended.run).checked_sub(1),
                _ => Some(number(ended.run)),
            }),
        ];
        // The least of those that there are; one that lies before every run leaves nothing.
        let to = bounds
            .into_iter()
            .flatten()
            .try_fold(u128::MAX, |to, bound| bound.map(|bound| to.min(bound)));
        Ok(Self {
            function_id,
            wanted,
            limit: limit as usize,
            from,
            to,
            after,
        })
    }

    /// Read until the page is full, nothing is left, or it was enough.
    pub(super) async fn run(mut self, tx: &mut TenantTx) -> Result<Found, ApiError> {
        let (began, mut runs_read, mut bytes_read) = (Instant::now(), 0, 0);
        // One more than the page holds tells whether another page follows.
        let mut entries = Vec::new();
        while let Some(to) = self.to.filter(|to| *to >= self.from) {
            let runs = store::newest(tx, self.function_id, &self.stretch(to)).await?;
            let Some(oldest) = runs.last().map(|run| run.id) else {
                break;
            };
            for run in &runs {
                self.take_from(run, &mut entries);
                if entries.len() > self.limit {
                    return Ok(self.full(entries));
                }
                bytes_read += run.bytes();
            }
            runs_read += runs.len();
            self.to = number(oldest).checked_sub(1);
            let is_enough =
                runs_read >= RUNS_MAX || bytes_read >= BYTES_MAX || began.elapsed() >= TIME_MAX;
            if is_enough {
                let next = Some(Ended {
                    run: oldest,
                    seq: 0,
                });
                return Ok(Found {
                    entries: shown(entries),
                    next,
                    scanned_until: Some(super::entry::at(oldest)),
                });
            }
        }
        Ok(Found {
            entries: shown(entries),
            next: None,
            scanned_until: None,
        })
    }

    fn stretch(&self, to: u128) -> Stretch {
        Stretch {
            from: InvocationId::from_bytes(self.from.to_be_bytes()),
            to: InvocationId::from_bytes(to.to_be_bytes()),
            version: self.wanted.version,
            outcome: self.wanted.outcome,
            runs_max: STRETCH_RUNS,
            bytes_max: STRETCH_BYTES,
        }
    }

    /// The wanted entries of a run, the last first, as far as they are needed.
    fn take_from(&self, run: &Run, entries: &mut Vec<(Ended, Entry)>) {
        if !self.wanted.has_run(run) {
            return;
        }
        let parts = run.parts.len();
        let end = match self.after {
            Some(ended) if ended.run == run.id => parts.min(ended.seq as usize),
            _ => parts,
        };
        for seq in (0..end).rev() {
            if entries.len() > self.limit {
                return;
            }
            if self.wanted.has_part(&run.parts[seq]) {
                let place = Ended {
                    run: run.id,
                    seq: u32::try_from(seq).unwrap_or(u32::MAX),
                };
                entries.push((place, run.entry(seq)));
            }
        }
    }

    fn full(&self, mut entries: Vec<(Ended, Entry)>) -> Found {
        entries.truncate(self.limit);
        Found {
            next: entries.last().map(|(place, _)| *place),
            entries: shown(entries),
            scanned_until: None,
        }
    }
}

fn shown(entries: Vec<(Ended, Entry)>) -> Vec<Entry> {
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// An id as a number: ids are in the order of their bytes.
fn number(id: InvocationId) -> u128 {
    u128::from_be_bytes(*id.as_bytes())
}

/// The smallest id of a moment.
fn first_at(at: DateTime<Utc>) -> u128 {
    let unix_ms = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    unix_ms.min((1 << 48) - 1) << 80
}

#[cfg(test)]
mod tests {
    use cartwright_domain::outcome::Outcome;

    use super::super::entry::Left;
    use super::*;

    fn search(span: &str, after: Option<Ended>) -> Search {
        let span = serde_urlencoded::from_str(span).unwrap();
        let function_id = FunctionId::from_bytes([1; 16]);
        Search::new(function_id, Wanted::default(), &span, after, 2).unwrap()
    }

    fn run(log: &str) -> Run {
        let left = Left {
            log,
            log_truncated: false,
            failure: None,
        };
        let id = InvocationId::from_bytes([5; 16]);
        Run::new(id, Some(1), Some(Outcome::Ok), &left)
    }

    #[test]
    fn a_page_goes_on_where_the_one_before_ended() {
        let run = run("a\nb\nc\nd\ne\n");
        let (mut after, mut pages) = (None, Vec::new());
        loop {
            let search = search("", after);
            let mut entries = Vec::new();
            search.take_from(&run, &mut entries);
            let is_last = entries.len() <= search.limit;
            let found = search.full(entries);
            let texts = found.entries.iter().map(|entry| {
                serde_json::to_value(entry).unwrap()["text"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            });
            pages.push(texts.collect::<Vec<_>>());
            if is_last {
                break;
            }
            after = found.next;
        }
        assert_eq!(pages, [vec!["e", "d"], vec!["c", "b"], vec!["a"]]);
    }

    #[test]
    fn bounds_are_those_of_the_span_and_the_cursor() {
        let id = number(InvocationId::from_bytes([5; 16]));
        let ended = |seq| {
            Some(Ended {
                run: InvocationId::from_bytes([5; 16]),
                seq,
            })
        };
        assert_eq!(search("", None).to, Some(u128::MAX));
        assert_eq!(search("", ended(3)).to, Some(id));
        assert_eq!(search("", ended(0)).to, Some(id - 1), "the run was read");
        assert_eq!(search("to=1970-01-01T00:00:00Z", None).to, None);
        let bounded = search("from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:02Z", None);
        assert_eq!(
            (bounded.from, bounded.to),
            (1_000 << 80, Some((2_000 << 80) - 1))
        );
        let far = search("from=9999-01-01T00:00:00Z", None);
        assert!(far.from > id);
        let span = serde_urlencoded::from_str("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z");
        let refused = Search::new(
            FunctionId::from_bytes([1; 16]),
            Wanted::default(),
            &span.unwrap(),
            None,
            2,
        );
        assert!(refused.is_err());
    }
}
