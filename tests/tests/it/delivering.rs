//! What becomes of deliveries: each runs its function, ends in one of the documented ways, and is billed once.

use std::time::{Duration, Instant};

use cartwright_tests::{Options, Role, Stack};
use futures_util::future::join_all;
use serde_json::json;

use crate::guests;
use crate::queued::{Ending, Queue, in_flight, soon};
use crate::sending::{event, new_id, send, subscribe};

fn ending(status: &str, cause: Option<&str>, attempts: i16) -> Ending {
    Ending {
        status: status.to_owned(),
        cause: cause.map(str::to_owned),
        attempts,
    }
}

/// How many deliveries began before an earlier one of their key had ended.
const OVERTAKEN: &str = "select count(*) from delivery_ended one join delivery_ended two
    on one.tenant_id = two.tenant_id and one.order_key = two.order_key and one.delivery_id < two.delivery_id
    where one.tenant_id = $tenant and one.ended_at > two.started_at";

/// The endings that are not so.
fn others(endings: &[Ending], expected: &Ending) -> Vec<Ending> {
    endings
        .iter()
        .filter(|one| *one != expected)
        .cloned()
        .collect()
}

#[tokio::test]
async fn an_event_runs_the_function_with_its_envelope_and_is_billed_as_an_event() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("echo", &[]).await;
    queue.send(subscription, 20, &[]).await;

    let endings = queue.ended(20).await;

    assert_eq!(endings, vec![ending("succeeded", None, 1); 20]);
    assert_eq!(queue.billed(20).await, 20);
    let listed = ada
        .get("/v1/invocations?trigger=event&limit=100")
        .await
        .expect(200)
        .json();
    let runs = listed["data"].as_array().expect("a list");
    assert_eq!(runs.len(), 20);
    let path = format!(
        "/v1/invocations/{}",
        runs[0]["invocation_id"].as_str().expect("an id")
    );
    let mut run = json!(null);
    soon("the run's log is kept", async || {
        run = ada.get(&path).await.json();
        run["output"].is_object()
    })
    .await;
    let output = &run["output"];
    assert_eq!(
        (
            &output["type"],
            &output["source"],
            output["data"]["n"].is_u64()
        ),
        (&json!("orders/paid"), &json!(null), true),
        "{run}"
    );
}

#[tokio::test]
async fn a_failure_that_would_repeat_is_dead_at_once_and_another_is_tried_by_the_policy() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("traps", guests::doing("unreachable")).await;
    ada.deploy("late", guests::slow()).await;
    ada.patch("/v1/functions/late", &json!({"limits": {"wall_ms": 10}}))
        .await
        .expect(200);
    let mut queue = Queue::of(stack, &ada).await;
    let (traps, late) = (
        queue.subscribe("traps", &[]).await,
        queue.subscribe("late", &[]).await,
    );
    queue.send(traps, 1, &[]).await;
    queue.ended(1).await;
    queue.send(late, 1, &[]).await;

    let endings = queue.ended(2).await;

    assert_eq!(endings[0], ending("dead", Some("trap"), 1));
    assert_eq!(endings[1], ending("dead", Some("deadline_exceeded"), 3));
    let runs =
        "select count(distinct invocation_id) from delivery_attempt where tenant_id = $tenant";
    assert_eq!(
        queue.number(runs).await,
        2,
        "attempts before the last are kept, each a run of its own"
    );
    assert_eq!(queue.billed(4).await, 4);
}

#[tokio::test]
async fn a_transform_that_we_cannot_read_any_more_costs_a_delivery_nothing_but_time() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(stack, &ada).await;
    // As if it had been stored when it could be read.
    let subscription = queue.subscribe("echo", &[("transform", "'event.('")]).await;
    queue.send(subscription, 2, &[]).await;

    let faults = "select count(*) from delivery_attempt where tenant_id = $tenant and outcome = 'internal' and attempt = 1";
    soon("both are tried and kept", async || {
        queue.number(faults).await >= 2
    })
    .await;
    let waiting = "select count(*) from delivery where tenant_id = $tenant and attempts = 0";
    assert_eq!(queue.number(waiting).await, 2);
    let mend = format!(
        "update subscription set transform = 'event.data' where subscription_id = '{subscription}'"
    );
    queue.run(&mend).await;

    assert_eq!(queue.ended(2).await, vec![ending("succeeded", None, 1); 2]);
}

#[tokio::test]
async fn what_cannot_be_delivered_ends_with_the_reason() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("empty").await;
    ada.deploy("gone", guests::writing("{}")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let (empty, gone) = (
        queue.subscribe("empty", &[]).await,
        queue.subscribe("gone", &[]).await,
    );
    queue.send(empty, 1, &[]).await;
    assert_eq!(
        queue.ended(1).await[0],
        ending("dead", Some("no_live_version"), 3)
    );
    queue
        .run(&format!(
            "update subscription set paused = true where subscription_id = '{gone}'"
        ))
        .await;
    queue.send(gone, 3, &[]).await;
    soon("deliveries of a paused subscription are held", async || {
        queue
            .number(
                "select count(*) from delivery where tenant_id = $tenant and ready_at = 'infinity'",
            )
            .await
            == 3
    })
    .await;
    // One expires while it is held; the others find their function deleted.
    queue
        .run(&format!(
            "update delivery set expires_at = now() where delivery_id = (
                select delivery_id from delivery where subscription_id = '{gone}' order by delivery_id limit 1)"
        ))
        .await;
    assert_eq!(queue.ended(2).await[1], ending("expired", None, 0));
    ada.delete("/v1/functions/gone").await.expect(204);
    queue
        .run(&format!(
            "update subscription set paused = false where subscription_id = '{gone}'"
        ))
        .await;
    assert_eq!(
        queue.ended(4).await[2..],
        vec![ending("dead", Some("function_deleted"), 0); 2]
    );
    queue
        .run(&format!(
            "update subscription set deleted_at = now() where subscription_id = '{gone}'"
        ))
        .await;
    queue.send(gone, 1, &[]).await;
    assert_eq!(queue.ended(5).await[4], ending("cancelled", None, 0));
}

#[tokio::test]
async fn deliveries_of_one_key_run_one_after_the_other_in_their_order() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("echo", &[("order_by", "'/n'")]).await;
    queue
        .send(subscription, 30, &[("order_key", "(n % 3)::text")])
        .await;

    queue.ended(30).await;

    assert_eq!(queue.number(OVERTAKEN).await, 0);
    let keys = "select count(distinct order_key) from delivery_ended where tenant_id = $tenant";
    assert_eq!(queue.number(keys).await, 3);
}

#[tokio::test]
async fn events_of_one_key_that_come_at_the_same_time_run_one_after_the_other() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    subscribe(&ada, "echo", "*", &json!({"order_by": "/key"})).await;
    let events: Vec<_> = (0..40)
        .map(|_| event(&new_id(), "t", &json!({"key": "k"})))
        .collect();

    let sent = join_all(events.iter().map(|event| send(stack, &ada, event))).await;

    sent.into_iter().for_each(|answer| {
        answer.expect(202);
    });
    let mut queue = Queue::of(stack, &ada).await;
    queue.ended(40).await;
    assert_eq!(queue.number(OVERTAKEN).await, 0);
}

#[tokio::test]
async fn a_delivery_waits_while_a_later_one_of_its_key_runs() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("echo", &[("order_by", "'/n'")]).await;
    let other = "insert into queue_worker values ('00000000-0000-7000-8000-000000000009', now() + interval '1 hour')";
    queue.run(other).await;
    // The later one is another worker's before the earlier one comes.
    let held = [
        ("order_key", "'k'"),
        ("lease_owner", "'00000000-0000-7000-8000-000000000009'"),
        ("leased_at", "now()"),
    ];
    queue.send(subscription, 1, &held).await;
    queue
        .run("update delivery set delivery_id = 'ffffffff-ffff-7fff-8fff-ffffffffffff' where lease_owner is not null")
        .await;
    queue.send(subscription, 1, &[("order_key", "'k'")]).await;

    tokio::time::sleep(Duration::from_secs(3)).await;
    let ended = "select count(*) from delivery_ended where tenant_id = $tenant";
    assert_eq!(queue.number(ended).await, 0);
    queue
        .run("delete from delivery where lease_owner = '00000000-0000-7000-8000-000000000009'")
        .await;

    assert_eq!(queue.ended(1).await, [ending("succeeded", None, 1)]);
}

#[tokio::test]
async fn what_is_held_by_nobody_that_is_known_is_freed() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("echo", &[]).await;
    let stranded = [("lease_owner", "gen_random_uuid()"), ("leased_at", "now()")];
    queue.send(subscription, 3, &stranded).await;

    assert_eq!(queue.ended(3).await, vec![ending("succeeded", None, 1); 3]);
}

#[tokio::test]
async fn what_expires_while_it_is_held_ends() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("echo", guests::echoing()).await;
    let mut queue = Queue::of(stack, &ada).await;
    let paused = queue.subscribe("echo", &[("paused", "true")]).await;
    queue
        .send(paused, 2, &[("invocation_id", "gen_random_uuid()")])
        .await;
    queue
        .run(&format!(
            "update delivery set expires_at = now() + interval '1 second', ready_at = 'infinity' where subscription_id = '{paused}'"
        ))
        .await;

    assert_eq!(queue.ended(2).await, vec![ending("expired", None, 0); 2]);
    let runs = "select count(invocation_id) from delivery_ended where tenant_id = $tenant";
    assert_eq!(queue.number(runs).await, 0, "nobody ran them");
}

#[tokio::test]
async fn so_many_deaths_in_a_row_pause_a_subscription_and_a_resume_goes_on() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::doing("unreachable")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue
        .run(&format!(
            "update subscription set pause_after_dead = 3 where subscription_id = '{subscription}'"
        ))
        .await;
    for _ in 0..3 {
        queue.send(subscription, 1, &[]).await;
        let count = queue
            .number("select count(*) from delivery_ended where tenant_id = $tenant")
            .await;
        queue
            .ended(usize::try_from(count).expect("a count").max(1))
            .await;
    }
    queue.ended(3).await;
    let paused = "select count(*) from subscription where tenant_id = $tenant and paused and paused_because like '3 deliveries%'";
    soon("the third death pauses it", async || {
        queue.number(paused).await == 1
    })
    .await;
    queue.send(subscription, 4, &[]).await;
    ada.upload("f", guests::writing("{}")).await.expect(201);
    soon("they are held", async || {
        queue
            .number(
                "select count(*) from delivery where tenant_id = $tenant and ready_at = 'infinity'",
            )
            .await
            == 4
    })
    .await;

    queue.run(&format!("update subscription set paused = false, paused_because = null where subscription_id = '{subscription}'")).await;

    let endings = queue.ended(7).await;
    assert_eq!(endings[3..], vec![ending("succeeded", None, 1); 4]);
    let reset = "select count(*) from subscription where tenant_id = $tenant and dead_in_a_row = 0";
    soon("a success forgets the deaths", async || {
        queue.number(reset).await == 1
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_leaves_one_result_and_one_bill_each() {
    // What takes a while runs a few at a time, or a busy machine makes it miss its deadline.
    let stack = Stack::start(in_flight(4)).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", guests::busy(1_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("busy", &[]).await;
    queue.send(subscription, 200, &[]).await;
    queue.ended(2).await;

    stack.kill(Role::Worker);
    let held = queue
        .number(
            "select count(*) from delivery where tenant_id = $tenant and lease_owner is not null",
        )
        .await;
    stack.run(Role::Worker);

    assert!(held > 0, "the killed worker held some");
    let endings = queue.ended(200).await;
    assert_eq!(others(&endings, &ending("succeeded", None, 1)), []);
    assert_eq!(queue.billed(200).await, 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(queue.billed(200).await, 200);
    let dangling = "select count(*) from delivery_ended d where d.tenant_id = $tenant and not exists (
        select from meter_record m where m.tenant_id = d.tenant_id and m.invocation_id = d.invocation_id)";
    assert_eq!(
        queue.number(dangling).await,
        0,
        "every delivery has its record"
    );
}

#[tokio::test]
async fn a_worker_that_drains_ends_what_runs_and_releases_the_rest_at_once() {
    // What takes a while runs a few at a time, or a busy machine makes it miss its deadline.
    let stack = Stack::start(in_flight(4)).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", guests::busy(1_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("busy", &[]).await;
    queue.send(subscription, 1_000, &[]).await;
    queue.ended(2).await;

    stack.stop(Role::Worker).await;

    let left = "select count(*) from delivery where tenant_id = $tenant";
    assert!(queue.number(left).await > 0);
    assert_eq!(
        queue
            .number(&format!("{left} and lease_owner is not null"))
            .await,
        0
    );
    assert_eq!(queue.number("select count(*) from queue_worker").await, 0);
}

#[tokio::test]
async fn an_ending_that_the_database_refuses_keeps_no_other_from_being_written() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue
        .run("alter table delivery_ended add constraint poison check (order_key <> 'poison')")
        .await;
    let keys = ("order_key", "case when n in (3, 17) then 'poison' end");
    queue.send(subscription, 40, &[keys]).await;

    let endings = queue.ended(38).await;

    assert_eq!(others(&endings, &ending("succeeded", None, 1)), []);
    let given_back =
        "select count(*) from delivery where tenant_id = $tenant and order_key = 'poison'
        and lease_owner is null and faults > 0 and ready_at > now()";
    soon("the first of both is given back", async || {
        queue.number(given_back).await == 1
    })
    .await;
    queue
        .run("alter table delivery_ended drop constraint poison; update delivery set ready_at = now()")
        .await;
    let endings = queue.ended(40).await;
    assert_eq!(others(&endings, &ending("succeeded", None, 1)), []);
    // The runs of the two that were given back took place, and are repeated under their ids: no record comes after these.
    queue.billed(40).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(queue.billed(40).await, 40);
}

#[tokio::test]
async fn only_deliveries_run_under_an_id_that_they_bring() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    let tenant_id = Queue::of(stack, &ada).await.tenant_id;
    let url = format!("{}/internal/v1/run", stack.internal_url(Role::Executor));
    let tokens = "select report->>'run_token' from executor order by last_seen_at desc limit 1";
    let credential: String = sqlx::query_scalar(tokens)
        .fetch_one(&mut stack.database().await)
        .await
        .expect("an executor that reported");
    let ask = async |trigger: &str| {
        let request = json!({"tenant_id": tenant_id, "generation_min": 0, "function": "f", "which": {"alias": "live"},
            "trigger": trigger, "input": "e30=", "invocation_id": uuid::Uuid::now_v7()});
        let http = reqwest::Client::new();
        ada.send(http.post(&url).bearer_auth(&credential).json(&request))
            .await
    };
    assert_eq!(ask("event").await.status, 200);
    for trigger in ["test", "replay"] {
        let refused = ask(trigger).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "invalid_request"),
            "{trigger}"
        );
        assert!(
            refused.text().contains("invocation_id"),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn two_workers_share_one_flow_and_run_no_delivery_twice() {
    let stack = Stack::start(Options {
        more_workers: 1,
        ..in_flight(4)
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", guests::busy(1_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("busy", &[]).await;
    queue.send(subscription, 200, &[]).await;

    soon("both workers hold some", async || {
        let holders = "select count(distinct lease_owner) from delivery where tenant_id = $tenant";
        queue.number(holders).await == 2
    })
    .await;

    let endings = queue.ended(200).await;
    assert_eq!(others(&endings, &ending("succeeded", None, 1)), []);
    assert_eq!(queue.billed(200).await, 200);
    let metrics = reqwest::get(format!("{}/metrics", stack.invoke_url)).await;
    let metrics = metrics.expect("an executor").text().await.expect("text");
    let runs = metrics
        .lines()
        .find_map(|line| line.strip_prefix("cartwright_runs_total{outcome=\"ok\"} "));
    assert_eq!(runs, Some("200"), "the executor ran each once");
}

#[tokio::test]
async fn an_executor_that_is_killed_costs_a_delivery_nothing_but_time() {
    // What takes a while runs a few at a time, or a busy machine makes it miss its deadline.
    let stack = Stack::start(in_flight(4)).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", guests::busy(1_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("busy", &[]).await;
    queue.send(subscription, 200, &[]).await;
    queue.ended(3).await;

    stack.kill(Role::Executor);
    tokio::time::sleep(Duration::from_millis(700)).await;
    stack.run(Role::Executor);

    let endings = queue.ended(200).await;
    assert_eq!(others(&endings, &ending("succeeded", None, 1)), []);
    assert_eq!(queue.billed(200).await, 200);
}

#[tokio::test]
async fn a_tenant_with_a_backlog_keeps_no_other_waiting() {
    let stack = Stack::start(Options::default()).await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    for tenant in [&ada, &bob] {
        tenant.deploy("hello", guests::writing("{}")).await;
    }
    let (mut backlog, mut other) = (Queue::of(&stack, &ada).await, Queue::of(&stack, &bob).await);
    let subscription = backlog.subscribe("hello", &[]).await;
    backlog.send(subscription, 60_000, &[]).await;
    backlog.ended(50).await;
    let subscription = other.subscribe("hello", &[]).await;

    let mut waits = Vec::new();
    for count in 1..=20 {
        let began = Instant::now();
        other.send(subscription, 1, &[]).await;
        other.ended(count).await;
        waits.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let left = backlog
        .number("select count(*) from delivery where tenant_id = $tenant")
        .await;
    assert!(left > 0, "the backlog outlasts the test");
    waits.sort();
    assert!(waits[18] < Duration::from_secs(1), "{waits:?}");
}
