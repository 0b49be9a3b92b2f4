//! From a run to its bill, whatever dies on the way: answered ⊆ billed ⊆ started, and nothing twice.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use crate::guests::busy;

const WITHIN: Duration = Duration::from_secs(30);

/// The invocations of a tenant that billing has, and how many rows say so.
pub(crate) async fn billed(stack: &Stack, tenant: &Tenant) -> (HashSet<Uuid>, usize) {
    let rows = sqlx::query(
        "select invocation_id from meter_record join tenant using (tenant_id) where slug = $1",
    )
    .bind(&tenant.slug)
    .fetch_all(&mut stack.database().await)
    .await
    .expect("the records of the tenant");
    let count = rows.len();
    (
        rows.iter().map(|row| row.get("invocation_id")).collect(),
        count,
    )
}

/// Runs that were answered, of many that are started by `senders` at once until `stop`.
async fn load(
    tenant: &Tenant,
    senders: usize,
    stop: &AtomicUsize,
    started: &AtomicUsize,
) -> HashSet<Uuid> {
    let send = async || {
        let mut answered = Vec::new();
        while stop.load(Ordering::SeqCst) == 0 {
            started.fetch_add(1, Ordering::SeqCst);
            match tenant.try_send(tenant.invocation("hello").body("{}")).await {
                Ok(answer) if answer.status == 200 => {
                    answered.push(
                        answer
                            .header("cartwright-invocation-id")
                            .parse()
                            .expect("an id"),
                    );
                }
                // Nobody listens just now.
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        answered
    };
    let answered: Vec<Vec<Uuid>> = join_all((0..senders).map(|_| send())).await;
    let count: usize = answered.iter().map(Vec::len).sum();
    let answered: HashSet<Uuid> = answered.into_iter().flatten().collect();
    assert_eq!(answered.len(), count, "no id was given out twice");
    answered
}

async fn all_billed(stack: &Stack, tenant: &Tenant, answered: &HashSet<Uuid>) -> usize {
    eventually("every answered run is billed", WITHIN, async || {
        let (ids, count) = billed(stack, tenant).await;
        assert_eq!(ids.len(), count, "nothing is billed twice");
        answered.is_subset(&ids).then_some(count)
    })
    .await
}

#[tokio::test]
async fn a_run_is_billed_within_two_seconds() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;

    let answer = ada.invoke_when_known("hello", &json!({})).await.expect(200);

    let id: Uuid = answer
        .header("cartwright-invocation-id")
        .parse()
        .expect("an id");
    all_billed(stack, &ada, &HashSet::from([id])).await;
    let run = ada
        .get(&format!("/v1/invocations/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(run["outcome"], "ok");
    for (field, header) in [
        ("fuel", "cartwright-fuel"),
        ("memory_peak_bytes", "cartwright-memory-peak"),
        ("duration_us", "cartwright-duration-us"),
    ] {
        assert_eq!(run[field].to_string(), answer.header(header), "{field}");
    }
    assert_eq!(run["cost"], answer.header("cartwright-cost"));
    assert_eq!(run["request_id"], answer.header("cartwright-request-id"));
}

#[tokio::test]
async fn whoever_kills_executor_and_billing_under_load_finds_every_answer_billed_once() {
    let stack = Arc::new(Stack::start(Options::default()).await);
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let (stop, started) = (AtomicUsize::new(0), AtomicUsize::new(1));

    let kills = async {
        for role in [Role::Executor, Role::Billing, Role::Executor] {
            tokio::time::sleep(Duration::from_millis(700)).await;
            stack.kill(role);
            tokio::time::sleep(Duration::from_millis(200)).await;
            stack.run(role);
            stack.ready(role).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop.store(1, Ordering::SeqCst);
    };
    let (answered, ()) = tokio::join!(load(&ada, 20, &stop, &started), kills);

    assert!(
        answered.len() > 100,
        "only {} runs were answered",
        answered.len()
    );
    let count = all_billed(&stack, &ada, &answered).await;
    assert!(count <= started.load(Ordering::SeqCst), "{count} billed");
}

#[tokio::test]
async fn while_billing_is_away_runs_go_on_and_their_records_wait() {
    let stack = Stack::start(Options {
        environment: vec![(
            Role::Executor,
            "CARTWRIGHT_METER_DURABILITY",
            "strict".to_owned(),
        )],
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);

    stack.kill(Role::Billing);
    let input = json!({});
    let answers = join_all((0..50).map(|_| ada.invoke("hello", &input))).await;
    let answered: HashSet<Uuid> = answers
        .into_iter()
        .map(|answer| {
            answer
                .expect(200)
                .header("cartwright-invocation-id")
                .parse()
                .expect("an id")
        })
        .collect();
    // The next process ships what this one could not.
    assert!(stack.stop(Role::Executor).await.success());
    stack.run(Role::Executor);
    stack.run(Role::Billing);
    stack.ready(Role::Billing).await;

    all_billed(&stack, &ada, &answered).await;
}

#[tokio::test]
async fn a_caller_who_leaves_in_the_middle_is_billed_for_what_ran() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.deploy("busy", busy(12_000_000)).await;
    let whole = ada.invoke_when_known("busy", &json!({})).await.expect(200);
    let started = 20;

    let impatient = (0..started).map(|_| {
        let request = ada
            .invocation("busy")
            .body("{}")
            .timeout(Duration::from_millis(60));
        ada.try_send(request)
    });
    let left = join_all(impatient)
        .await
        .into_iter()
        .filter(Result::is_err)
        .count();

    assert!(
        left > 0,
        "the machine is too fast for this test: make the function slower"
    );
    let runs = eventually("every run is metered", WITHIN, async || {
        let page = ada
            .get("/v1/invocations?function=busy&limit=100")
            .await
            .expect(200)
            .json();
        let runs = page["data"].as_array().cloned().unwrap_or_default();
        let in_flight = metric(Stack::shared().await, "cartwright_callers_left_early_total").await;
        (runs.len() > 1 && in_flight > 0.0).then_some(runs)
    })
    .await;
    assert!(runs.len() <= started + 1);
    for run in runs {
        assert_eq!(
            run["fuel"].to_string(),
            whole.header("cartwright-fuel"),
            "each that began ran to its end"
        );
    }
}

/// A number of the executor's, the sum over its labels.
async fn metric(stack: &Stack, name: &str) -> f64 {
    let metrics = reqwest::get(format!("{}/metrics", stack.invoke_url))
        .await
        .expect("an answer");
    let text = metrics.text().await.expect("text");
    text.lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}
