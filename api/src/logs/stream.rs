//! A stream of server-sent events: what a reader is told, written down; heartbeats; and who looks after its end.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use cartwright_domain::problem::Code;
use cartwright_role::drain::Drain;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::entry::{EntryId, Run};
use super::hub::Seat;
use super::places::Place;
use super::reader::{Item, Reader};
use crate::app::App;
use crate::auth::{InvocationRead, Tenant};
use crate::error::ApiError;
use crate::functions::store::id_of;

/// A comment is sent after so long without anything else, so that who reads knows that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Whether the credential is still good is asked as often.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// A stream whose credential could not be asked about for so long ends.
const UNASKED_MAX: Duration = Duration::from_secs(60);

/// Bytes of events that are written at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Proxies that hold answers back until there is more of them are told not to.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Whose stream it is, as it is asked about again and again.
pub(super) struct Welcome {
    pub(super) app: App,
    /// The headers that the stream was asked for with.
    pub(super) headers: HeaderMap,
    pub(super) tenant: Tenant<InvocationRead>,
    pub(super) function: String,
    pub(super) retention: String,
    pub(super) which: cartwright_domain::wire::Watched,
}

/// The stream as an answer. Everything that it holds is given up when its connection ends.
pub(super) fn answer(seat: Seat, place: Place, welcome: Welcome) -> Response {
    let opening = json!({"function": welcome.function, "retention": welcome.retention});
    let watch = tokio::spawn(welcome.watch_over(seat.reader.clone()));
    let events = Events {
        seat,
        opening: opening.to_string(),
        spoke_at: Instant::now(),
        has_begun: false,
        has_ended: false,
        _held: (place, AbortOnDropHandle::new(watch)),
    };
    let body = stream::unfold(events, |mut events| async {
        let chunk = events.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), events))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// The events of one stream.
struct Events {
    seat: Seat,
    /// What an `open` says.
    opening: String,
    spoke_at: Instant,
    has_begun: bool,
    has_ended: bool,
    _held: (Place, AbortOnDropHandle<()>),
}

impl Events {
    /// The next bytes of the stream; none after its end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.has_ended {
            return None;
        }
        let mut text = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            // Who asks learns at once that the stream stands, whatever becomes of Redis.
            text.push_str(": the log of a function\n\n");
            return Some(self.spoke(text));
        }
        while text.is_empty() {
            let heartbeat = tokio::time::sleep_until(self.spoke_at + HEARTBEAT);
            tokio::select! {
                biased;
                item = self.seat.reader.next() => self.write(&mut text, &item),
                () = heartbeat => text.push_str(": heartbeat\n\n"),
            }
        }
        // What waits already leaves with it.
        while text.len() < CHUNK_BYTES
            && !self.has_ended
            && let Some(item) = self.seat.reader.take()
        {
            self.write(&mut text, &item);
        }
        Some(self.spoke(text))
    }

    fn spoke(&mut self, text: String) -> Bytes {
        self.spoke_at = Instant::now();
        text.into()
    }

    fn write(&mut self, text: &mut String, item: &Item) {
        match item {
            Item::Open => event(text, "open", &self.opening),
            Item::Run(run, from) => entries(text, run, *from, &self.seat.reader),
            Item::Dropped(lines, reason) => {
                let data = json!({"lines": lines, "reason": reason.as_str()});
                event(text, "dropped", &data.to_string());
            }
            Item::Interrupted => {
                let detail = "Redis, which carries live logs, cannot be reached: the function runs on, and its lines are missed here until `open` comes again. What is kept is found by a search";
                event(text, "interrupted", &json!({"detail": detail}).to_string());
            }
            Item::End(code, detail) => {
                let data = json!({"code": code.as_str(), "detail": detail});
                event(text, "end", &data.to_string());
                self.has_ended = true;
            }
        }
    }
}

/// The entries of a run that its reader wants, each as an event with its id.
fn entries(text: &mut String, run: &Run, from: usize, reader: &Reader) {
    for (seq, part) in run.parts.iter().enumerate().skip(from) {
        if reader.wanted.has_part(part) {
            let id = EntryId { run: run.id, seq };
            text.push_str(&format!("id: {id}\n"));
            let data = serde_json::to_string(&run.entry(seq)).expect("an entry is plain JSON");
            event(text, run.kind(seq).as_str(), &data);
        }
    }
}

/// One event. JSON has no line breaks, so its data is one line.
fn event(text: &mut String, name: &str, data: &str) {
    text.push_str("event: ");
    text.push_str(name);
    text.push_str("\ndata: ");
    text.push_str(data);
    text.push_str("\n\n");
}

impl Welcome {
    /// Ask again and again whether the stream may go on, and say why it ends when it may not.
    async fn watch_over(self, reader: std::sync::Arc<Reader>) {
        let drain: Drain = self.app.drain.clone();
        let (code, detail) = tokio::select! {
            () = drain.begun() => (
                Code::NotReady,
                "this process ends: come back at once, with Last-Event-ID".to_owned(),
            ),
            end = self.outstayed() => end,
        };
        reader.say(Item::End(code, detail));
    }

    /// Wait until the stream may not go on; why.
    async fn outstayed(&self) -> (Code, String) {
        let mut asked_at = Instant::now();
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            let Err(error) = self.ask().await else {
                asked_at = Instant::now();
                continue;
            };
            let detail = error.to_string();
            match error {
                ApiError::Unauthenticated(_) => return (Code::Unauthenticated, detail),
                ApiError::Forbidden(_) => return (Code::Forbidden, detail),
                ApiError::NotFound(_) => return (Code::NotFound, detail),
                _ if asked_at.elapsed() > UNASKED_MAX => {
                    let detail = "whether your credential is still good could not be asked for a minute: come back with Last-Event-ID";
                    return (Code::NotReady, detail.to_owned());
                }
                _ => {}
            }
        }
    }

    /// Whether the credential is good, for the same tenant, and the function is still there.
    async fn ask(&self) -> Result<(), ApiError> {
        let tenant = Tenant::<InvocationRead>::again(&self.headers, &self.app).await?;
        if tenant.id != self.tenant.id {
            return Err(ApiError::NotFound("tenant"));
        }
        let mut tx = self.app.database.tenant_tx(tenant.id).await?;
        if id_of(&mut tx, &self.function).await? != self.which.function_id {
            return Err(ApiError::NotFound("function: it was deleted"));
        }
        Ok(())
    }
}
