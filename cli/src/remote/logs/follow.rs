//! Watching logs: one stream for as long as it takes, over as many connections as that needs.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::super::{Remote, shown};
use super::events::{Event, Events};
use super::print;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::output::Output;
use crate::problem::Problem;

/// The server says something every 10 s; when so long nothing came, the connection is dead.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// The first wait before connecting again, so that a connection that breaks at once is no storm; and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// How a connection ended.
enum Ended {
    /// It broke, or the server asked to come again.
    Broken,
    /// The server said why it will not go on.
    Over(Failure),
}

/// Print entries until the stream is over for good, or nobody reads.
pub(super) async fn follow(
    remote: &Remote,
    path: &str,
    filters: &[(&str, String)],
) -> Result<Ending, Failure> {
    let mut events = Events::default();
    let mut answer = connect(remote, path, filters, None).await?;
    loop {
        match read(remote.output, &mut answer, &mut events).await? {
            Ended::Over(failure) => return Err(failure),
            Ended::Broken => events.begin_again(),
        }
        let since = Instant::now();
        answer = come_back(remote, path, filters, events.last_id()).await?;
        if events.last_id().is_none() {
            missed(remote.output, since.elapsed());
        }
    }
}

/// Nothing was seen yet, so the server cannot know since when to tell, and does not say that it left anything out.
fn missed(output: Output, away: Duration) {
    if output.json {
        let data = json!({"lines": null, "reason": "not_resumed"});
        output.say(json!({"event": "dropped", "data": data}));
    } else {
        output.say(format_args!(
            "the connection was away for {:.1} s: what was logged meanwhile is not shown here",
            away.as_secs_f64()
        ));
    }
}

/// Connect until it works, or will never work again.
async fn come_back(
    remote: &Remote,
    path: &str,
    filters: &[(&str, String)],
    last_id: Option<&str>,
) -> Result<Response, Failure> {
    let mut wait = WAITS.0;
    loop {
        tokio::time::sleep(wait).await;
        match connect(remote, path, filters, last_id).await {
            Err(failure) if may_pass(&failure) => {
                if wait == WAITS.0 {
                    remote
                        .output
                        .say(format_args!("cartwright: {failure}; trying again"));
                }
                wait = (wait * 2).min(WAITS.1);
            }
            ended => return ended,
        }
    }
}

async fn connect(
    remote: &Remote,
    path: &str,
    filters: &[(&str, String)],
    last_id: Option<&str>,
) -> Result<Response, Failure> {
    let mut request = remote
        .unbounded(Method::GET, path)?
        .query(filters)
        .header("Accept", "text/event-stream");
    if let Some(id) = last_id {
        request = request.header("Last-Event-ID", id);
    }
    remote.send(request).await
}

/// Whether a stream that was there before may be there again.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } => true,
        Failure::Refused(problem) => [
            "not_ready",
            "shedding",
            "concurrency_limited",
            "unexpected_answer",
        ]
        .contains(&problem.code()),
        _ => false,
    }
}

async fn read(
    output: Output,
    answer: &mut Response,
    events: &mut Events,
) -> Result<Ended, Failure> {
    loop {
        let chunk = match tokio::time::timeout(SILENCE_MAX, answer.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            // Silence, a broken connection, and an end without a word are all the same: it broke on the way.
            Ok(Ok(None) | Err(_)) | Err(_) => return Ok(Ended::Broken),
        };
        for event in events.take(&chunk) {
            if let Some(ended) = tell(output, &event)? {
                return Ok(ended);
            }
        }
    }
}

/// Print an event; the stream's last one says how it ended.
fn tell(output: Output, event: &Event) -> Result<Option<Ended>, Failure> {
    let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
    match event.name.as_str() {
        "line" | "cut" | "failure" => print(output, &data)?,
        "end" => return Ok(Some(end(data))),
        name @ ("open" | "dropped" | "interrupted") if output.json => {
            output.say(json!({"event": name, "data": data}));
        }
        "open" => output.say(format_args!(
            "watching {}; Ctrl-C ends",
            shown::text(&data, "function")
        )),
        "dropped" => output.say(dropped(&data)),
        "interrupted" => output.say(shown::text(&data, "detail")),
        // A later server may say more than this command line knows.
        _ => {}
    }
    Ok(None)
}

fn dropped(data: &Value) -> String {
    let lines = data["lines"].as_u64();
    let lines = lines.map_or_else(|| "lines".to_owned(), |count| format!("{count} lines"));
    let why = match data["reason"].as_str() {
        Some("flood") => "the function logs faster than is streamed",
        Some("slow_reader") => "they came faster than they were read here",
        Some("not_resumed") => "the connection was away for too long",
        _ => "the way from the executors was broken",
    };
    format!("{lines} dropped: {why}")
}

fn end(data: Value) -> Ended {
    // A token that ended is exchanged at the next connection, and a process that drains has others beside it.
    if ["unauthenticated", "not_ready"].contains(&data["code"].as_str().unwrap_or_default()) {
        return Ended::Broken;
    }
    let status = match data["code"].as_str() {
        Some("forbidden") => 403,
        Some("not_found") => 404,
        _ => 500,
    };
    Ended::Over(Failure::Refused(Box::new(Problem::new(status, data))))
}
