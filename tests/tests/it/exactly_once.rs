//! Events that are sent while roles are killed: one result and one bill each.

use std::time::Duration;

use cartwright_tests::{Answer, Options, Role, Stack, Tenant};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::guests;
use crate::queued::Queue;
use crate::sending::{event, new_id, platform, subscribe};

/// Senders of one event.
const AT_ONCE: usize = 50;

/// How often it is tried: a few times by everybody, and a hundred times by who measures.
fn tries() -> usize {
    let given = std::env::var("CARTWRIGHT_EXACTLY_ONCE_TRIES").ok();
    given.map_or(3, |tries| tries.parse().expect("a number of tries"))
}

/// Send until it is accepted, as a sender does that must not lose an event.
async fn until_accepted(stack: &Stack, to: &Tenant, event: &Value) -> Answer {
    loop {
        let request = platform(stack, to, Method::POST, "/v1/events").await;
        let request = request.header("cartwright-tenant", &to.slug).json(event);
        match to.try_send(request).await {
            Ok(answer) if answer.status == 202 => return answer,
            Ok(answer) => assert!(
                answer.status >= 500 || answer.status == 429,
                "{}",
                answer.text()
            ),
            Err(_killed) => {}
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The same of one after the other.
async fn all_accepted(stack: &Stack, to: &Tenant, events: &[Value]) {
    for event in events {
        until_accepted(stack, to, event).await;
    }
}

/// Kill each of them once, in any order and at any moment of the first seconds.
async fn kill_all(stack: &Stack) {
    let chance = Uuid::new_v4().into_bytes();
    let mut roles = [Role::Worker, Role::Api, Role::Executor];
    roles.rotate_left(usize::from(chance[0]) % 3);
    if chance[1] % 2 == 0 {
        roles.swap(1, 2);
    }
    for (role, wait) in roles.into_iter().zip(&chance[8..]) {
        tokio::time::sleep(Duration::from_millis(u64::from(*wait) * 4)).await;
        stack.kill(role);
        stack.run(role);
    }
}

#[tokio::test]
async fn one_event_sent_fifty_times_among_kills_has_one_result_and_one_bill() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    subscribe(&ada, "f", "orders/paid", &json!({})).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let mut more_runs = 0;

    for done in 1..=tries() {
        let event = event(&new_id(), "orders/paid", &json!({"n": done}));
        let senders = (0..AT_ONCE).map(|_| until_accepted(&stack, &ada, &event));
        let (answers, ()) = tokio::join!(join_all(senders), kill_all(&stack));

        let ids: std::collections::HashSet<String> = answers
            .iter()
            .map(|answer| answer.json()["event_id"].to_string())
            .collect();
        assert_eq!(ids.len(), 1, "every sender hears of the same event");
        let first = answers
            .iter()
            .filter(|answer| answer.json()["duplicate"] == false)
            .count();
        assert!(first <= 1, "at most one made it: its answer may have died");
        let endings = queue.ended(done).await;
        assert_eq!(endings.len(), done);
        assert_eq!(
            endings
                .iter()
                .filter(|one| one.status == "succeeded")
                .count(),
            done
        );
        let count = i64::try_from(done).expect("a few");
        assert_eq!(queue.billed(count).await, count);
        for role in [Role::Worker, Role::Api, Role::Executor] {
            stack.ready(role).await;
        }
        more_runs = queue
            .number("select count(*) from usage_dup where tenant_id = $tenant")
            .await;
    }
    // What was still on an executor's disk has been shipped by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let count = i64::try_from(tries()).expect("a few");
    assert_eq!(queue.billed(count).await, count);
    println!("{count} of {count}: one result and one bill each; {more_runs} runs more, unbilled");
}

#[tokio::test]
async fn events_that_come_in_while_the_api_is_killed_run_once_each() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    subscribe(&ada, "f", "orders/paid", &json!({})).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let events: Vec<Value> = (0..200)
        .map(|n| event(&new_id(), "orders/paid", &json!({"n": n})))
        .collect();
    // Ten senders, each of which goes on when its event is accepted.
    let senders = events
        .chunks(20)
        .map(|events| all_accepted(&stack, &ada, events));
    let kills = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stack.kill(Role::Api);
            stack.run(Role::Api);
            stack.ready(Role::Api).await;
        }
    };

    tokio::join!(join_all(senders), kills);

    let endings = queue.ended(200).await;
    let succeeded = endings
        .iter()
        .filter(|one| one.status == "succeeded" && one.attempts == 1);
    assert_eq!((endings.len(), succeeded.count()), (200, 200));
    let kept = "select count(*) from event where tenant_id = $tenant";
    assert_eq!(queue.number(kept).await, 200);
    assert_eq!(queue.billed(200).await, 200);
    // What may still come would come by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(queue.billed(200).await, 200);
    assert_eq!(queue.ended(200).await.len(), 200);
}
