//! One firing: an event and its delivery to the schedule's function, in the transaction that moves the schedule on.

use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ScheduleRun;
use super::due::due;
use super::store::{self, FUNCTION_DELETED, ScheduleRow};
use crate::audit;
use crate::database::TenantTx;
use crate::deliveries::enqueue::NewDelivery;
use crate::deliveries::lane::Lane;
use crate::error::ApiError;
use crate::events::{self, EventData, NewEvent, Origin};
use crate::messages::{Notice, notify};

/// What a schedule's events are called.
const EVENT_TYPE: &str = "schedule.fired";

/// A firing that could not run for so long is given up: three days, as deliveries of subscriptions.
const EXPIRES_AFTER_S: i32 = 259_200;

/// Who did what nobody of the tenant did, in the audit log.
const OURSELVES: &str = "cartwright";

/// Fire what is due of a schedule, unless another worker does, and move it on. Answers how many firings that were.
pub(super) async fn fire_due(tx: &mut TenantTx, schedule_id: Uuid) -> Result<usize, ApiError> {
    let Some((row, now)) = store::lock_due(tx, schedule_id).await? else {
        return Ok(0);
    };
    let Some(next_at) = row.next_at else {
        return Ok(0);
    };
    if row.function_deleted {
        give_up(tx, &row, FUNCTION_DELETED).await?;
        return Ok(0);
    }
    let timing = row.timing()?;
    let firings = due(&timing, row.missed, next_at, now);
    let events: Vec<NewEvent> = firings
        .iter()
        .map(|at| event(&row, *at, time(*at)))
        .collect();
    if !events.is_empty() {
        events::record(tx, events).await?;
    }
    match timing.next(now.max(next_at)) {
        Some(next_at) => store::fired(tx, schedule_id, firings.last().copied(), next_at).await?,
        None => give_up(tx, &row, "it never fires again").await?,
    }
    Ok(firings.len())
}

/// Fire a schedule now, beside its own times.
pub(super) async fn now(tx: &mut TenantTx, row: &ScheduleRow) -> Result<ScheduleRun, ApiError> {
    let event = event(row, Utc::now(), format!("run {}", Uuid::now_v7()));
    let run = ScheduleRun {
        event_id: event.event_id,
        delivery_id: event.deliveries[0].delivery_id,
    };
    events::record(tx, vec![event]).await?;
    Ok(run)
}

/// Pause a schedule that cannot fire, and tell whoever wants to know.
pub(super) async fn give_up(
    tx: &mut TenantTx,
    row: &ScheduleRow,
    because: &str,
) -> Result<(), ApiError> {
    store::pause(tx, row.schedule_id, because).await?;
    let target = audit::target("schedule", &row.schedule_id.to_string());
    audit::append(
        tx,
        OURSELVES,
        "schedule.pause",
        &target,
        None,
        Some(&because),
    )
    .await?;
    let data =
        json!({"schedule_id": row.schedule_id, "function": row.function, "because": because});
    notify(tx, Notice::SchedulePaused, &data, None).await
}

/// The event of a firing. A firing that was recorded once is known by its time, and leaves nothing when it comes again.
fn event(row: &ScheduleRow, at: DateTime<Utc>, external_id: String) -> NewEvent {
    let event_id = Uuid::now_v7();
    NewEvent {
        event_id,
        event_type: EVENT_TYPE.to_owned(),
        origin: Origin::Schedule(row.schedule_id),
        external_id,
        occurred_at: at,
        parent: None,
        data: EventData::Inline(Bytes::from(row.input.clone())),
        request_id: RequestId::new(),
        deliveries: vec![NewDelivery {
            delivery_id: Uuid::now_v7(),
            event_id,
            subscription_id: None,
            function_id: row.function_id.into(),
            lane: Lane::Live,
            order_key: None,
            held: false,
            expires_after_s: EXPIRES_AFTER_S,
            replay: None,
        }],
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
