//! Batches of replays as the API offers them: a shadow run of a version on what was recorded, and its quote.

use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::FunctionName;
use cartwright_domain::outcome::Outcome;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::one::Configuration;
use super::runs;
use super::store::BatchRow;
use super::subject::Subject;
use super::summary::{Counts, Fuel, Quote, Summary, sum_up};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::settings;

/// Runs of one batch at most.
const LAST_MAX: i32 = 1_000;

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[schema(as = ReplayStatus)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Status {
    /// It waits for a worker.
    Queued,
    /// Its runs are being repeated.
    Running,
    /// All were.
    Finished,
    /// Someone cancelled it; what it found out until then stays.
    Cancelled,
    /// It cannot go on; `error` says why.
    Failed,
}

/// What a version is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Against {
    /// With what was recorded.
    Recorded(RecordedWord),
    /// With this version, run on the same inputs now.
    Version(i32),
}

/// The word for what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordedWord {
    /// What was recorded.
    Recorded,
}

/// A batch to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// The version to run: one that is ready.
    version: i32,
    /// What to compare it with: `"recorded"`, which is the default, or another version, run on the same inputs now. The
    /// latter also compares runs whose fuel an older engine counted.
    against: Option<Against>,
    /// The configuration that every run is given. With `current`, a difference may be the configuration's doing.
    #[serde(default)]
    configuration: Configuration,
    /// The newest so many runs whose input is kept, at most 1,000; 100 when absent. Tests and replays are not among them.
    #[serde(default = "last")]
    #[schema(minimum = 1, maximum = 1000)]
    last: i32,
    /// Only runs that started at or after this time, RFC 3339.
    from: Option<DateTime<Utc>>,
    /// Only runs that started before this time, RFC 3339.
    to: Option<DateTime<Utc>>,
    /// Only runs that ended so. Such a batch opens no gate.
    #[schema(value_type = Option<String>)]
    outcome: Option<Outcome>,
}

fn last() -> i32 {
    100
}

/// A batch that may be stored.
pub(super) struct NewBatch {
    pub(super) version: i32,
    pub(super) against: Option<i32>,
    pub(super) config_version: Option<i32>,
    pub(super) last: i32,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) outcome: Option<Outcome>,
}

impl BatchRequest {
    /// Refuse what breaks a rule by itself.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let mut violations = Vec::new();
        let mut refuse = |pointer: &str, detail: String| {
            violations.push(Violation {
                pointer: pointer.to_owned(),
                detail,
            });
        };
        if !(1..=LAST_MAX).contains(&self.last) {
            refuse(
                "/last",
                format!("must be 1 to {LAST_MAX}; got {}", self.last),
            );
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            refuse("/from", "must be before `to`".to_owned());
        }
        if self.against == Some(Against::Version(self.version)) {
            refuse(
                "/against",
                "must be another version than `version`".to_owned(),
            );
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(ApiError::InvalidMembers(violations)),
        }
    }

    /// The batch of this function, once it is sure that its versions can run.
    pub(super) async fn of_function(
        &self,
        tx: &mut TenantTx,
        function_id: FunctionId,
    ) -> Result<NewBatch, ApiError> {
        let against = match self.against {
            Some(Against::Version(version)) => Some(version),
            Some(Against::Recorded(_)) | None => None,
        };
        let subject = Subject::of(tx, function_id).await?;
        for version in against.into_iter().chain([self.version]) {
            let version = u32::try_from(version).map_err(|_| ApiError::NotFound("version"))?;
            subject.check_version(tx, version).await?;
        }
        let config_version = match self.configuration {
            Configuration::Recorded => None,
            Configuration::Current => {
                let newest = settings::store::newest(tx, function_id).await?;
                Some(i32::try_from(newest).map_err(anyhow::Error::from)?)
            }
        };
        Ok(NewBatch {
            version: self.version,
            against,
            config_version,
            last: self.last,
            from: self.from,
            to: self.to,
            outcome: self.outcome,
        })
    }
}

/// A version run on recorded inputs, and how that compares with what was there before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayBatch {
    /// The batch.
    id: Uuid,
    /// The function's name.
    function: String,
    /// The version that is run.
    version: i32,
    /// What it is compared with: `"recorded"`, or a version.
    against: Against,
    /// The version of the configuration that every run is given; null when each is given the one that it was recorded with.
    #[schema(required)]
    config_version: Option<i32>,
    /// How many runs were asked for.
    last: i32,
    /// Only runs from this time on.
    #[schema(required)]
    from: Option<DateTime<Utc>>,
    /// Only runs before this time.
    #[schema(required)]
    to: Option<DateTime<Utc>>,
    /// Only runs that ended so.
    #[schema(required)]
    outcome: Option<String>,
    /// How far it has come.
    status: Status,
    /// Why it failed; null unless it did.
    #[schema(required)]
    error: Option<String>,
    /// How many runs it found. None, when no input is kept: see the tenant's `run_log_retention`.
    inputs: u32,
    /// How many of them it has repeated.
    done: u32,
    /// How many went which way.
    counts: Counts,
    /// What the runs burned that ended well on both sides.
    fuel: Fuel,
    /// What the difference costs at the volume of the last seven days. Null until the batch is finished, and without a run
    /// that ended well on both sides.
    #[schema(required)]
    quote: Option<Quote>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// Who asked for it.
    created_by: String,
    /// When a worker began it.
    #[schema(required)]
    begun_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
}

impl ReplayBatch {
    /// Where it stands in a list.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// A batch of the function with this name; of one that goes on, as far as it has come.
    pub(super) async fn of(
        tx: &mut TenantTx,
        name: &FunctionName,
        row: BatchRow,
    ) -> Result<Self, ApiError> {
        let Summary {
            inputs,
            done,
            counts,
            fuel,
            quote,
        } = match row.summary {
            Some(summary) => summary.0,
            None => {
                let (inputs, runs) = runs::store::so_far(tx, row.batch_id).await?;
                sum_up(inputs, &runs)
            }
        };
        Ok(Self {
            id: row.batch_id,
            function: name.to_string(),
            version: row.version,
            against: row
                .against
                .map_or(Against::Recorded(RecordedWord::Recorded), Against::Version),
            config_version: row.config_version,
            last: row.last,
            from: row.from_at,
            to: row.to_at,
            outcome: row.outcome,
            status: row.status,
            error: row.error,
            inputs,
            done,
            counts,
            fuel,
            quote,
            created_at: row.created_at,
            created_by: row.created_by,
            begun_at: row.begun_at,
            ended_at: row.ended_at,
        })
    }
}
