//! What a caller asks of records, checked and made definite.

use cartwright_domain::ids::{FunctionId, InvocationId};
use cartwright_domain::outcome::{Outcome, Trigger};
use serde::Deserialize;
use uuid::Uuid;

use crate::error::BillingError;

/// Most records in a page.
const LIMIT_MAX: usize = 100;

/// The query, as it came.
#[derive(Deserialize)]
pub(super) struct Asked {
    function_id: Option<FunctionId>,
    version: Option<u32>,
    outcome: Option<Outcome>,
    trigger: Option<Trigger>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    min_fuel: Option<u64>,
    before: Option<InvocationId>,
    /// These runs alone, with commas between them; at most as many as a page holds.
    ids: Option<String>,
    limit: Option<usize>,
}

/// Which records. `None` lets every one pass.
pub(super) struct Filter {
    pub(super) function_id: Option<FunctionId>,
    pub(super) version: Option<i32>,
    pub(super) outcome: Option<i16>,
    pub(super) trigger: Option<i16>,
    pub(super) fuel_min: i64,
    pub(super) ids: Option<Vec<Uuid>>,
    /// The lowest id that passes.
    pub(super) from: InvocationId,
    /// Above the highest id that passes.
    pub(super) below: InvocationId,
    pub(super) limit: usize,
}

impl Filter {
    pub(super) fn of(asked: &Asked) -> Result<Self, BillingError> {
        let limit = asked.limit.unwrap_or(LIMIT_MAX);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(BillingError::Invalid(format!(
                "limit is 1 to {LIMIT_MAX}; got {limit}"
            )));
        }
        let ids = asked.ids.as_deref().map(ids).transpose()?;
        let (mut from, mut to) = (
            asked
                .from_ms
                .map_or(InvocationId::from_bytes([0; 16]), first_of),
            asked
                .to_ms
                .map_or(InvocationId::from_bytes([0xff; 16]), first_of),
        );
        if let Some((lowest, highest)) = ids.as_deref().and_then(span) {
            // Ids carry the time, and the table is parted by it: no other day is looked at.
            from = from.max(first_of(lowest.unix_ms()));
            to = to.min(first_of(highest.unix_ms() + 1));
        }
        Ok(Self {
            function_id: asked.function_id,
            // What is larger than any stored number matches nothing, as the largest does.
            version: asked
                .version
                .map(|version| i32::try_from(version).unwrap_or(i32::MAX)),
            outcome: asked.outcome.map(|outcome| outcome.code().into()),
            trigger: asked.trigger.map(|trigger| trigger.code().into()),
            fuel_min: asked
                .min_fuel
                .map_or(0, |fuel| i64::try_from(fuel).unwrap_or(i64::MAX)),
            ids,
            from,
            below: asked.before.map_or(to, |before| before.min(to)),
            limit,
        })
    }
}

fn ids(text: &str) -> Result<Vec<Uuid>, BillingError> {
    let ids: Result<Vec<Uuid>, _> = text.split(',').map(str::parse).collect();
    match ids {
        Ok(ids) if ids.len() <= LIMIT_MAX => Ok(ids),
        _ => Err(BillingError::Invalid(format!(
            "ids are at most {LIMIT_MAX} UUIDs with commas between them"
        ))),
    }
}

/// The lowest and the highest of these.
fn span(ids: &[Uuid]) -> Option<(InvocationId, InvocationId)> {
    Some(((*ids.iter().min()?).into(), (*ids.iter().max()?).into()))
}

/// The lowest id of a millisecond: ids carry the time, so a span of time is a span of ids.
fn first_of(unix_ms: u64) -> InvocationId {
    let mut bytes = [0; 16];
    let unix_ms = unix_ms.min((1 << 48) - 1);
    bytes[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
    InvocationId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_millisecond_is_below_every_id_of_it() {
        let id = InvocationId::new();
        assert!(first_of(id.unix_ms()) < id);
        assert!(first_of(id.unix_ms() + 1) > id);
        assert_eq!(first_of(u64::MAX).unix_ms(), (1 << 48) - 1);
    }
}
