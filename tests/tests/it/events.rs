//! A reader of server-sent events, as any client would be one.

use std::collections::VecDeque;
use std::time::Duration;

use cartwright_tests::Tenant;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// How long a test waits for an event.
const WITHIN: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Event {
    /// The text of an entry.
    pub(crate) fn text(&self) -> &str {
        self.data["text"].as_str().unwrap_or_default()
    }
}

/// A stream that is being read.
pub(crate) struct Events {
    response: Response,
    unread: String,
    come: VecDeque<Event>,
}

impl Events {
    /// The stream that answers this request.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            unread: String::new(),
            come: VecDeque::new(),
        }
    }

    /// Watch a function, from the moment on that executors send what runs.
    pub(crate) async fn watch(tenant: &Tenant, function: &str, query: &str) -> Self {
        let path = format!("/v1/functions/{function}/logs/stream?{query}");
        let mut events = Self::of(tenant.request(Method::GET, &path)).await;
        events.until(|event| event.name == "open").await;
        events
    }

    /// The next event; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        // Heartbeats come, too, while no event does.
        let until = tokio::time::Instant::now() + WITHIN;
        while self.come.is_empty() {
            let chunk = tokio::time::timeout_at(until, self.response.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("nothing came within {WITHIN:?}"));
            // A stream that is cut ends as an error.
            let chunk = chunk.ok().flatten()?;
            self.unread
                .push_str(std::str::from_utf8(&chunk).expect("events are cut between letters"));
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                self.come.extend(read(block));
                self.unread = rest.to_owned();
            }
        }
        self.come.pop_front()
    }

    /// The next event that is such a one.
    pub(crate) async fn until(&mut self, is_such: impl Fn(&Event) -> bool) -> Event {
        let (waited, mut passed) = (std::time::Instant::now(), Vec::new());
        while waited.elapsed() < 2 * WITHIN
            && let Some(event) = self.next().await
        {
            if is_such(&event) {
                return event;
            }
            passed.push(event);
        }
        panic!("no such event among {passed:?}");
    }
}

/// An event, unless the block is only a comment.
fn read(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    Some(Event {
        name: field("event")?.to_owned(),
        id: field("id").unwrap_or_default().to_owned(),
        data: serde_json::from_str(field("data")?).expect("data is JSON"),
    })
}
