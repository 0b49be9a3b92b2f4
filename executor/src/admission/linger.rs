//! What is left of a body when its request is refused is read and thrown away for a moment: a connection that is closed on
//! a caller who still sends loses the answer, and with it the reason of the refusal.

use std::time::Duration;

use cartwright_domain::limits::Limits;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};

/// So much is thrown away, in bytes. Who sends more than twice the largest input does without the answer.
const BYTES_MAX: u64 = 2 * Limits::CEILING.input_bytes_max as u64;

/// For so long.
const TIME_MAX: Duration = Duration::from_secs(5);

/// A body that lingers when it is dropped before its end.
pub(crate) struct Lingering(Option<Incoming>);

impl Lingering {
    pub(super) fn new(body: Incoming) -> Self {
        Self(Some(body))
    }

    /// The next piece; `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<Result<Frame<bytes::Bytes>, hyper::Error>> {
        let frame = self.0.as_mut()?.frame().await;
        if !matches!(frame, Some(Ok(_))) {
            self.0 = None;
        }
        frame
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(TIME_MAX, discard(body)));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
        if discarded > BYTES_MAX {
            return;
        }
    }
}
