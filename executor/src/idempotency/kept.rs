//! An answer as it is kept and given again: the status, the headers that tell of the run, and the body.

use bytes::{BufMut, Bytes};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::admission::headers::{RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID, SERVER_TIMING};

/// Says that an answer was given before, and that nothing was run or billed for this request.
const REPLAY: HeaderName = HeaderName::from_static("cartwright-idempotent-replay");

/// The largest body that is kept, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 256 << 10;

/// These tell of the request that was answered first, and not of its repeat.
const OF_THE_REQUEST: [HeaderName; 4] = [REQUEST_ID, SERVER_TIMING, RATE_LIMIT, RATE_LIMIT_POLICY];

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The answer as bytes; `None` when it is larger than what is kept.
pub(super) fn encode(answer: &Response<Bytes>) -> Option<Vec<u8>> {
    if answer.body().len() > BODY_BYTES_MAX {
        return None;
    }
    let of_the_run = answer
        .headers()
        .iter()
        .filter(|(name, _)| !OF_THE_REQUEST.contains(name));
    let head = Head {
        status: answer.status().as_u16(),
        headers: of_the_run
            .map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect::<Option<_>>()?,
    };
    let head = serde_json::to_vec(&head).expect("a number and strings are JSON");
    let mut encoded = Vec::with_capacity(4 + head.len() + answer.body().len());
    encoded.put_u32(u32::try_from(head.len()).ok()?);
    encoded.put_slice(&head);
    encoded.put_slice(answer.body());
    Some(encoded)
}

/// The answer that was kept, marked as a replay; `None` when the bytes are none.
pub(super) fn decode(encoded: &Bytes) -> Option<Response<Bytes>> {
    let length = u32::from_be_bytes(encoded.get(..4)?.try_into().ok()?);
    let body_at = usize::try_from(length).ok()?.checked_add(4)?;
    let head: Head = serde_json::from_slice(encoded.get(4..body_at)?).ok()?;
    let mut answer = Response::new(encoded.slice(body_at..));
    *answer.status_mut() = StatusCode::from_u16(head.status).ok()?;
    for (name, value) in head.headers {
        answer
            .headers_mut()
            .append(HeaderName::try_from(name).ok()?, value.parse().ok()?);
    }
    answer
        .headers_mut()
        .insert(REPLAY, HeaderValue::from_static("true"));
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_back_marked_and_without_what_told_of_its_request() {
        let answer = Response::builder()
            .status(422)
            .header("cartwright-fuel", "12")
            .header("content-type", "application/problem+json")
            .header(REQUEST_ID, "1")
            .header(RATE_LIMIT, "2")
            .body(Bytes::from("{}"))
            .unwrap();
        let again = decode(&encode(&answer).unwrap().into()).unwrap();
        assert_eq!(
            (again.status(), again.body()),
            (answer.status(), answer.body())
        );
        let mut headers: Vec<_> = again.headers().keys().map(HeaderName::as_str).collect();
        headers.sort_unstable();
        assert_eq!(
            headers,
            [
                "cartwright-fuel",
                "cartwright-idempotent-replay",
                "content-type"
            ]
        );
    }

    #[test]
    fn the_limit_is_the_last_length_that_is_kept_and_other_bytes_are_no_answer() {
        let of = |length: usize| Response::new(Bytes::from(vec![b'x'; length]));
        assert!(encode(&of(BODY_BYTES_MAX)).is_some());
        assert!(encode(&of(BODY_BYTES_MAX + 1)).is_none());
        for bytes in [
            b"".as_slice(),
            b"\0\0",
            b"\xff\xff\xff\xff{}",
            b"\0\0\0\x02[]",
        ] {
            assert!(decode(&Bytes::copy_from_slice(bytes)).is_none());
        }
    }
}
