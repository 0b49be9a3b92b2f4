//! Streams of logs: what runs is seen, by whoever may, from every executor, and nothing else is.

use std::collections::HashSet;
use std::time::Duration;

use cartwright_tests::{Options, Stack, Tenant};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use crate::events::{Event, Events};
use crate::guests::logging;

const WITHIN: Duration = Duration::from_secs(60);

/// A tenant with a function that logs.
pub(crate) async fn talker(stack: &Stack) -> Tenant {
    let ada = stack.tenant("ada").await;
    let log = "INFO one\nWARN two\n";
    ada.deploy("talker", logging(log, 1, "")).await;
    ada.invoke_when_known("talker", &json!({}))
        .await
        .expect(200);
    ada
}

pub(crate) fn run_of(event: &Event) -> String {
    event.data["invocation_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Run until a run is seen: from then on the executor knows that somebody watches.
pub(crate) async fn warm(tenant: &Tenant, function: &str, events: &mut Events) {
    let running = async {
        loop {
            tenant.invoke(function, &json!({})).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        _ = running => {}
        _ = events.until(|event| event.name == "line") => {}
    }
}

/// Run once, and read until its last entry came.
pub(crate) async fn run_and_read(tenant: &Tenant, events: &mut Events, last: &str) -> Vec<Event> {
    let answer = tenant.invoke("talker", &json!({})).await;
    let run = answer.header("cartwright-invocation-id").to_owned();
    let mut read = Vec::new();
    loop {
        let event = events.next().await.expect("the stream goes on");
        if run_of(&event) != run {
            continue;
        }
        let is_last = event.text().contains(last);
        read.push(event);
        if is_last {
            return read;
        }
    }
}

#[tokio::test]
async fn what_runs_is_seen_whatever_is_kept() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    ada.patch("/v1/tenant", &json!({"run_log_retention": "none"}))
        .await
        .expect(200);
    let path = "/v1/functions/talker/logs/stream";
    let mut events = Events::of(ada.request(Method::GET, path)).await;
    let open = events.next().await.expect("the first event");
    assert_eq!(
        (open.name.as_str(), open.data),
        ("open", json!({"function": "talker", "retention": "none"}))
    );
    warm(&ada, "talker", &mut events).await;

    let read = run_and_read(&ada, &mut events, "two").await;

    let (one, two) = (&read[0], &read[1]);
    assert_eq!((one.text(), two.text()), ("INFO one", "WARN two"));
    assert_eq!(two.id, format!("{}.1", run_of(two)));
    let mut data = two.data.clone();
    assert!(data["at"].take().is_string() && data["invocation_id"].take().is_string());
    assert_eq!(
        data,
        json!({"kind": "line", "invocation_id": null, "version": 1, "outcome": "ok", "at": null, "seq": 1,
            "level": "warn", "text": "WARN two"})
    );
    // Seen, and kept by nobody.
    let kept = ada
        .get("/v1/functions/talker/logs")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&kept["data"], &kept["retention"]),
        (&json!([]), &json!("none"))
    );
}

#[tokio::test]
async fn a_test_run_a_failure_and_a_cut_are_seen() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    let mut events = Events::watch(&ada, "talker", "").await;
    warm(&ada, "talker", &mut events).await;
    let endless = logging(&"ERROR three\n".repeat(500), 100, "(unreachable)");
    ada.upload("talker", endless).await.expect(201);

    let run = ada
        .post(
            "/v1/functions/talker/versions/2/test",
            &json!({"input": {}}),
        )
        .await
        .expect(200)
        .json();

    let of_run = |event: &Event| run_of(event) == run["invocation_id"].as_str().unwrap();
    let cut = events
        .until(|event| of_run(event) && event.name == "cut")
        .await;
    assert!(cut.text().contains("log_bytes_max"), "{}", cut.text());
    let failure = events.until(of_run).await;
    assert_eq!(
        (
            failure.name.as_str(),
            &failure.data["outcome"],
            &failure.data["level"]
        ),
        ("failure", &json!("trap"), &json!("error"))
    );
    assert_eq!(failure.text(), run["error"]["message"]);
}

#[tokio::test]
async fn a_filter_passes_what_it_says_and_nothing_else() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;
    ada.upload(
        "talker",
        logging("error: three\nfour\n", 1, "(unreachable)"),
    )
    .await
    .expect(201);
    let mut warnings = Events::watch(&ada, "talker", "level=warn").await;
    let mut of_two = Events::watch(&ada, "talker", "version=2&outcome=trap&text=OUR").await;
    let running = async {
        loop {
            for version in ["1", "2"] {
                let run = ada.invocation("talker").query(&[("version", version)]);
                ada.send(run.body("{}")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };

    let reading = async {
        let four = of_two.next().await.expect("the stream goes on");
        assert_eq!((four.text(), &four.data["version"]), ("four", &json!(2)));
        let mut seen = HashSet::new();
        while seen.len() < 3 {
            let event = warnings.next().await.expect("the stream goes on");
            seen.insert(event.text().chars().take(9).collect::<String>());
            assert!(
                ["warn", "error"].contains(&event.data["level"].as_str().unwrap_or_default()),
                "{event:?}"
            );
        }
        seen
    };
    let seen = tokio::select! {
        _ = running => HashSet::new(),
        seen = reading => seen,
    };

    // Of the second version its line and how it failed.
    assert!(
        seen.contains("WARN two") && seen.contains("error: th"),
        "{seen:?}"
    );
}

pub(crate) async fn run_of_next(tenant: &Tenant, function: &str) -> String {
    let answer = tenant.invoke(function, &json!({})).await.expect(200);
    answer.header("cartwright-invocation-id").to_owned()
}

#[tokio::test]
async fn a_stream_is_asked_for_by_who_may_and_only_of_ones_own() {
    let stack = Stack::shared().await;
    let (ada, bob) = (talker(stack).await, stack.tenant("bob").await);
    let path = "/v1/functions/talker/logs/stream";
    assert_eq!(bob.get(path).await.expect(404).code(), "not_found");
    ada.get(&format!("{path}?level=loud")).await.expect(400);
    let invoking = ada
        .post(
            "/v1/api-keys",
            &json!({"name": "runs", "scopes": ["invoke"]}),
        )
        .await
        .expect(201)
        .json();
    let request = ada.anonymous(Method::GET, path);
    let refused = ada
        .send(request.bearer_auth(invoking["key"].as_str().unwrap()))
        .await;
    let refused = refused.expect(403);
    assert!(
        refused.text().contains("invocation:read"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn executors_publish_what_is_watched_and_nothing_else() {
    let stack = Stack::start(Options::default()).await;
    let ada = talker(&stack).await;
    ada.deploy("quiet", logging("nobody watches\n", 1, ""))
        .await;
    ada.invoke_when_known("quiet", &json!({})).await.expect(200);
    let redis = redis::Client::open(stack.wiring.redis_url.as_str()).expect("an address");
    let mut listener = redis.get_async_pubsub().await.expect("Redis");
    // Channels are those of the server, whatever the number of the database.
    let tenant = ada.get("/v1/tenant").await.expect(200).json();
    let channels = format!(
        "cartwright:logs:{}:*",
        tenant["id"].as_str().expect("an id")
    );
    listener
        .psubscribe(&channels)
        .await
        .expect("a subscription");
    let mut published = listener.into_on_message();

    for _ in 0..20 {
        ada.invoke("quiet", &json!({})).await.expect(200);
        ada.invoke("talker", &json!({})).await.expect(200);
    }
    let mut events = Events::watch(&ada, "talker", "").await;
    warm(&ada, "talker", &mut events).await;
    ada.invoke("quiet", &json!({})).await.expect(200);
    run_and_read(&ada, &mut events, "two").await;

    let talker = ada.get("/v1/functions/talker").await.expect(200).json();
    let own = format!(":{}", talker["id"].as_str().expect("an id"));
    let mut heard = 0;
    while let Ok(Some(message)) =
        tokio::time::timeout(Duration::from_millis(500), published.next()).await
    {
        assert!(message.get_channel_name().ends_with(&own));
        assert!(!String::from_utf8_lossy(message.get_payload_bytes()).contains("nobody watches"));
        heard += 1;
    }
    assert!(heard > 0);
}

#[tokio::test]
async fn runs_are_seen_of_every_executor_and_still_when_one_was_killed() {
    let stack = Stack::start(Options {
        more_executors: 2,
        ..Options::default()
    })
    .await;
    let ada = talker(&stack).await;
    let mut events = Events::watch(&ada, "talker", "").await;
    let http = reqwest::Client::new();
    let run_on = async |number| {
        let url = format!("{}/v1/invoke/talker", stack.executor_url(number));
        let request = http.post(url).bearer_auth(&ada.api_key).body("{}");
        let answer = ada.send(request).await;
        (answer.status == 200).then(|| answer.header("cartwright-invocation-id").to_owned())
    };

    for killed in [None, Some(1)] {
        if let Some(number) = killed {
            stack.kill_executor(number);
        }
        for number in (0..3).filter(|number| Some(*number) != killed) {
            // The first runs may come before this executor has heard of the function, or that it is watched.
            let running = async {
                let mut runs = HashSet::new();
                loop {
                    runs.extend(run_on(number).await);
                    let until = tokio::time::Instant::now() + Duration::from_millis(200);
                    while let Ok(event) = tokio::time::timeout_at(until, events.next()).await {
                        if runs.contains(&run_of(&event.expect("the stream goes on"))) {
                            return;
                        }
                    }
                }
            };
            let seen = tokio::time::timeout(WITHIN, running).await;
            seen.unwrap_or_else(|_| panic!("executor {number} is not seen"));
        }
    }
}
