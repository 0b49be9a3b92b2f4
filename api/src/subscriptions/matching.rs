//! Which deliveries an event makes.

use std::cell::OnceCell;
use std::sync::Arc;

use cartwright_domain::ids::FunctionId;
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store;
use crate::database::TenantTx;
use crate::deliveries::enqueue::{Lane, NewDelivery};
use crate::error::ApiError;
use crate::event_types::Pattern;
use crate::expressions::{Expression, Failure};

/// Steps of one filter on one event: some 1,000 lines of an order, each looked at with care.
const FILTER_STEPS_MAX: u64 = 100_000;

/// Steps of all filters on all events of one request, which wait for them: about half a second.
const REQUEST_STEPS_MAX: u64 = 20_000_000;

/// Bytes of an order key; of a longer value, its digest.
const ORDER_KEY_BYTES_MAX: usize = 200;

/// An event as filters see it.
pub(crate) struct Candidate<'a> {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: &'a str,
    pub(crate) occurred_at: DateTime<Utc>,
    /// The source's id and name; `None` for the platform.
    pub(crate) source: Option<(Uuid, &'a str)>,
    /// The data as it was sent.
    pub(crate) data: &'a [u8],
    read: OnceCell<Option<Json>>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(
        event_id: Uuid,
        event_type: &'a str,
        occurred_at: DateTime<Utc>,
        source: Option<(Uuid, &'a str)>,
        data: &'a [u8],
    ) -> Self {
        Self {
            event_id,
            event_type,
            occurred_at,
            source,
            data,
            read: OnceCell::new(),
        }
    }

    /// The envelope with its data read, the first time that anyone asks. Most subscriptions never do.
    fn envelope(&self) -> Option<&Json> {
        let read = self.read.get_or_init(|| {
            let data: Json = serde_json::from_slice(self.data).ok()?;
            let name = self.source.map(|(_, name)| name);
            Some(envelope(
                self.event_id,
                self.event_type,
                self.occurred_at,
                name,
                data,
            ))
        });
        read.as_ref()
    }
}

/// An event as expressions know it, and, without a transform, as functions get it.
pub(crate) fn envelope(
    id: Uuid,
    event_type: &str,
    occurred_at: DateTime<Utc>,
    source: Option<&str>,
    data: Json,
) -> Json {
    json!({"id": id, "type": event_type, "time": occurred_at, "source": source, "data": data})
}

struct Active {
    subscription_id: Uuid,
    function_id: FunctionId,
    pattern: Pattern,
    source_id: Option<Uuid>,
    filter: Option<Arc<Expression>>,
    order_by: Option<String>,
    expires_after_s: i32,
    held: bool,
}

/// The subscriptions of a tenant, as they stay until the transaction ends.
pub(crate) struct Subscriptions {
    active: Vec<Active>,
    steps: u64,
}

/// Wait until every transaction has ended that makes deliveries of this tenant, and keep new ones waiting.
pub(crate) async fn exclude(tx: &mut TenantTx) -> Result<(), ApiError> {
    store::hold_still(tx, false).await
}

impl Subscriptions {
    /// Read them, once for all events of a transaction.
    pub(crate) async fn of(tx: &mut TenantTx) -> Result<Self, ApiError> {
        store::hold_still(tx, true).await?;
        let rows = store::active(tx).await?;
        let active = rows.into_iter().map(|row| {
            // What stands in the table was read before; if it no longer can be, that is ours.
            let filter = row.filter.as_deref().map(Expression::kept).transpose();
            let filter = filter.map_err(|flaw| anyhow::anyhow!("a stored filter: {flaw}"))?;
            let pattern = Pattern::parse(&row.event_type);
            Ok(Active {
                subscription_id: row.subscription_id,
                function_id: row.function_id.into(),
                pattern: pattern.map_err(|rule| anyhow::anyhow!("a stored pattern: {rule}"))?,
                source_id: row.source_id,
                filter,
                order_by: row.order_by,
                expires_after_s: row.expires_after_s,
                held: row.paused,
            })
        });
        Ok(Self {
            active: active.collect::<Result<_, ApiError>>()?,
            steps: REQUEST_STEPS_MAX,
        })
    }

    /// The deliveries that this event makes.
    pub(crate) fn meet(
        &mut self,
        event: &Candidate<'_>,
        lane: Lane,
    ) -> Result<Vec<NewDelivery>, ApiError> {
        let mut deliveries = Vec::new();
        let mut steps = self.steps;
        for each in &self.active {
            let wanted = each.pattern.matches(event.event_type)
                && each
                    .source_id
                    .is_none_or(|id| event.source.map(|(of, _)| of) == Some(id));
            if !wanted || !passes(each, event, &mut steps)? {
                continue;
            }
            deliveries.push(NewDelivery {
                delivery_id: Uuid::now_v7(),
                event_id: event.event_id,
                subscription_id: Some(each.subscription_id),
                function_id: each.function_id,
                lane,
                order_key: each
                    .order_by
                    .as_deref()
                    .and_then(|pointer| order_key(event, pointer)),
                held: each.held,
                expires_after_s: each.expires_after_s,
                replay: None,
            });
        }
        self.steps = steps;
        Ok(deliveries)
    }
}

/// Whether the filter lets an event pass. One that fails on it does not: what it asks for is not there.
fn passes(each: &Active, event: &Candidate<'_>, left: &mut u64) -> Result<bool, ApiError> {
    let (Some(filter), Some(envelope)) = (&each.filter, event.envelope()) else {
        return Ok(each.filter.is_none());
    };
    let mut steps = FILTER_STEPS_MAX.min(*left);
    let before = steps;
    let held = filter.holds(envelope, &mut steps);
    *left -= before - steps;
    match held {
        Ok(held) => Ok(held),
        Err(Failure::TooCostly(_)) if before < FILTER_STEPS_MAX => Err(ApiError::RateLimited {
            detail: format!(
                "the filters of this tenant's subscriptions take more than {REQUEST_STEPS_MAX} steps on these events: send fewer at a time"
            ),
            retry_after_s: 1,
        }),
        Err(failure) => {
            let id = each.subscription_id;
            tracing::debug!(subscription.id = %id, event.id = %event.event_id, "a filter failed: {failure}");
            metrics::counter!("cartwright_filter_failures_total").increment(1);
            Ok(false)
        }
    }
}

/// What deliveries are ordered by; `None` where the event has no such value, and they run as they come.
fn order_key(event: &Candidate<'_>, pointer: &str) -> Option<String> {
    let value = event.envelope()?.get("data")?.pointer(pointer)?;
    let key = match value {
        Json::Null => return None,
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Postgres takes no NUL in a text.
    if key.len() > ORDER_KEY_BYTES_MAX || key.contains('\0') {
        return Some(format!("sha256:{}", hex::encode(Sha256::digest(key))));
    }
    Some(key)
}
