//! What a pause leaves in the way of others, and what a resume sets going, where many deliveries wait.

use cartwright_tests::{Options, Role, Stack, Tenant};
use serde_json::{Value, json};

use crate::guests;
use crate::queued::{Queue, soon};
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
    let few = (
        Role::Worker,
        "CARTWRIGHT_DELIVERIES_IN_FLIGHT",
        "4".to_owned(),
    );
    let stack = Stack::start(Options {
        environment: vec![few],
        ..Options::default()
    })
    .await;
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
    let good = "select count(*) from delivery_ended where tenant_id = $tenant and status = 'succeeded'";
    soon("the good ones ran", async || queue.number(good).await == 10).await;
    let path = format!("/v1/subscriptions/{broken}");
    assert_eq!(ada.get(&path).await.expect(200).json()["paused"], true);
    let held = "select count(*) from delivery where tenant_id = $tenant and ready_at = 'infinity'";
    let held = queue.number(held).await;
    assert!(held > 3_900, "{held} wait for the resume");
}
