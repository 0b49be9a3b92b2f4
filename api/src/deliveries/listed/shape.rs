//! What an answer says of a delivery.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{AttemptRow, DeliveryRow};
use crate::deliveries::lane::Lane;
use crate::page::made_at;

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// It waits for its turn, for its next attempt, or for its subscription to be resumed.
    Pending,
    /// A worker has it.
    Running,
    /// The function returned.
    Succeeded,
    /// It failed for good; `cause` says why.
    Dead,
    /// Somebody cancelled it, or its subscription was deleted.
    Cancelled,
    /// It was not delivered in time.
    Expired,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "dead" => Self::Dead,
            "cancelled" => Self::Cancelled,
            "expired" => Self::Expired,
            _ => Self::Pending,
        }
    }
}

/// An event on its way to a function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// Its id, which carries the time at which it was queued.
    id: Uuid,
    /// The event that it delivers.
    event_id: Uuid,
    /// The event's type; null once the event is no longer kept.
    #[schema(required)]
    event_type: Option<String>,
    /// The function's name.
    function: String,
    /// The subscription that made it; null for a schedule's.
    #[schema(required)]
    subscription_id: Option<Uuid>,
    /// Where it is.
    status: Status,
    /// Why it is dead: the outcome of the run, or `no_live_version`, `function_deleted`, `transform_failed`, `event_gone`,
    /// `input_too_large`. Null otherwise.
    #[schema(required)]
    cause: Option<String>,
    /// How soon it is taken.
    lane: Lane,
    /// Attempts that the function had.
    attempts: i16,
    /// When it may run next; null when it has ended, or is held.
    #[schema(required)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// It waits for its subscription to be resumed, or for an earlier one of its order key.
    held: bool,
    /// What went wrong last.
    #[schema(required)]
    last_error: Option<String>,
    /// The run of the last attempt, or of the one under way.
    #[schema(required)]
    invocation_id: Option<Uuid>,
    /// The delivery that this one repeats.
    #[schema(required)]
    replay_of: Option<Uuid>,
    /// The batch of replays that made it.
    #[schema(required)]
    replay_id: Option<Uuid>,
    /// When it was queued.
    created_at: DateTime<Utc>,
    /// When it ended.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
}

impl Delivery {
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        Self {
            created_at: made_at(row.delivery_id),
            id: row.delivery_id,
            event_id: row.event_id,
            event_type: row.event_type,
            function: row.function,
            subscription_id: row.subscription_id,
            status: Status::of(&row.status),
            cause: row.cause,
            lane: Lane::of(row.lane),
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            held: row.held,
            last_error: row.last_error,
            invocation_id: row.invocation_id,
            replay_of: row.replay_of,
            replay_id: row.replay_id,
            ended_at: row.ended_at,
        }
    }
}

/// One attempt, or a fault of ours on the way to one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempt {
    /// Which of the function's attempts, from 1. A fault of ours has the number of the attempt that it kept from running.
    attempt: i16,
    /// The run; null when none was asked for.
    #[schema(required)]
    invocation_id: Option<Uuid>,
    /// When a worker began it.
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    ended_at: DateTime<Utc>,
    /// `ok`, how the run failed, or why there was none.
    outcome: String,
    /// What went wrong.
    #[schema(required)]
    error: Option<String>,
}

/// A delivery with its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryDetail {
    #[serde(flatten)]
    delivery: Delivery,
    /// When it expires, unless it has ended.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// Deliveries of its subscription with the same key run one after the other.
    #[schema(required)]
    order_key: Option<String>,
    /// The signed message with the function's output, where the subscription names an endpoint.
    #[schema(required)]
    message_id: Option<Uuid>,
    /// Every attempt that is over, the first first.
    history: Vec<Attempt>,
}

impl DeliveryDetail {
    pub(super) fn of(
        row: DeliveryRow,
        attempts: Vec<AttemptRow>,
        message_id: Option<Uuid>,
    ) -> Self {
        let attempts = attempts.into_iter().map(|attempt| Attempt {
            attempt: attempt.attempt,
            invocation_id: attempt.invocation_id,
            started_at: Some(attempt.started_at),
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            error: attempt.error,
        });
        let mut history: Vec<Attempt> = attempts.collect();
        // The last attempt stands in the row itself.
        if let (Some(started_at), Some(ended_at)) = (row.started_at, row.ended_at) {
            history.push(Attempt {
                attempt: row.attempts,
                invocation_id: row.invocation_id,
                started_at: Some(started_at),
                ended_at,
                outcome: row.cause.clone().unwrap_or_else(|| "ok".to_owned()),
                error: row.last_error.clone(),
            });
        }
        Self {
            expires_at: row.expires_at,
            order_key: row.order_key.clone(),
            message_id,
            history,
            delivery: row.into(),
        }
    }
}
