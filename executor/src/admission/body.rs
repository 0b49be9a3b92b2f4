//! The input of a run on its way in: bounded while it is read, and JSON when it is whole.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cartwright_domain::problem::Code;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use serde::de::IgnoredAny;

use super::Refusal;
use super::linger::Lingering;
use crate::inputs::Taken;

/// A caller may take so long to send its whole input.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// An input that is there, or one that is still being sent.
pub(crate) enum Input {
    Whole(Bytes),
    /// Read and checked for its length, with the room that it takes.
    Read(Bytes, Taken),
    /// One payload of many runs: known to be JSON, and its room is taken.
    Held {
        payload: Bytes,
        room: Arc<Taken>,
    },
    Coming {
        length: Option<u64>,
        body: Lingering,
    },
}

impl Input {
    pub(super) fn coming(headers: &HeaderMap, body: Lingering) -> Self {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Self::Coming { length, body }
    }

    /// The whole input, if it stays within the limit and there is room for it.
    pub(super) async fn read(self, limit: u32, room: &mut Taken) -> Result<Bytes, Refusal> {
        let (length, mut body) = match self {
            Self::Whole(bytes) => {
                check_length(bytes.len() as u64, limit)?;
                take_room(room, &bytes)?;
                return Ok(bytes);
            }
            Self::Read(bytes, taken) => {
                *room = taken;
                return Ok(bytes);
            }
            Self::Held {
                payload,
                room: taken,
            } => {
                check_length(payload.len() as u64, limit)?;
                room.share(taken);
                return Ok(payload);
            }
            Self::Coming { length, body } => (length, body),
        };
        check_length(length.unwrap_or(0), limit)?;
        match tokio::time::timeout(READ_WITHIN, collect(&mut body, length, limit, room)).await {
            Ok(collected) => collected,
            Err(_) => Err(Refusal::new(
                Code::InvalidRequest,
                format!(
                    "the input did not arrive within {} s",
                    READ_WITHIN.as_secs()
                ),
            )),
        }
    }
}

async fn collect(
    body: &mut Lingering,
    length: Option<u64>,
    limit: u32,
    room: &mut Taken,
) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Refusal::new(
                Code::InvalidRequest,
                "the connection ended in the middle of the input",
            )
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        check_length((first.len() + all.len() + data.len()) as u64, limit)?;
        take_room(room, &data)?;
        if first.is_empty() && all.is_empty() {
            // Mostly the only piece: it is passed on without a copy.
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve(length.map_or(0, |length| usize::try_from(length).unwrap_or(0)));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn take_room(room: &mut Taken, data: &Bytes) -> Result<(), Refusal> {
    if room.more(data.len() as u64) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Shedding,
        "this executor holds as many inputs as it has memory for, or as one tenant may; try again in a second",
    ))
}

fn check_length(length: u64, limit: u32) -> Result<(), Refusal> {
    if length <= u64::from(limit) {
        return Ok(());
    }
    let refusal = Refusal::new(
        Code::InputTooLarge,
        format!(
            "the input has at least {length} bytes; the limit of this function is {limit} (`input_bytes_max`): send less, or raise the limit"
        ),
    );
    Err(refusal.with("limit", limit).with("used", length))
}

/// Refuse what is not JSON, and say where it stops being that.
pub(super) fn check_json(input: &[u8]) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal::new(Code::InvalidRequest, detail));
    if input.is_empty() {
        return invalid("the input is empty; it must be JSON: send at least `null`".to_owned());
    }
    let text = match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => {
            return invalid(format!(
                "the input is not JSON: it is not UTF-8 at byte {}",
                error.valid_up_to()
            ));
        }
    };
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => invalid(format!("the input is not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::InputRoom;

    #[test]
    fn what_is_not_json_is_refused_with_the_place() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for good in ["null", " {\"a\": [1, 2.5, \"ä\"]}\n", &deep] {
            assert!(check_json(good.as_bytes()).is_ok());
        }
        let bad: [(&[u8], &str); 5] = [
            (b"", "empty"),
            (b"{\"a\": 1,}", "line 1 column 9"),
            (b"{\n\"a\": x}", "line 2 column 6"),
            (b"\"\xff\"", "UTF-8 at byte 1"),
            (b"1 2", "trailing characters"),
        ];
        for (input, says) in bad {
            let refusal = check_json(input).unwrap_err();
            assert!(
                refusal.problem.detail.contains(says),
                "{}",
                refusal.problem.detail
            );
        }
    }

    #[tokio::test]
    async fn the_limit_is_the_last_length_that_passes() {
        let mut room = Taken::none(InputRoom::of_process(), InputRoom::of_tenant());
        let whole = |length: usize| Input::Whole(Bytes::from(vec![b' '; length]));
        assert_eq!(whole(10).read(10, &mut room).await.unwrap().len(), 10);
        let refusal = whole(11).read(10, &mut room).await.unwrap_err();
        assert_eq!(
            (refusal.problem.code, &refusal.problem.members["limit"]),
            (Code::InputTooLarge, &10.into())
        );
    }
}
