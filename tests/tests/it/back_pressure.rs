//! Executors that have no room or cannot run: deliveries wait for them, and are none the worse for it.

use std::time::Duration;

use cartwright_tests::{Backend, Options, Role, Stack};
use serde_json::json;

use crate::fleet::{forged_report, report_as};
use crate::guests;
use crate::queued::{Ending, Queue, in_flight, soon};
use crate::receiver::{Behaviour, Receiver};

/// Attempts that executors refused, as the workers count them.
async fn refused(stack: &Stack) -> f64 {
    let mut all = 0.0;
    for url in stack.worker_urls() {
        let page = reqwest::get(format!("{url}/metrics")).await;
        let page = page.expect("a worker").text().await.expect("text");
        let line = "cartwright_delivery_attempts_total{result=\"refused\"} ";
        let count = page.lines().find_map(|found| found.strip_prefix(line));
        all += count.map_or(0.0, |count| count.parse::<f64>().expect("a number"));
    }
    all
}

fn succeeded_at_once(count: usize) -> Vec<Ending> {
    let ending = Ending {
        status: "succeeded".to_owned(),
        cause: None,
        attempts: 1,
    };
    vec![ending; count]
}

/// What was refused often waits up to a minute.
const LONG: Duration = Duration::from_secs(180);

/// What is kept of attempts that were not the last.
const KEPT: &str = "select count(*) from delivery_attempt where tenant_id = $tenant";

#[tokio::test]
async fn what_an_executor_refuses_because_of_a_functions_limit_waits_and_is_no_attempt() {
    // A few at a time, so that what is refused is not refused dozens of times before its place is free.
    let stack = Stack::start(Options {
        more_workers: 1,
        ..in_flight(4)
    })
    .await;
    let ada = stack.tenant("ada").await;
    let narrow = json!({"name": "narrow", "limits": {"concurrency_max": 1}});
    ada.post("/v1/functions", &narrow).await.expect(201);
    ada.upload("narrow", guests::busy(3_000_000))
        .await
        .expect(201);
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("narrow", &[]).await;

    queue.send(subscription, 20, &[]).await;

    let endings = queue.ended_within(20, LONG).await;
    assert_eq!(endings, succeeded_at_once(20));
    assert_eq!(queue.billed(20).await, 20);
    assert_eq!(queue.number(KEPT).await, 0);
    assert!(refused(&stack).await > 0.0, "the limit was met");
}

#[tokio::test]
async fn what_executors_cannot_run_now_waits_until_they_can_and_is_no_attempt() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    // The executor has not fetched the module yet when it no longer can, and answers 503.
    ada.deploy("f", guests::writing("{}")).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    stack.cut(Backend::ObjectStore);

    queue.send(subscription, 20, &[]).await;

    soon("some are refused", async || refused(&stack).await >= 5.0).await;
    let untouched = "select count(*) from delivery where tenant_id = $tenant and attempts = 0";
    assert_eq!(queue.number(untouched).await, 20);
    stack.mend(Backend::ObjectStore);
    let endings = queue.ended_within(20, LONG).await;
    assert_eq!(endings, succeeded_at_once(20));
    assert_eq!(queue.number(KEPT).await, 0);
    assert_eq!(queue.billed(20).await, 20);
}

#[tokio::test]
async fn the_places_of_an_executor_that_is_killed_are_free_again() {
    let stack = Stack::start(in_flight(4)).await;
    let ada = stack.tenant("ada").await;
    let quotas = json!({"concurrency": {"limit": 1}});
    let path = format!("/v1/platform/tenants/{}/quotas", ada.slug);
    let put = ada.anonymous(reqwest::Method::PUT, &path);
    let put = put.bearer_auth(stack.platform_key().await).json(&quotas);
    ada.send(put).await.expect(200);
    ada.deploy("busy", guests::busy(8_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("busy", &[]).await;
    queue.send(subscription, 30, &[]).await;
    // One place, which is always taken while there are many.
    queue.ended(2).await;

    stack.kill(Role::Executor);
    tokio::time::sleep(Duration::from_millis(500)).await;
    stack.run(Role::Executor);

    let endings = queue.ended_within(30, LONG).await;
    assert_eq!(endings, succeeded_at_once(30));
    assert_eq!(queue.billed(30).await, 30);
}

#[tokio::test]
async fn a_run_whose_engine_failed_is_asked_for_again_under_its_id_and_billed_once() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    let mut queue = Queue::of(&stack, &ada).await;
    // By its name each function has an executor that it prefers.
    let mut subscriptions = Vec::new();
    for number in 0..20 {
        let name = format!("f-{number}");
        ada.deploy(&name, guests::writing("{}")).await;
        subscriptions.push(queue.subscribe(&name, &[]).await);
    }
    let problem = r#"{"type":"about:blank","title":"Internal","status":500,"code":"internal","detail":"the engine failed"}"#;
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{problem}",
        problem.len()
    );
    let failing = Receiver::start(Behaviour::Says(answer)).await;
    let mut report = forged_report(&format!("http://{}", failing.place));
    report_as(&stack, Role::Executor, &report).await.expect(200);
    // Workers believe their list of executors for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    for subscription in subscriptions {
        queue.send(subscription, 1, &[]).await;
    }
    soon("some fail", async || failing.received().len() >= 3).await;
    report["ended"] = json!(true);
    report_as(&stack, Role::Executor, &report).await.expect(200);

    let endings = queue.ended_within(20, LONG).await;
    assert_eq!(endings, succeeded_at_once(20));
    assert_eq!(queue.billed(20).await, 20);
    let asked: std::collections::BTreeSet<String> = failing
        .received()
        .iter()
        .map(|request| {
            request.json()["invocation_id"]
                .to_string()
                .replace('"', "'")
        })
        .collect();
    let ids: Vec<String> = asked.into_iter().collect();
    let under_them = format!(
        "select count(*) from delivery_ended where tenant_id = $tenant and invocation_id in ({})",
        ids.join(", ")
    );
    let asked = i64::try_from(ids.len()).expect("a few");
    assert_eq!(queue.number(&under_them).await, asked, "{ids:?}");
    let failures = format!("{KEPT} and outcome = 'internal'");
    assert!(queue.number(&failures).await >= asked);
}
