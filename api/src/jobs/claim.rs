//! A job that this process holds, and the lease that says so: renewed while it is worked on, lost when we fall silent.

use std::time::Duration;

use cartwright_domain::ids::TenantId;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Task, store};
use crate::database::{Database, TenantTx};
use crate::error::ApiError;

/// A worker that is silent for so long is taken for dead, and its job for free.
const LEASE: Duration = Duration::from_secs(15);

/// Three renewals may fail before the lease ends.
const RENEW_EVERY: Duration = Duration::from_secs(4);

/// The first delay after a failure of ours; it doubles with each.
const DELAY_FIRST_MS: u64 = 500;

/// The longest delay.
const DELAY_MAX_MS: u64 = 30_000;

/// A job as it was claimed.
pub(super) struct Claimed {
    pub(super) tenant_id: Uuid,
    pub(super) job_id: Uuid,
    pub(super) task: Json<Task>,
    pub(super) attempts: i32,
    pub(super) last_error: Option<String>,
}

/// A job and the lease on it.
pub(super) struct Held {
    database: Database,
    owner: Uuid,
    job: Claimed,
}

impl Held {
    /// Take a job of these kinds that is due, if there is one.
    pub(super) async fn claim(
        database: &Database,
        kinds: &[&str],
    ) -> Result<Option<Self>, ApiError> {
        let owner = Uuid::now_v7();
        let mut crossing = database.crossing().await?;
        let job = store::claim(&mut crossing, owner, lease_ms(), kinds).await?;
        Ok(job.map(|job| Self {
            database: database.clone(),
            owner,
            job,
        }))
    }

    /// What to do.
    pub(super) fn task(&self) -> &Task {
        &self.job.task
    }

    /// Whose job it is.
    pub(super) fn tenant_id(&self) -> TenantId {
        self.job.tenant_id.into()
    }

    /// The job's id, for the log.
    pub(super) fn job_id(&self) -> Uuid {
        self.job.job_id
    }

    /// How often it was begun, this time included.
    pub(super) fn attempts(&self) -> i32 {
        self.job.attempts
    }

    /// How many workers fell silent over it without a word why. A failure that was noted is not one of them.
    pub(super) fn silent_deaths(&self) -> i32 {
        match self.job.last_error {
            Some(_) => 0,
            None => self.job.attempts - 1,
        }
    }

    /// A transaction that sees the job's tenant.
    pub(super) async fn tenant_tx(&self) -> Result<TenantTx, ApiError> {
        self.database.tenant_tx(self.tenant_id()).await
    }

    /// Renews the lease for as long as it is polled; ends when the lease is lost.
    pub(super) async fn lost(&self) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(job.id = %self.job.job_id, "cannot renew a lease: {error}")
                }
            }
        }
    }

    async fn renew(&self) -> Result<bool, ApiError> {
        let mut tx = self.tenant_tx().await?;
        let held = store::renew(&mut tx, self.job.job_id, self.owner, lease_ms()).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Mark the job as done within this transaction. False when the lease was lost: then the transaction must not commit.
    pub(super) async fn finish(&self, tx: &mut TenantTx) -> Result<bool, ApiError> {
        store::finish(tx, self.job.job_id, self.owner).await
    }

    /// Note within this transaction what is left of the job, for whoever goes on with it. False when the lease was lost: then the
    /// transaction must not commit.
    pub(super) async fn go_on_with(
        &self,
        tx: &mut TenantTx,
        rest: &Task,
    ) -> Result<bool, ApiError> {
        store::go_on_with(tx, self.job.job_id, self.owner, rest).await
    }

    /// Let go of the job in its middle, and have it gone on with at once.
    pub(super) async fn let_go(&self) -> Result<(), ApiError> {
        self.rest(Duration::ZERO).await
    }

    /// Let go of the job in its middle, and have it gone on with after this time.
    pub(super) async fn rest(&self, pause: Duration) -> Result<(), ApiError> {
        let delay_ms = i32::try_from(pause.as_millis()).unwrap_or(i32::MAX);
        let mut tx = self.tenant_tx().await?;
        store::put_off(&mut tx, self.job.job_id, self.owner, delay_ms, None).await?;
        tx.commit().await
    }

    /// Let go of the job after a failure of ours, and have it done again later.
    pub(super) async fn put_off(&self, error: &str) -> Result<(), ApiError> {
        let doublings = u32::try_from(self.job.attempts - 1).unwrap_or(0).min(10);
        let delay_ms = (DELAY_FIRST_MS << doublings).min(DELAY_MAX_MS);
        let delay_ms = i32::try_from(delay_ms).unwrap_or(i32::MAX);
        let mut tx = self.tenant_tx().await?;
        // Postgres takes no NUL in a text.
        let error = error.replace('\0', "");
        store::put_off(&mut tx, self.job.job_id, self.owner, delay_ms, Some(&error)).await?;
        tx.commit().await
    }
}

fn lease_ms() -> i32 {
    i32::try_from(LEASE.as_millis()).expect("a lease is seconds")
}
