//! What is said of a subscription, and what of it is refused: with the place of every offence.

use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Subscription, store};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::event_types::Pattern;
use crate::expressions::Expression;

/// Characters of a JSON pointer.
const POINTER_CHARS_MAX: usize = 200;

/// A delivery may wait for 30 days at most: for so long what was seen is known.
const EXPIRES_AFTER_S_MAX: i32 = 2_592_000;

/// What to show to somebody whose filter cannot be read.
const FILTER: &str = "event.type == 'orders/paid' && event.data.total > 100";

/// The same of a transform.
const TRANSFORM: &str = "{'order': event.data.id, 'total': event.data.total}";

/// When a delivery is tried again whose function failed. Each delay is twice the one before, of which a random part is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetryPolicy {
    /// How often the function runs at most, 1 to 20.
    pub(crate) max_attempts: u16,
    /// The first delay in seconds, 1 to 3,600.
    pub(crate) first_delay_s: u32,
    /// The longest delay in seconds, 1 to 86,400.
    pub(crate) delay_max_s: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            first_delay_s: 5,
            delay_max_s: 3_600,
        }
    }
}

/// A subscription to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscription {
    /// The function that runs.
    #[schema(value_type = String, example = "tag-order")]
    pub(super) function: FunctionName,
    /// The alias of it that runs; `live` when absent.
    #[serde(default = "AliasName::live")]
    #[schema(value_type = String)]
    pub(super) alias: AliasName,
    /// An event's type, such as `orders/paid`; a pattern that ends in `/*` or `.*`; or `*`.
    #[schema(example = "orders/*")]
    pub(super) event_type: String,
    /// Only events of this source, by its name.
    pub(super) source: Option<String>,
    /// Which events: an expression over `event`, at most 2 KiB.
    #[schema(example = "event.data.total > 100.0")]
    pub(super) filter: Option<String>,
    /// What of an event the function gets: an expression over `event`, at most 2 KiB.
    pub(super) transform: Option<String>,
    /// A JSON pointer into the event's data: deliveries with the same value there run one after the other.
    #[schema(example = "/customer/id")]
    pub(super) order_by: Option<String>,
    /// When what failed is tried again.
    #[serde(default)]
    pub(super) retry: RetryPolicy,
    /// Seconds that a delivery may wait before it expires, 1 to 2,592,000; three days when absent.
    #[serde(default = "three_days")]
    pub(super) expires_after_s: i32,
    /// Its runs at the same time, 1 to 10,000; what the tenant may when absent.
    pub(super) concurrency: Option<i32>,
    /// Begin with deliveries held.
    #[serde(default)]
    pub(super) paused: bool,
    /// So many deliveries that end dead one after the other pause it; 0 is never, 100 when absent.
    #[serde(default = "a_hundred")]
    pub(super) pause_after_dead: i32,
    /// Where the function's output goes as a signed message.
    pub(super) output_endpoint_id: Option<Uuid>,
}

fn three_days() -> i32 {
    259_200
}

fn a_hundred() -> i32 {
    100
}

/// What to change of a subscription. What is absent stays as it is; null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionChange {
    /// Another function. Deliveries that wait keep theirs.
    #[schema(value_type = Option<String>)]
    function: Option<FunctionName>,
    /// Another alias.
    #[schema(value_type = Option<String>)]
    alias: Option<AliasName>,
    /// Another type or pattern.
    event_type: Option<String>,
    /// Another source, by its name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    source: Option<Option<String>>,
    /// Another filter.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    filter: Option<Option<String>>,
    /// Another transform. Deliveries that wait get it too.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    transform: Option<Option<String>>,
    /// Another pointer.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    order_by: Option<Option<String>>,
    /// Another policy, in place of all of the one before.
    retry: Option<RetryPolicy>,
    /// Of deliveries to come.
    expires_after_s: Option<i32>,
    /// Its runs at the same time.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>)]
    concurrency: Option<Option<i32>>,
    /// Hold its deliveries, or release them.
    pub(super) paused: Option<bool>,
    /// So many deliveries that end dead one after the other pause it.
    pause_after_dead: Option<i32>,
    /// Another endpoint.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    output_endpoint_id: Option<Option<Uuid>>,
}

/// Tells a member that is null from one that is absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A definition, of a subscription that is new or changed. Names stay texts: what stands in the database was checked.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) function: String,
    pub(super) alias: String,
    pub(super) event_type: String,
    pub(super) source: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) transform: Option<String>,
    pub(super) order_by: Option<String>,
    pub(super) retry: RetryPolicy,
    pub(super) expires_after_s: i32,
    pub(super) concurrency: Option<i32>,
    pub(super) paused: bool,
    pub(super) pause_after_dead: i32,
    pub(super) output_endpoint_id: Option<Uuid>,
}

impl NewSubscription {
    pub(super) fn checked(self) -> Result<Definition, ApiError> {
        Definition {
            function: self.function.into(),
            alias: self.alias.into(),
            event_type: self.event_type,
            source: self.source,
            filter: self.filter,
            transform: self.transform,
            order_by: self.order_by,
            retry: self.retry,
            expires_after_s: self.expires_after_s,
            concurrency: self.concurrency,
            paused: self.paused,
            pause_after_dead: self.pause_after_dead,
            output_endpoint_id: self.output_endpoint_id,
        }
        .checked()
    }
}

impl SubscriptionChange {
    /// The definition that it makes of what is.
    pub(super) fn onto(self, before: &Subscription) -> Definition {
        let or = |change: Option<Option<String>>, was: &Option<String>| {
            change.unwrap_or_else(|| was.clone())
        };
        Definition {
            function: self
                .function
                .map_or_else(|| before.function.clone(), String::from),
            alias: self
                .alias
                .map_or_else(|| before.alias.clone(), String::from),
            event_type: self.event_type.unwrap_or_else(|| before.event_type.clone()),
            source: or(self.source, &before.source),
            filter: or(self.filter, &before.filter),
            transform: or(self.transform, &before.transform),
            order_by: or(self.order_by, &before.order_by),
            retry: self.retry.unwrap_or(before.retry.0),
            expires_after_s: self.expires_after_s.unwrap_or(before.expires_after_s),
            concurrency: self.concurrency.unwrap_or(before.concurrency),
            paused: self.paused.unwrap_or(before.paused),
            pause_after_dead: self.pause_after_dead.unwrap_or(before.pause_after_dead),
            output_endpoint_id: self.output_endpoint_id.unwrap_or(before.output_endpoint_id),
        }
    }
}

impl Definition {
    /// The same, if it can stand.
    pub(super) fn checked(self) -> Result<Self, ApiError> {
        let mut found = Vec::new();
        let mut refuse = |pointer: &str, detail: String| {
            found.push(Violation {
                pointer: pointer.to_owned(),
                detail,
            });
        };
        if let Err(rule) = Pattern::parse(&self.event_type) {
            refuse("/event_type", rule);
        }
        let expressions = [
            ("/filter", &self.filter, FILTER),
            ("/transform", &self.transform, TRANSFORM),
        ];
        for (pointer, text, example) in expressions {
            if let Some(Err(flaw)) = text.as_deref().map(Expression::read) {
                refuse(
                    pointer,
                    format!("{flaw}. One that can be read: `{example}`"),
                );
            }
        }
        if let Some(pointer) = &self.order_by
            && (!pointer.starts_with('/')
                || pointer.chars().count() > POINTER_CHARS_MAX
                || pointer.contains('\0'))
        {
            refuse(
                "/order_by",
                format!(
                    "must be a JSON pointer into the event's data, such as /customer/id, of at most {POINTER_CHARS_MAX} characters"
                ),
            );
        }
        let retry = self.retry;
        let mut range = |pointer: &str, got: i64, least: i64, most: i64| {
            if !(least..=most).contains(&got) {
                refuse(pointer, format!("must be {least} to {most}; got {got}"));
            }
        };
        range("/retry/max_attempts", retry.max_attempts.into(), 1, 20);
        range("/retry/first_delay_s", retry.first_delay_s.into(), 1, 3_600);
        range("/retry/delay_max_s", retry.delay_max_s.into(), 1, 86_400);
        range(
            "/expires_after_s",
            self.expires_after_s.into(),
            1,
            EXPIRES_AFTER_S_MAX.into(),
        );
        range(
            "/concurrency",
            self.concurrency.unwrap_or(1).into(),
            1,
            10_000,
        );
        range(
            "/pause_after_dead",
            self.pause_after_dead.into(),
            0,
            100_000,
        );
        if found.is_empty() {
            return Ok(self);
        }
        Err(ApiError::InvalidMembers(found))
    }
}

/// What a subscription names, by id.
#[derive(Debug, Clone, Copy)]
pub(super) struct References {
    pub(super) function_id: FunctionId,
    pub(super) source_id: Option<Uuid>,
}

/// Find what a subscription names. A function that was deleted meanwhile is none that a change could go on with.
pub(super) async fn resolve(
    tx: &mut TenantTx,
    function: &str,
    source: Option<&str>,
    output_endpoint_id: Option<Uuid>,
) -> Result<References, ApiError> {
    let nothing = |pointer: &str, detail: String| {
        ApiError::InvalidMembers(vec![Violation {
            pointer: pointer.to_owned(),
            detail,
        }])
    };
    let function_id = match crate::functions::store::id_of(tx, function).await {
        Err(ApiError::NotFound(_)) => {
            return Err(nothing(
                "/function",
                format!("there is no function \"{function}\""),
            ));
        }
        found => found?,
    };
    let source_id = match source {
        None => None,
        Some(name) => {
            let found = store::source_named(tx, name).await?;
            let missing = || nothing("/source", "there is no source of this name".to_owned());
            Some(found.ok_or_else(missing)?)
        }
    };
    if let Some(id) = output_endpoint_id {
        match crate::endpoints::store::find(tx, id).await {
            Err(ApiError::NotFound(_)) => {
                let detail = format!("there is no endpoint {id}");
                return Err(nothing("/output_endpoint_id", detail));
            }
            found => found?,
        };
    }
    Ok(References {
        function_id,
        source_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_can_be_read() {
        for example in [FILTER, TRANSFORM] {
            assert!(Expression::read(example).is_ok(), "{example}");
        }
    }
}
