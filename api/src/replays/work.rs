//! What the worker does of a batch: find its runs, repeat each, sum up. Which worker, and for how long, is [`crate::jobs`]' matter.

use cartwright_domain::ids::{FunctionId, InvocationId, RequestId, TenantId};
use cartwright_domain::outcome::Trigger;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{Record, RunRequest};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use super::batch::Status;
use super::comparison::{Class, Comparison, Reason, WhyNot, class, compare};
use super::results::RunResult;
use super::side::{RunSide, Side};
use super::store::{self, BatchRow};
use super::subject::{Recorded, Subject};
use super::summary::{DoneRun, Summary, Volume, sum_up};
use crate::clients::billing::Billing;
use crate::clients::executors::Executors;
use crate::database::{Crossing, Database, TenantTx};
use crate::error::ApiError;
use crate::invocations;

/// Runs that are asked for at a time: as many as billing tells of in one page.
const PAGE: usize = 100;

/// Kept runs that are looked through for those that pass the filter.
const LOOKED_THROUGH_MAX: usize = 20_000;

/// Outputs and logs in results, at most: a batch of a thousand must not fill a disk.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// Over which time a quote tells the price of the difference.
const QUOTED: TimeDelta = TimeDelta::days(7);

/// What repeating runs needs.
pub(crate) struct Replaying {
    /// Where batches are.
    pub(crate) database: Database,
    /// Who runs.
    pub(crate) executors: Executors,
    /// Who knows records, usage and prices.
    pub(crate) billing: Billing,
    /// Days for which run logs are kept.
    pub(crate) run_log_days: u16,
}

/// A batch that goes on.
pub(crate) struct Open<'a> {
    replaying: &'a Replaying,
    tenant_id: TenantId,
    batch: BatchRow,
    request_id: RequestId,
}

/// A run that is done, and what is kept of it.
pub(crate) struct Settled {
    invocation_id: Uuid,
    done: DoneRun,
    result: RunResult,
}

/// A run of a batch, with all that must be asked to repeat it.
struct Prepared {
    record: Record,
    /// `Err` says why there is nothing to repeat.
    requests: Result<Requests, ApiError>,
}

struct Requests {
    before: Side,
    /// The version that it is compared with, where that is not what was recorded.
    against: Option<RunRequest>,
    this: RunRequest,
}

impl Replaying {
    /// The batch, unless it has ended.
    pub(crate) async fn open(
        &self,
        tenant_id: TenantId,
        batch_id: Uuid,
    ) -> Result<Option<Open<'_>>, ApiError> {
        let mut tx = self.database.tenant_tx(tenant_id).await?;
        let batch = store::find(&mut tx, batch_id).await?;
        Ok(batch
            .filter(|batch| batch.ended_at.is_none())
            .map(|batch| Open {
                replaying: self,
                tenant_id,
                batch,
                request_id: RequestId::new(),
            }))
    }
}

impl Open<'_> {
    /// Find the runs to repeat, unless a worker before did.
    pub(crate) async fn begin(&self) -> Result<(), ApiError> {
        if self.batch.status != Status::Queued {
            return Ok(());
        }
        let records = self.find().await?;
        let mut tx = self.tx().await?;
        if store::begin(&mut tx, self.batch.batch_id, &records).await? {
            tx.commit().await?;
            tracing::info!(
                batch.id = %self.batch.batch_id, request_id = %self.request_id,
                "began a batch of {} replays", records.len()
            );
        }
        Ok(())
    }

    async fn tx(&self) -> Result<TenantTx, ApiError> {
        self.replaying.database.tenant_tx(self.tenant_id).await
    }

    fn function_id(&self) -> FunctionId {
        self.batch.function_id.into()
    }

    /// The newest runs whose input is kept and that pass the filter. Tests and replays are no evidence of anything.
    async fn find(&self) -> Result<Vec<Record>, ApiError> {
        let wanted = usize::try_from(self.batch.last).unwrap_or_default();
        let from = self.batch.from_at.map_or(Uuid::nil(), first_of);
        let mut below = self.batch.to_at.map_or(Uuid::max(), first_of);
        let mut found = Vec::new();
        for _ in 0..LOOKED_THROUGH_MAX / PAGE {
            let kept = {
                let mut tx = self.tx().await?;
                invocations::store::kept_of_function(
                    &mut tx,
                    self.function_id(),
                    from,
                    below,
                    PAGE as i64,
                )
                .await?
            };
            let Some(oldest) = kept.last() else { break };
            below = *oldest;
            let of_these = invocations::filter::of_ids(&kept, self.batch.outcome.as_deref());
            let page = self
                .replaying
                .billing
                .records(self.tenant_id, &of_these, self.request_id)
                .await?;
            let as_they_came = page
                .data
                .into_iter()
                .filter(|record| !matches!(record.trigger, Trigger::Test | Trigger::Replay));
            found.extend(as_they_came.take(wanted - found.len()));
            if found.len() == wanted || kept.len() < PAGE {
                break;
            }
        }
        Ok(found)
    }

    /// Repeat some of the runs that are left, all at a time. No run is left when there are none; `None` when the batch has
    /// ended meanwhile. A run that failed by our fault stays left; it is an error when all did.
    pub(crate) async fn some(&self, at_once: usize) -> Result<Option<Vec<Settled>>, ApiError> {
        let Some(prepared) = self.prepare(at_once).await? else {
            return Ok(None);
        };
        let runs = prepared.into_iter().map(|prepared| self.settle(prepared));
        let (mut settled, mut failed) = (Vec::new(), None);
        for run in futures_util::future::join_all(runs).await {
            match run {
                Ok(run) => settled.push(run),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if settled.is_empty() => Err(error),
            _ => Ok(Some(settled)),
        }
    }

    async fn prepare(&self, at_once: usize) -> Result<Option<Vec<Prepared>>, ApiError> {
        let mut tx = self.tx().await?;
        let batch = store::find(&mut tx, self.batch.batch_id).await?;
        if batch.is_none_or(|batch| batch.ended_at.is_some()) {
            return Ok(None);
        }
        let limit = i64::try_from(at_once).unwrap_or(i64::MAX);
        let records = store::next(&mut tx, self.batch.batch_id, limit).await?;
        let mut subject = Subject::of(&mut tx, self.function_id()).await?;
        let mut prepared = Vec::with_capacity(records.len());
        for record in records {
            let requests = match self.requests(&mut tx, &mut subject, &record).await {
                Err(error @ (ApiError::NotReady(_) | ApiError::Internal(_))) => return Err(error),
                requests => requests,
            };
            prepared.push(Prepared { record, requests });
        }
        Ok(Some(prepared))
    }

    async fn requests(
        &self,
        tx: &mut TenantTx,
        subject: &mut Subject,
        record: &Record,
    ) -> Result<Requests, ApiError> {
        let recorded = Recorded::load(tx, record, self.replaying.run_log_days).await?;
        let config_version = match self.batch.config_version {
            Some(given) => number(given),
            None => record.config_version,
        };
        let configuration = subject.configuration(tx, config_version).await?;
        let ask = |version: i32| subject.repeat(&recorded, number(version), configuration.clone());
        let (this, against) = (ask(self.batch.version), self.batch.against.map(ask));
        Ok(Requests {
            before: recorded.side,
            against,
            this,
        })
    }

    async fn settle(&self, prepared: Prepared) -> Result<Settled, ApiError> {
        let Prepared { record, requests } = prepared;
        let both = match requests {
            Ok(requests) => self.both(requests).await,
            Err(gone) => Err(gone),
        };
        match both {
            Ok((before, after)) => Ok(judged(&record, &before, &after)),
            Err(error) => match not_repeated(&error) {
                Some(why) => Ok(gone(&record, why)),
                None => Err(error),
            },
        }
    }

    async fn both(&self, requests: Requests) -> Result<(Side, Side), ApiError> {
        let before = match &requests.against {
            Some(against) => self.run(against).await?,
            None => requests.before,
        };
        Ok((before, self.run(&requests.this).await?))
    }

    async fn run(&self, request: &RunRequest) -> Result<Side, ApiError> {
        let result = self
            .replaying
            .executors
            .run(request, self.request_id)
            .await?;
        let given = request.configuration.as_ref();
        Ok(Side::went(
            result,
            given.map_or(0, |given| given.config_version),
        )?)
    }

    /// What the batch came to, with its quote.
    pub(crate) async fn summary(&self) -> Result<Summary, ApiError> {
        let mut summary = {
            let mut tx = self.tx().await?;
            let (inputs, runs) = store::runs_so_far(&mut tx, self.batch.batch_id).await?;
            sum_up(inputs, &runs)
        };
        let now = Utc::now();
        let span = (now - QUOTED, now);
        let volume = self.volume(span).await?;
        let plan = self
            .replaying
            .billing
            .plan(self.tenant_id, self.request_id)
            .await?;
        summary.quote = summary.fuel.quote(volume, &plan.prices, span);
        Ok(summary)
    }

    /// What the function was billed for over this time.
    async fn volume(&self, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<Volume, ApiError> {
        let written = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = format!(
            "from={}&to={}&granularity=day&group_by=function",
            written(from),
            written(to)
        );
        let rows = self
            .replaying
            .billing
            .usage(self.tenant_id, &query, self.request_id)
            .await?;
        let own = rows
            .iter()
            .filter(|row| row.function_id == Some(self.function_id()));
        Ok(own.fold(Volume::default(), |sum, row| Volume {
            invocations: sum.invocations + row.billable_invocations,
            fuel: sum.fuel + row.billable_fuel,
        }))
    }
}

impl Settled {
    /// Keep it.
    pub(crate) async fn keep(&self, tx: &mut TenantTx, batch_id: Uuid) -> Result<(), ApiError> {
        metrics::counter!("cartwright_replays_total").increment(1);
        store::settle(tx, batch_id, self.invocation_id, self.done, &self.result).await
    }
}

/// End a batch that was not cancelled: with what it came to, or why it cannot go on.
pub(crate) async fn end(
    tx: &mut TenantTx,
    batch_id: Uuid,
    ended: Result<&Summary, &str>,
) -> Result<(), ApiError> {
    store::end(tx, batch_id, ended).await
}

/// Forget the runs of batches that repeated what is older than so many days. Answers how many there were.
pub(crate) async fn forget(crossing: &mut Crossing, days_kept: i32) -> Result<i64, ApiError> {
    store::forget_runs(crossing, days_kept).await
}

fn judged(record: &Record, before: &Side, after: &Side) -> Settled {
    let comparison = compare(before, after);
    let class = class(before, after, &comparison);
    let ran_well = |side: &Side| side.is_ok() && !side.cached;
    let tells_fuel = ran_well(before) && ran_well(after) && class != Class::NotComparable;
    Settled {
        invocation_id: record.invocation_id.uuid(),
        done: DoneRun {
            class,
            fuel: tells_fuel.then_some((before.fuel, after.fuel)),
        },
        result: RunResult {
            before: RunSide::at_most(before, KEPT_BYTES_MAX),
            after: Some(RunSide::at_most(after, KEPT_BYTES_MAX)),
            comparison,
        },
    }
}

/// Why this one run cannot be repeated, if the others can.
fn not_repeated(error: &ApiError) -> Option<WhyNot> {
    match error {
        ApiError::Problem(problem)
            if matches!(problem.code, Code::InputTooLarge | Code::Conflict) =>
        {
            Some(WhyNot {
                code: Reason::InputGone,
                detail: problem.detail.clone(),
            })
        }
        _ => None,
    }
}

fn gone(record: &Record, why: WhyNot) -> Settled {
    let before = Side::metered(record);
    Settled {
        invocation_id: record.invocation_id.uuid(),
        done: DoneRun {
            class: Class::NotComparable,
            fuel: None,
        },
        result: RunResult {
            before: RunSide::at_most(&before, KEPT_BYTES_MAX),
            after: None,
            comparison: Comparison {
                output_equal: false,
                output_identical: false,
                fuel_equal: false,
                comparable: false,
                why_not: vec![why],
            },
        },
    }
}

/// A version's number, which the database holds above 0.
fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}

/// The lowest id of a moment: ids carry the time.
fn first_of(at: DateTime<Utc>) -> Uuid {
    let unix_ms = u64::try_from(at.timestamp_millis())
        .unwrap_or(0)
        .min((1 << 48) - 1);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
    InvocationId::from_bytes(bytes).uuid()
}
