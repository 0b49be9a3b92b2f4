//! What the worker does of a batch: repeat its runs, some at a time. Which worker, and for how long, is [`crate::jobs`]' matter.

mod evidence;
mod settled;

use cartwright_domain::ids::{FunctionId, RequestId, TenantId};
use cartwright_domain::wire::{Record, RunRequest};
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

pub(crate) use self::settled::Settled;
use self::settled::{gone, judged, not_repeated};
use super::batch::Status;
use super::runs;
use super::side::Side;
use super::store::{self, BatchRow};
use super::subject::{Recorded, Subject};
use super::summary::Summary;
use crate::clients::billing::Billing;
use crate::clients::executors::Executors;
use crate::database::{Crossing, Database, TenantTx};
use crate::error::ApiError;

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

    /// How long ago it began.
    pub(crate) fn age(&self) -> TimeDelta {
        self.batch
            .begun_at
            .map_or_else(TimeDelta::zero, |begun| Utc::now() - begun)
    }

    async fn tx(&self) -> Result<TenantTx, ApiError> {
        self.replaying.database.tenant_tx(self.tenant_id).await
    }

    fn function_id(&self) -> FunctionId {
        self.batch.function_id.into()
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
        let records = runs::store::next(&mut tx, self.batch.batch_id, limit).await?;
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
    runs::store::forget(crossing, days_kept).await
}

/// A version's number, which the database holds above 0.
fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}
