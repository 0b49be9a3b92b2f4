//! What is left of a request's body when its answer is ready is read and thrown away for a moment: a connection that is
//! closed on a client that still sends loses the answer, and with it the reason why a body was refused.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

/// How much is thrown away, in bytes. A client that sends more will do without the answer.
const BYTES_MAX: usize = 64 << 20;
/// For how long.
const TIME_MAX: Duration = Duration::from_secs(5);

/// The same request, whose body lingers when nobody reads it to its end.
pub fn linger(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(Lingering { body, ended: false }))
}

struct Lingering {
    body: Body,
    ended: bool,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.ended = true;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        let body = std::mem::take(&mut self.body);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(TIME_MAX, discard(body)));
        }
    }
}

async fn discard(mut body: Body) {
    let mut left = BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(less) => left = less,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_to_its_end() {
        let (frames, received) = tokio::sync::mpsc::channel::<Result<Bytes, axum::Error>>(1);
        let stream = tokio_stream::wrappers::ReceiverStream::new(received);
        let request = linger(Request::new(Body::from_stream(stream)));

        drop(request);

        for _ in 0..10 {
            frames
                .send(Ok(Bytes::from_static(&[0; 1024])))
                .await
                .unwrap();
        }
    }
}
