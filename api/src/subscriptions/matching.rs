//! Which deliveries an event makes. Filters are a tenant's program: what they say at once is asked in the transaction, and what
//! takes longer is worked out before it, on a thread that nobody waits for.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use cartwright_domain::ids::{FunctionId, TenantId};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::store;
use crate::database::TenantTx;
use crate::deliveries::enqueue::NewDelivery;
use crate::deliveries::lane::Lane;
use crate::error::ApiError;
use crate::event_types::Pattern;
use crate::expressions::{Expression, Failure};

/// Steps of one filter on one event: some 1,000 lines of an order, each looked at with care.
const FILTER_STEPS_MAX: u64 = 100_000;

/// Steps of all filters on all events of one request, which wait for them: about half a second.
pub(super) const REQUEST_STEPS_MAX: u64 = 20_000_000;

/// Steps that filters may take in the transaction, on the thread of the request: about half a millisecond.
const STEPS_AT_ONCE_MAX: u64 = 20_000;

/// Bytes of data that may be read there: about as long.
const BYTES_AT_ONCE_MAX: usize = 64 << 10;

/// Requests whose filters are asked at the same time, so that other requests have a processor too.
static JUDGES: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(processors.div_ceil(2))
});

/// Bytes of an order key; of a longer value, its digest.
const ORDER_KEY_BYTES_MAX: usize = 200;

/// An event as filters see it.
pub(crate) struct Candidate {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
    pub(crate) occurred_at: DateTime<Utc>,
    /// The source's id and name; `None` for the platform.
    pub(crate) source: Option<(Uuid, String)>,
    /// The data as it was sent.
    pub(crate) data: Bytes,
    read: OnceCell<Option<Json>>,
}

impl Candidate {
    pub(crate) fn new(
        event_id: Uuid,
        event_type: &str,
        occurred_at: DateTime<Utc>,
        source: Option<(Uuid, String)>,
        data: Bytes,
    ) -> Self {
        Self {
            event_id,
            event_type: event_type.to_owned(),
            occurred_at,
            source,
            data,
            read: OnceCell::new(),
        }
    }

    /// The envelope with its data read, the first time that anyone asks. Most subscriptions never do.
    fn envelope(&self) -> Option<&Json> {
        let read = self.read.get_or_init(|| {
            let data: Json = serde_json::from_slice(&self.data).ok()?;
            let name = self.source.as_ref().map(|(_, name)| name.as_str());
            Some(envelope(
                self.event_id,
                &self.event_type,
                self.occurred_at,
                name,
                data,
            ))
        });
        read.as_ref()
    }
}

/// Events of one tenant, with what its filters said of them so far.
#[derive(Default)]
pub(crate) struct Candidates {
    events: Vec<Candidate>,
    /// By the event and the digest of a filter.
    said: HashMap<(Uuid, [u8; 32]), bool>,
}

impl Candidates {
    pub(crate) fn of(events: Vec<Candidate>) -> Self {
        Self {
            events,
            said: HashMap::new(),
        }
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

/// A filter, and the digest of its text: what was said of an event is known by that, whoever changes the filter meanwhile.
struct Filter {
    digest: [u8; 32],
    expression: Arc<Expression>,
}

struct Active {
    subscription_id: Uuid,
    function_id: FunctionId,
    pattern: Pattern,
    source_id: Option<Uuid>,
    filter: Option<Filter>,
    order_by: Option<String>,
    expires_after_s: i32,
    held: bool,
}

/// The subscriptions of a tenant, as they stay until the transaction ends.
pub(crate) struct Subscriptions {
    tenant: TenantId,
    active: Vec<Active>,
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
            let filter = row.filter.as_deref().map(|text| {
                let expression = Expression::kept(text);
                Ok(Filter {
                    digest: Sha256::digest(text).into(),
                    expression: expression
                        .map_err(|flaw| anyhow::anyhow!("a stored filter: {flaw}"))?,
                })
            });
            let pattern = Pattern::parse(&row.event_type);
            Ok(Active {
                subscription_id: row.subscription_id,
                function_id: row.function_id.into(),
                pattern: pattern.map_err(|rule| anyhow::anyhow!("a stored pattern: {rule}"))?,
                source_id: row.source_id,
                filter: filter.transpose().map_err(ApiError::Internal)?,
                order_by: row.order_by,
                expires_after_s: row.expires_after_s,
                held: row.paused,
            })
        });
        Ok(Self {
            tenant: tx.tenant(),
            active: active.collect::<Result<_, ApiError>>()?,
        })
    }

    /// The deliveries that each of these events makes; `None` when that takes longer than a transaction should wait. Then end
    /// it, [`Subscriptions::judge`], and ask again in another.
    pub(crate) fn meet(
        &self,
        candidates: &Candidates,
        lane: Lane,
    ) -> Option<Vec<Vec<NewDelivery>>> {
        let (mut steps, mut bytes) = (STEPS_AT_ONCE_MAX, BYTES_AT_ONCE_MAX);
        let mut met = Vec::with_capacity(candidates.events.len());
        for event in &candidates.events {
            let mut deliveries = Vec::new();
            for each in self.active.iter().filter(|each| each.wants(event)) {
                let said = each.filter.as_ref().map(|filter| {
                    let said = candidates.said.get(&(event.event_id, filter.digest));
                    (filter, said.copied())
                });
                let asks = matches!(said, Some((_, None))) || each.order_by.is_some();
                if asks && event.read.get().is_none() {
                    bytes = bytes.checked_sub(event.data.len())?;
                }
                let passes = match said {
                    None => true,
                    Some((_, Some(passes))) => passes,
                    Some((filter, None)) => each.asked(filter, event, &mut steps)?,
                };
                if passes {
                    deliveries.push(each.delivery_of(event, lane));
                }
            }
            met.push(deliveries);
        }
        Some(met)
    }

    /// Ask every filter of each of these events, outside of any transaction, and take what that costs from `steps`.
    pub(crate) async fn judge(
        self,
        mut candidates: Candidates,
        mut steps: u64,
    ) -> Result<(Candidates, u64), ApiError> {
        let permit = JUDGES.acquire().await;
        let judging = tokio::task::spawn_blocking(move || {
            let Candidates { events, said } = &mut candidates;
            for event in events.iter() {
                for each in self.active.iter().filter(|each| each.wants(event)) {
                    // Read here, for those that only order too.
                    if each.filter.is_some() || each.order_by.is_some() {
                        event.envelope();
                    }
                    let Some(filter) = &each.filter else {
                        continue;
                    };
                    let place = (event.event_id, filter.digest);
                    if !said.contains_key(&place) {
                        let passes = each.asked(filter, event, &mut steps);
                        said.insert(place, passes.ok_or_else(|| self.too_costly())?);
                    }
                }
            }
            Ok((candidates, steps))
        });
        let judged = judging.await.map_err(anyhow::Error::from)?;
        drop(permit);
        judged
    }

    fn too_costly(&self) -> ApiError {
        let detail = format!(
            "the filters of subscriptions take more than {REQUEST_STEPS_MAX} steps on these events, at last those of tenant {}: send \
             fewer at a time",
            self.tenant
        );
        ApiError::RateLimited {
            detail,
            retry_after_s: 1,
        }
    }
}

impl Active {
    fn wants(&self, event: &Candidate) -> bool {
        let source = event.source.as_ref().map(|(id, _)| *id);
        self.pattern.matches(&event.event_type)
            && self.source_id.is_none_or(|id| source == Some(id))
    }

    /// Whether the filter lets an event pass; `None` when the steps that are left do not tell. One that fails on the event does
    /// not: what it asks for is not there.
    fn asked(&self, filter: &Filter, event: &Candidate, left: &mut u64) -> Option<bool> {
        let Some(envelope) = event.envelope() else {
            return Some(false);
        };
        let before = FILTER_STEPS_MAX.min(*left);
        let mut steps = before;
        let held = filter.expression.holds(envelope, &mut steps);
        *left -= before - steps;
        match held {
            Ok(held) => Some(held),
            Err(Failure::TooCostly(_)) if before < FILTER_STEPS_MAX => None,
            Err(failure) => {
                let id = self.subscription_id;
                tracing::debug!(subscription.id = %id, event.id = %event.event_id, "a filter failed: {failure}");
                metrics::counter!("cartwright_filter_failures_total").increment(1);
                Some(false)
            }
        }
    }

    fn delivery_of(&self, event: &Candidate, lane: Lane) -> NewDelivery {
        let key = |pointer: &str| order_key(event, pointer);
        NewDelivery {
            delivery_id: Uuid::now_v7(),
            event_id: event.event_id,
            subscription_id: Some(self.subscription_id),
            function_id: self.function_id,
            lane,
            order_key: self.order_by.as_deref().and_then(key),
            held: self.held,
            expires_after_s: self.expires_after_s,
            replay: None,
        }
    }
}

/// What deliveries are ordered by; `None` where the event has no such value, and they run as they come.
fn order_key(event: &Candidate, pointer: &str) -> Option<String> {
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
