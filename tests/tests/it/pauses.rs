//! What a pause leaves in the way of others, and what a resume sets going, where many deliveries wait.

use cartwright_tests::{Role, Stack, Tenant};
use serde_json::{Value, json};

use crate::guests;
use crate::queued::{Queue, in_flight, soon};
use crate::sending::{event, new_id, send, subscribe};

/// Send so many events of a type, a thousand at a time: they come in the lane of lists.
async fn send_many(stack: &Stack, to: &Tenant, event_type: &str, count: usize) {
    for from in (0..count).step_by(1_000) {
        let list: Vec<Value> = (from..count.min(from + 1_000))
            .map(|n| event(&new_id(), event_type, &json!({"n": n})))
            .collect();
        send(stack, to, &json!(list)).await.expect(202);
    }
}

#[tokio::test]
async fn what_waits_behind_thousands_of_a_subscription_that_paused_itself_runs_soon() {
    // A worker that claims few at a time, so that it has to look on at once to come past them within the minute.
    let stack = Stack::start(in_flight(4)).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("broken", guests::doing("unreachable")).await;
    ada.deploy("good", guests::writing("{}")).await;
    let one_death = json!({"pause_after_dead": 1});
    let broken = subscribe(&ada, "broken", "broken/*", &one_death).await;
    subscribe(&ada, "good", "good/*", &json!({})).await;
    stack.kill(Role::Worker);
    send_many(&stack, &ada, "broken/order", 4_000).await;
    send_many(&stack, &ada, "good/order", 10).await;

    stack.run(Role::Worker);

    let mut queue = Queue::of(&stack, &ada).await;
    let good =
        "select count(*) from delivery_ended where tenant_id = $tenant and status = 'succeeded'";
    soon("the good ones ran", async || queue.number(good).await == 10).await;
    let path = format!("/v1/subscriptions/{broken}");
    assert_eq!(ada.get(&path).await.expect(200).json()["paused"], true);
    let held = "select count(*) from delivery where tenant_id = $tenant and ready_at = 'infinity'";
    let held = queue.number(held).await;
    assert!(held > 3_900, "{held} wait for the resume");
}

/// Deliveries of the tenant that may run, and jobs that are left.
async fn released_and_jobs(queue: &mut Queue) -> (i64, i64) {
    let released =
        "select count(*) from delivery where tenant_id = $tenant and ready_at < 'infinity'";
    let jobs = "select count(*) from job where tenant_id = $tenant";
    (queue.number(released).await, queue.number(jobs).await)
}

#[tokio::test]
async fn a_resume_releases_many_in_parts_of_each_key_the_first_and_whoever_takes_it_over_goes_on() {
    // Nobody takes what is released, nor frees what is held without a reason.
    let stack = Stack::start(in_flight(0)).await;
    let ada = stack.tenant("ada").await;
    let paused = json!({"paused": true, "order_by": "/key"});
    let id = subscribe(&ada, "f", "*", &paused).await;
    let subscription = id.parse().expect("an id");
    let mut queue = Queue::of(&stack, &ada).await;
    // One key with many, twelve thousand keys with two each, and as many without one: more than one part of either.
    for (count, key) in [
        (20_000, "'one'"),
        (24_000, "'key ' || n % 12000"),
        (12_000, "null"),
    ] {
        queue.send(subscription, count, &[("order_key", key)]).await;
    }
    queue.run("update delivery set ready_at = 'infinity'").await;
    let path = format!("/v1/subscriptions/{id}");

    ada.patch(&path, &json!({"paused": false}))
        .await
        .expect(200);
    soon("some are released", async || {
        released_and_jobs(&mut queue).await.0 > 0
    })
    .await;
    stack.restart(Role::Worker).await;

    soon("the job is done", async || {
        released_and_jobs(&mut queue).await.1 == 0
    })
    .await;
    assert_eq!(
        released_and_jobs(&mut queue).await.0,
        12_000 + 12_000 + 1,
        "all without a key, and the first of each key"
    );
    let overtaking = "select count(*) from delivery d where d.tenant_id = $tenant and d.ready_at < 'infinity'
        and exists (select from delivery e where e.tenant_id = d.tenant_id and e.order_key = d.order_key and e.delivery_id < d.delivery_id)";
    assert_eq!(queue.number(overtaking).await, 0);
}

#[tokio::test]
async fn a_release_that_another_began_goes_on_after_the_key_that_it_noted() {
    let stack = Stack::start(in_flight(0)).await;
    let ada = stack.tenant("ada").await;
    let id = subscribe(&ada, "f", "*", &json!({"order_by": "/key"})).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = id.parse().expect("an id");
    queue
        .send(subscription, 20, &[("order_key", "'key ' || chr(96 + n)")])
        .await;
    queue.run("update delivery set ready_at = 'infinity'").await;

    queue
        .run(&format!(
            r#"insert into job (tenant_id, job_id, task) select tenant_id, gen_random_uuid(),
                '{{"kind": "hold_deliveries", "subscription_id": "{id}", "after_key": "key j"}}'
            from subscription where subscription_id = '{id}'"#
        ))
        .await;

    soon("the job is done", async || {
        released_and_jobs(&mut queue).await == (10, 0)
    })
    .await;
    let before = "select count(*) from delivery where tenant_id = $tenant and ready_at < 'infinity' and order_key <= 'key j'";
    assert_eq!(queue.number(before).await, 0);
}
