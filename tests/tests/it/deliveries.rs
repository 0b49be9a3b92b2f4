//! What people see of deliveries, and do to them.

use cartwright_tests::{Options, Stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::guests;
use crate::queued::{Queue, soon};

fn field<'a>(list: &'a Value, name: &str) -> Vec<&'a Value> {
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|each| &each[name]).collect()
}

#[tokio::test]
async fn deliveries_are_listed_by_what_became_of_them_and_seen_by_their_tenant_alone() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    ada.deploy("good", guests::writing("{}")).await;
    ada.deploy("bad", guests::doing("unreachable")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let (good, bad) = (
        queue.subscribe("good", &[]).await,
        queue.subscribe("bad", &[]).await,
    );
    queue.send(good, 3, &[]).await;
    queue.send(bad, 2, &[]).await;
    queue.ended(5).await;

    let first = ada.get("/v1/deliveries?limit=2").await.expect(200).json();
    let path = format!(
        "/v1/deliveries?cursor={}",
        first["next_cursor"].as_str().expect("more")
    );
    let rest = ada.get(&path).await.expect(200).json();
    let dead = ada
        .get("/v1/deliveries?status=dead&function=bad&cause=trap")
        .await
        .expect(200)
        .json();
    let failures = ada.get("/v1/deliveries/failures").await.expect(200).json();
    let of_good = format!("/v1/deliveries?subscription={good}&status=succeeded");

    assert_eq!(
        (field(&first, "id").len(), field(&rest, "id").len()),
        (2, 3)
    );
    assert_eq!(field(&dead, "status"), ["dead", "dead"]);
    assert_eq!(
        field(&ada.get(&of_good).await.json(), "event_type"),
        ["orders/paid"; 3]
    );
    assert_eq!(
        field(&ada.get("/v1/deliveries?status=pending").await.json(), "id"),
        [&json!(0); 0]
    );
    let group = &failures["data"][0];
    assert_eq!(
        (
            &group["function"],
            &group["cause"],
            &group["count"],
            &group["example"]
        ),
        (
            &json!("bad"),
            &json!("trap"),
            &json!(2),
            &dead["data"][0]["id"]
        ),
        "{failures}"
    );
    let path = format!(
        "/v1/deliveries/{}",
        dead["data"][0]["id"].as_str().expect("an id")
    );
    let one = ada.get(&path).await.expect(200).json();
    assert_eq!(one["history"][0]["outcome"], "trap", "{one}");
    assert_eq!(one["history"][0]["invocation_id"], one["invocation_id"]);
    assert_eq!(bob.get(&path).await.status, 404);
    assert_eq!(
        field(&bob.get("/v1/deliveries").await.json(), "id"),
        [&json!(0); 0]
    );
    assert_eq!(ada.get("/v1/deliveries?status=lost").await.status, 400);
}

#[tokio::test]
async fn a_delivery_is_replayed_once_under_a_key_and_names_the_old_one() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::doing("unreachable")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue.send(subscription, 1, &[]).await;
    queue.ended(1).await;
    ada.upload("f", guests::writing("{}")).await.expect(201);
    let dead = ada.get("/v1/deliveries").await.json()["data"][0].clone();
    let path = format!(
        "/v1/deliveries/{}/replay",
        dead["id"].as_str().expect("an id")
    );
    let replay = async || {
        let request = ada
            .request(Method::POST, &path)
            .header("idempotency-key", "again");
        ada.send(request).await.expect(201).json()
    };

    let (first, repeat) = (replay().await, replay().await);

    assert_eq!(
        (&first["id"], &first["replay_of"]),
        (&repeat["id"], &dead["id"])
    );
    assert_eq!(
        (&first["event_id"], &first["lane"]),
        (&dead["event_id"], &json!("replay"))
    );
    assert_eq!(queue.ended(2).await[1].status, "succeeded");
    assert_eq!(
        queue
            .number("select count(*) from delivery where tenant_id = $tenant")
            .await,
        0
    );
    let actions = field(&ada.get("/v1/audit").await.json(), "action")
        .iter()
        .filter(|action| **action == "delivery.replay")
        .count();
    assert_eq!(actions, 1);
}

#[tokio::test]
async fn what_waits_can_be_cancelled_and_what_ended_stays() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("f", &[("paused", "true")]).await;
    queue.send(subscription, 1, &[]).await;
    soon("it is held", async || {
        ada.get("/v1/deliveries?status=pending").await.json()["data"][0]["held"] == true
    })
    .await;
    let id = ada.get("/v1/deliveries").await.json()["data"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/v1/deliveries/{id}/cancel");

    let (first, again) = (
        ada.post(&path, &json!({})).await,
        ada.post(&path, &json!({})).await,
    );

    assert_eq!(first.expect(200).json()["status"], "cancelled");
    assert_eq!(again.expect(200).json()["status"], "cancelled");
    assert_eq!(queue.ended(1).await.len(), 1);
}

#[tokio::test]
async fn the_operator_gives_a_tenant_its_share_of_the_queue() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let platform = stack.platform_key().await.to_owned();
    let path = format!("/v1/platform/tenants/{}/queue", ada.slug);
    let put = async |share: Value| {
        let request = ada.anonymous(Method::PUT, &path).bearer_auth(&platform);
        ada.send(request.json(&share)).await
    };
    let share = json!({"weight": 3, "concurrency": 10});
    assert_eq!(put(share.clone()).await.expect(200).json(), share);
    assert_eq!(put(json!({"weight": 0})).await.status, 400);
    assert_eq!(
        put(json!({"weight": 1, "concurrency": 0})).await.status,
        400
    );
}

#[tokio::test]
async fn large_data_of_an_old_day_stays_as_long_as_a_delivery_of_it_waits() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[("paused", "true")]).await;
    // None of it is committed: housekeeping would drop the day.
    queue
        .run(&format!(
            "begin;
            select event_create_days(45, 1);
            insert into event (tenant_id, event_id, event_type, external_id, occurred_at, root_event_id, object_key, data_bytes,
                data_sha256, request_id, deliveries)
            select '{tenant}', id, 'a', 'a', now(), id, 'key', 100000, sha256('a'), id, 1
            from (select uuid_at(now() - interval '40 days') as id) old;
            insert into delivery (tenant_id, delivery_id, event_id, subscription_id, function_id, lane, ready_at, expires_at)
            select '{tenant}', event_id, event_id, '{subscription}', (select function_id from function where tenant_id = '{tenant}'),
                0, 'infinity', 'infinity'
            from event where tenant_id = '{tenant}';",
            tenant = queue.tenant_id
        ))
        .await;
    let objects = "select count(*) from event_objects(30, '00000000-0000-0000-0000-000000000000', 10) where object_key = 'key'";

    let waiting = queue.number(objects).await;
    queue
        .run(&format!(
            "delete from delivery where tenant_id = '{}'",
            queue.tenant_id
        ))
        .await;
    let over = queue.number(objects).await;
    queue.run("rollback").await;

    assert_eq!((waiting, over), (0, 1));
}
