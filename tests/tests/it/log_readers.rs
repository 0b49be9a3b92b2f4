//! Readers of streams of logs: what they miss is said, they are let go in order, and who does not read holds nobody up.

use std::collections::HashSet;
use std::time::Duration;

use cartwright_tests::{Backend, Options, Role, Stack, Tenant, eventually};
use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::events::Events;
use crate::guests::logging;
use crate::live_logs::{run_and_read, run_of, run_of_next, talker, warm};

const WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_flood_is_cut_and_every_line_is_either_seen_or_counted() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    ada.deploy("flood", logging("a line of a flood\n", 1_000, ""))
        .await;
    let mut events = Events::watch(&ada, "flood", "").await;
    warm(&ada, "flood", &mut events).await;
    read_to_end_of_one(&ada, &mut events).await;
    let runs = 300;
    let flooding = futures_util::stream::iter(0..runs)
        .map(|_| run_of_next(&ada, "flood"))
        .buffer_unordered(16)
        .collect::<HashSet<_>>();

    let reading = async {
        let (mut seen, mut dropped, mut reasons) = (0_u64, 0_u64, HashSet::new());
        while seen + dropped < runs * 1_000 {
            let event = events.next().await.expect("the stream goes on");
            match event.name.as_str() {
                "dropped" => {
                    dropped += event.data["lines"].as_u64().expect("a number of lines");
                    reasons.insert(event.data["reason"].as_str().unwrap_or_default().to_owned());
                }
                _ => seen += 1,
            }
        }
        (seen, dropped, reasons)
    };
    let (ids, (seen, dropped, reasons)) = tokio::join!(flooding, reading);

    assert_eq!(ids.len() as u64, runs);
    assert_eq!(seen + dropped, runs * 1_000);
    assert!(seen > 0 && dropped > 0, "{seen} seen, {dropped} dropped");
    assert!(reasons.contains("flood"), "{reasons:?}");
}

/// Run the flood once more, and read until its last line: all that ran before has come.
async fn read_to_end_of_one(tenant: &Tenant, events: &mut Events) {
    let run = run_of_next(tenant, "flood").await;
    let last = format!("{run}.999");
    events.until(|event| event.id == last).await;
}

/// A client that asks for a stream and never reads of it.
async fn never_reading(stack: &Stack, tenant: &Tenant, function: &str) -> TcpStream {
    let address = stack.api_url.strip_prefix("http://").expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut stream = socket
        .connect(address.parse().expect("an address"))
        .await
        .expect("a connection");
    let request = format!(
        "GET /v1/functions/{function}/logs/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
        tenant.api_key
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    stream
}

/// How many streams the api serves.
async fn streams(stack: &Stack) -> Option<u64> {
    let url = format!("{}/metrics", stack.api_url);
    let text = reqwest::get(url).await.ok()?.text().await.ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("cartwright_log_streams "));
    line?.parse().ok()
}

#[tokio::test]
async fn who_never_reads_is_cut_while_another_gets_every_line() {
    let stack = Stack::start(Options::default()).await;
    let ada = talker(&stack).await;
    ada.deploy("steady", logging("a line that is steady\n", 1_000, ""))
        .await;
    let mut reader = Events::watch(&ada, "steady", "").await;
    let _deaf = never_reading(&stack, &ada, "steady").await;
    eventually("both streams are served", WITHIN, async || {
        streams(&stack).await.filter(|streams| *streams == 2)
    })
    .await;
    warm(&ada, "steady", &mut reader).await;

    // As fast as it may be without a flood, until the one is cut.
    let (mut runs, mut seen, mut lost) = (0, HashSet::new(), Vec::new());
    let cut = async {
        while streams(&stack).await != Some(1) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::pin!(cut);
    loop {
        let run = run_of_next(&ada, "steady").await;
        runs += 1;
        while !seen.contains(&format!("{run}.999")) {
            let event = reader.next().await.expect("the reader is not cut");
            if event.name == "line" {
                seen.insert(event.id);
            } else {
                lost.push(event.data);
            }
        }
        assert!((0..1_000).all(|seq| seen.contains(&format!("{run}.{seq}"))));
        seen.clear();
        assert!(runs < 20_000, "who never reads is not cut");
        if futures_util::poll!(&mut cut).is_ready() {
            break;
        }
    }

    assert_eq!(lost, [Value::Null; 0]);
    let run = run_of_next(&ada, "steady").await;
    reader.until(|event| run_of(event) == run).await;
}

#[tokio::test]
async fn a_stream_ends_with_its_credential_and_with_its_function() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    let key = ada
        .post(
            "/v1/api-keys",
            &json!({"name": "to revoke", "scopes": ["read"]}),
        )
        .await
        .expect(201)
        .json();
    let path = "/v1/functions/talker/logs/stream";
    let by_key = ada
        .anonymous(Method::GET, path)
        .bearer_auth(key["key"].as_str().expect("a key"));
    let (mut by_key, mut by_user) = (
        Events::of(by_key).await,
        Events::watch(&ada, "talker", "").await,
    );

    let id = key["id"].as_str().expect("an id");
    ada.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
    let end = by_key.until(|event| event.name == "end").await;
    assert_eq!(
        end.data,
        json!({"code": "unauthenticated", "detail": "this key was revoked"})
    );
    assert!(by_key.next().await.is_none(), "the stream is over");

    ada.delete("/v1/functions/talker").await.expect(204);
    let end = by_user.until(|event| event.name == "end").await;
    assert_eq!(end.data["code"], "not_found");
}

#[tokio::test]
async fn a_tenant_has_so_many_streams_and_a_place_is_free_again_when_one_ends() {
    let stack = Stack::shared().await;
    let (ada, bob) = (talker(stack).await, talker(stack).await);
    let path = "/v1/functions/talker/logs/stream";
    let open = (0..10).map(|_| Events::of(ada.request(Method::GET, path)));
    let mut open = join_all(open).await;

    let refused = ada.get(path).await.expect(429);

    assert_eq!(refused.code(), "concurrency_limited");
    assert_eq!(
        (&refused.json()["limit"], refused.header("retry-after")),
        (&json!(10), "1")
    );
    Events::watch(&bob, "talker", "").await;
    open.pop();
    eventually("a place is free again", WITHIN, async || {
        (ada.get(path).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_is_told_what_came_between_or_that_nobody_knows() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    let mut events = Events::watch(&ada, "talker", "").await;
    warm(&ada, "talker", &mut events).await;
    let seen = run_and_read(&ada, &mut events, "one").await;
    let last = seen.last().expect("an entry").id.clone();
    drop(events);
    let missed = run_of_next(&ada, "talker").await;

    let path = "/v1/functions/talker/logs/stream";
    let again = |id: &str| Events::of(ada.request(Method::GET, path).header("last-event-id", id));
    let mut back = again(&last).await;

    assert_eq!(
        back.next().await.expect("what came between").text(),
        "WARN two"
    );
    back.until(|event| run_of(event) == missed && event.text() == "WARN two")
        .await;
    for unknown in ["01900000-0000-7000-8000-000000000000.0", "nonsense"] {
        let mut late = again(unknown).await;
        let first = late.next().await.expect("an event");
        assert_eq!(
            (first.name.as_str(), first.data),
            ("dropped", json!({"lines": null, "reason": "not_resumed"}))
        );
    }
}

#[tokio::test]
async fn a_stream_survives_redis_and_says_what_it_missed() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = talker(&stack).await;
    let mut events = Events::watch(&ada, "talker", "").await;
    warm(&ada, "talker", &mut events).await;

    stack.cut(Backend::Redis);
    let dropped = events.until(|event| event.name == "dropped").await;
    assert_eq!(
        dropped.data,
        json!({"lines": null, "reason": "interrupted"})
    );
    let interrupted = events.next().await.expect("the stream goes on");
    assert_eq!(interrupted.name, "interrupted");
    assert!(
        interrupted.data["detail"]
            .as_str()
            .is_some_and(|text| text.contains("Redis"))
    );
    ada.invoke("talker", &json!({})).await.expect(200);
    // Who comes now is told at once.
    let path = "/v1/functions/talker/logs/stream";
    let mut second = Events::of(ada.request(Method::GET, path)).await;
    assert_eq!(second.next().await.expect("an event").name, "interrupted");

    stack.mend(Backend::Redis);
    for stream in [&mut events, &mut second] {
        stream.until(|event| event.name == "open").await;
        warm(&ada, "talker", stream).await;
        run_and_read(&ada, stream, "two").await;
    }
}

#[tokio::test]
async fn a_process_that_ends_sends_its_readers_elsewhere_at_once() {
    let stack = Stack::start(Options::default()).await;
    let ada = talker(&stack).await;
    let mut events = Events::watch(&ada, "talker", "").await;

    let (end, status) = tokio::join!(
        events.until(|event| event.name == "end"),
        stack.stop(Role::Api)
    );

    assert_eq!(end.data["code"], "not_ready");
    assert!(status.success(), "{}", stack.log(Role::Api));
    assert!(
        !stack.log(Role::Api).contains("and were cut"),
        "the drain did not wait for the stream"
    );
}
