//! A batch of replays as it is asked for, and as it is answered.

use cartwright_domain::names::FunctionName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::ReplayRow;
use crate::deliveries::listed::Delivery;
use crate::error::{ApiError, Violation};

/// The longest name, in characters.
const NAME_MAX: usize = 100;

/// The most that are made in a second.
const RATE_MAX: i32 = 1_000;

/// Replay many deliveries.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeliveryReplayRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// What people call it: 1 to 100 characters, and no other batch of the tenant has it.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) name: String,
    /// Which deliveries.
    #[serde(default)]
    pub(super) filter: Filter,
    /// Deliveries that are made in a second, 1 to 1,000; 50 when absent.
    #[serde(default = "rate")]
    #[schema(minimum = 1, maximum = 1000)]
    pub(super) rate_per_s: i32,
    /// Make nothing, and answer what would be replayed.
    #[serde(default)]
    pub(super) dry_run: bool,
}

fn rate() -> i32 {
    50
}

/// Which deliveries to replay. What is absent filters nothing. Those that were replayed already are not among them, unless
/// that replay was cancelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryReplayFilter)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// To this function, by its name.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(super) function: Option<FunctionName>,
    /// Of this subscription, by its id.
    #[serde(default)]
    pub(super) subscription: Option<Uuid>,
    /// Dead for this cause, such as `trap` or `no_live_version`.
    #[serde(default)]
    pub(super) cause: Option<String>,
    /// That ended so: `dead` when absent.
    #[serde(default)]
    pub(super) status: Ended,
    /// Queued at or after this time, RFC 3339.
    #[serde(default)]
    pub(super) from: Option<DateTime<Utc>>,
    /// Queued before this time, RFC 3339.
    #[serde(default)]
    pub(super) to: Option<DateTime<Utc>>,
}

/// How a delivery ended that did not succeed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayedStatus)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// It failed for good.
    #[default]
    Dead,
    /// It was not delivered in time.
    Expired,
    /// Somebody cancelled it, or its subscription was deleted.
    Cancelled,
}

impl Ended {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl ReplayRequest {
    /// Refuse what breaks a rule by itself.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let mut violations = Vec::new();
        let mut refuse = |pointer: &str, detail: String| {
            violations.push(Violation {
                pointer: pointer.to_owned(),
                detail,
            });
        };
        let length = self.name.chars().count();
        if length > NAME_MAX || self.name.trim().is_empty() {
            refuse(
                "/name",
                format!("must have 1 to {NAME_MAX} characters; got {length}"),
            );
        }
        if !(1..=RATE_MAX).contains(&self.rate_per_s) {
            refuse(
                "/rate_per_s",
                format!("must be 1 to {RATE_MAX}; got {}", self.rate_per_s),
            );
        }
        if let (Some(from), Some(to)) = (self.filter.from, self.filter.to)
            && from >= to
        {
            refuse("/filter/from", "must be before `to`".to_owned());
        }
        if self.filter.cause.is_some() && self.filter.status != Ended::Dead {
            refuse(
                "/filter/cause",
                "only dead deliveries have a cause: leave out `cause` or `status`".to_owned(),
            );
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(ApiError::InvalidMembers(violations)),
        }
    }
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[schema(as = DeliveryReplayStatus)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum ReplayStatus {
    /// It waits for a worker.
    Queued,
    /// Deliveries are being made.
    Running,
    /// All are made; some may still wait or run.
    Finished,
    /// Somebody cancelled it.
    Cancelled,
    /// It could not go on; `error` says why.
    Failed,
}

/// Deliveries of a batch that could not be replayed, by why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryReplaySkipped)]
pub(crate) struct Skipped {
    /// The event is no longer kept.
    event_gone: i64,
    /// The function was deleted.
    function_deleted: i64,
    /// The subscription was deleted.
    subscription_deleted: i64,
}

/// Many deliveries that are delivered again. Counts of what became of them hold as long as deliveries are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryReplay {
    /// The batch; its deliveries have it as `replay_id`.
    id: Uuid,
    /// What people call it.
    name: String,
    /// Which deliveries.
    filter: Filter,
    /// Deliveries that are made in a second.
    rate_per_s: i32,
    /// How far it has come.
    status: ReplayStatus,
    /// Why it failed; null unless it did.
    #[schema(required)]
    error: Option<String>,
    /// How many are to be replayed.
    total: i64,
    /// How many new deliveries it has made.
    made: i64,
    /// How many it could not replay, and why.
    skipped: Skipped,
    /// Of those it made, how many wait or run.
    pending: i64,
    /// How many succeeded.
    succeeded: i64,
    /// How many died again.
    dead: i64,
    /// How many were not delivered in time.
    expired: i64,
    /// How many were cancelled.
    cancelled: i64,
    /// When it was asked for: what ended later is not replayed.
    created_at: DateTime<Utc>,
    /// Who asked for it.
    created_by: String,
    /// When a worker began it.
    #[schema(required)]
    begun_at: Option<DateTime<Utc>>,
    /// When all were made, or it was given up.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
}

impl DeliveryReplay {
    /// Where it stands in a list.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl From<ReplayRow> for DeliveryReplay {
    fn from(row: ReplayRow) -> Self {
        Self {
            id: row.replay_id,
            name: row.name,
            filter: row.filter.0,
            rate_per_s: row.rate_per_s,
            status: row.status,
            error: row.error,
            total: row.total,
            made: row.made,
            skipped: Skipped {
                event_gone: row.event_gone,
                function_deleted: row.function_deleted,
                subscription_deleted: row.subscription_deleted,
            },
            pending: row.pending,
            succeeded: row.succeeded,
            dead: row.dead,
            expired: row.expired,
            cancelled: row.cancelled,
            created_at: row.created_at,
            created_by: row.created_by,
            begun_at: row.begun_at,
            ended_at: row.ended_at,
        }
    }
}

/// What a batch would replay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryReplayDryRun)]
pub(crate) struct DryRun {
    /// How many deliveries.
    pub(super) total: i64,
    /// The first of them; null when there is none.
    #[schema(required)]
    pub(super) example: Option<Delivery>,
}
