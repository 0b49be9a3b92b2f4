//! A payload on its way to one function: JSON, and cut down to the part that the function asked for.

use bytes::Bytes;
use cartwright_domain::outcome::Trigger;
use cartwright_domain::problem::Code;

use super::Refusal;
use super::body::check_json;
use super::what::Resolved;

/// The input of a run, and what it was cut from.
pub(super) struct Cut {
    pub(super) input: Bytes,
    /// Bytes of the whole payload, where a part of it was asked for.
    pub(super) payload_bytes: Option<u32>,
}

/// The part of this payload that the function asked for.
pub(super) fn cut(resolved: &Resolved, payload: Bytes) -> Result<Cut, Refusal> {
    check_json(&payload)?;
    cut_checked(resolved, payload)
}

/// The same of a payload that is known to be JSON.
pub(super) fn cut_checked(resolved: &Resolved, payload: Bytes) -> Result<Cut, Refusal> {
    // What a replay runs on was cut when it was recorded.
    let query = resolved.function.input_query.as_ref();
    let Some(query) = query.filter(|_| resolved.trigger != Trigger::Replay) else {
        return Ok(Cut {
            input: payload,
            payload_bytes: None,
        });
    };
    let input = query.cut(&payload).map_err(|error| {
        Refusal::new(
            Code::InvalidRequest,
            format!("the input cannot be cut to what the function asks for: {error}"),
        )
    })?;
    Ok(Cut {
        input: input.into(),
        payload_bytes: Some(u32::try_from(payload.len()).expect("inputs are limited to a few MiB")),
    })
}
