//! Subscriptions: which events they meet, what of them is refused, and what a pause holds.

use std::time::Duration;

use cartwright_tests::{Stack, Tenant, eventually};
use serde_json::{Value, json};

use crate::sending::{event, new_id, rows, send, subscribe};

#[tokio::test]
async fn a_subscription_is_made_read_changed_and_deleted() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;
    let new = json!({
        "function": "f", "event_type": "orders/*", "filter": "event.data.total > 1.0", "transform": "{'n': event.data.total}",
        "order_by": "/customer/id", "retry": {"max_attempts": 3}, "concurrency": 4,
    });
    let made = ada.post("/v1/subscriptions", &new).await.expect(201).json();
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    assert_eq!(
        made["retry"],
        json!({"max_attempts": 3, "first_delay_s": 5, "delay_max_s": 3600})
    );
    assert_eq!(
        (&made["paused"], &made["expires_after_s"], &made["alias"]),
        (&json!(false), &json!(259_200), &json!("live"))
    );
    assert_eq!(ada.get(&path).await.expect(200).json(), made);
    assert_eq!(
        ada.get("/v1/subscriptions?function=f").await.json()["data"],
        json!([made])
    );
    assert_eq!(
        ada.get("/v1/subscriptions?function=g").await.json()["data"],
        json!([])
    );

    let changed = ada
        .patch(
            &path,
            &json!({"filter": null, "event_type": "*", "paused": true}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &changed["filter"],
            &changed["event_type"],
            &changed["paused"]
        ),
        (&Value::Null, &json!("*"), &json!(true))
    );
    assert_eq!(changed["transform"], made["transform"]);
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.expect(404);
    ada.patch(&path, &json!({})).await.expect(404);
}

#[tokio::test]
async fn what_cannot_stand_is_refused_with_its_place() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;
    for (member, value, detail) in [
        ("filter", json!("event.data.total >"), "line 1, column 19"),
        (
            "filter",
            json!("event.type == 'a' &&\n  evnt.type == 'b'"),
            "line 2, column 3",
        ),
        (
            "filter",
            json!("event.data.s.matches('a')"),
            "no function `matches`",
        ),
        ("filter", json!("x".repeat(2_049)), "2048 bytes"),
        ("filter", json!("(".repeat(2_000)), "brackets"),
        ("transform", json!("{'a': }"), "line 1"),
        ("event_type", json!("orders*"), "orders/*"),
        ("event_type", json!(""), "1 to 128"),
        ("order_by", json!("customer"), "JSON pointer"),
        ("function", json!("nothing"), "no function"),
        ("source", json!("nothing"), "no source"),
        (
            "output_endpoint_id",
            json!(uuid::Uuid::now_v7()),
            "no endpoint",
        ),
        ("concurrency", json!(0), "1 to 10000"),
        ("expires_after_s", json!(0), "1 to 2592000"),
        ("pause_after_dead", json!(-1), "0 to 100000"),
    ] {
        let mut new = json!({"function": "f", "event_type": "*"});
        new[member] = value;
        let refused = ada.post("/v1/subscriptions", &new).await.expect(400).json();
        assert_eq!(
            refused["errors"][0]["pointer"],
            format!("/{member}"),
            "{refused}"
        );
        let said = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{said}");
    }
    assert_eq!(ada.get("/v1/subscriptions").await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_hears_where_what_it_met_and_what_can_be_read() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    let new = json!({"function": "f", "event_type": "*", "filter": "event.type = 'orders/paid'\n  and event.data.total > 100"});
    let refused = ada.post("/v1/subscriptions", &new).await.expect(400);
    assert_eq!(refused.code(), "invalid_request");
    let detail = "line 1, column 12: met `=`: write `==` to compare. \
        One that can be read: `event.type == 'orders/paid' && event.data.total > 100`";
    assert_eq!(
        refused.json()["errors"],
        json!([{"pointer": "/filter", "detail": detail}])
    );
    let mended =
        json!({"function": "f", "event_type": "*", "filter": "event.type == 'orders/paid'"});
    let path = ada
        .post("/v1/subscriptions", &mended)
        .await
        .expect(201)
        .json();
    let path = format!("/v1/subscriptions/{}", path["id"].as_str().unwrap());
    let broken = json!({"transform": "{'order': event.data.id"});
    let refused = ada.patch(&path, &broken).await.expect(400).json();
    let detail = "line 1, column 24: it ends, and the `{` of line 1, column 1 is not closed. \
        One that can be read: `{'order': event.data.id, 'total': event.data.total}`";
    assert_eq!(
        refused["errors"],
        json!([{"pointer": "/transform", "detail": detail}])
    );
}

async fn met(stack: &Stack, by: &Tenant, event_type: &str, data: &Value) -> Value {
    send(stack, by, &event(&new_id(), event_type, data))
        .await
        .expect(202)
        .json()["deliveries"]
        .clone()
}

#[tokio::test]
async fn a_subscription_meets_what_its_type_and_filter_say() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let filter = "event.data.total > 100 && event.data.lines.exists(l, l.sku.startsWith('A'))";
    subscribe(&ada, "f", "orders/*", &json!({"filter": filter})).await;
    let order =
        |total: i64, sku: &str| json!({"total": total, "lines": [{"sku": "B"}, {"sku": sku}]});
    for (event_type, data, expected) in [
        ("orders/paid", order(101, "A1"), 1),
        ("orders/paid", order(100, "A1"), 0),
        ("orders/paid", order(101, "C1"), 0),
        ("orders.paid", order(101, "A1"), 0),
        // What it asks for is not there, so it does not match; and no event is lost for it.
        ("orders/paid", json!({}), 0),
        ("orders/paid", json!(null), 0),
    ] {
        assert_eq!(
            met(stack, &ada, event_type, &data).await,
            expected,
            "{event_type} {data}"
        );
    }
}

#[tokio::test]
async fn a_filter_that_would_run_for_hours_ends_and_does_not_match() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let filter = "event.data.all(a, event.data.all(b, event.data.all(c, a + b + c > 0)))";
    subscribe(&ada, "f", "*", &json!({"filter": filter})).await;
    let all = json!(vec![1; 100_000]);
    let asked = tokio::time::timeout(Duration::from_secs(60), met(stack, &ada, "a", &all));
    assert_eq!(
        asked
            .await
            .expect("an answer within a minute, not in hours"),
        0
    );
    assert_eq!(met(stack, &ada, "a", &json!([1, 2])).await, 1);
}

#[tokio::test]
async fn a_filter_that_takes_its_time_is_asked_and_keeps_quick_events_going() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let filter = "event.data.all(a, a > 0)";
    subscribe(&ada, "f", "*", &json!({"filter": filter})).await;
    let mut numbers = vec![1; 10_000];
    assert_eq!(met(stack, &ada, "a", &json!(numbers)).await, 1);
    numbers[9_999] = 0;
    assert_eq!(met(stack, &ada, "a", &json!(numbers)).await, 0);

    let slow = "event.data.all(a, event.data.all(b, event.data.all(c, a + b + c > 0)))";
    subscribe(&ada, "g", "slow", &json!({"filter": slow})).await;
    let list: Vec<Value> = (0..300)
        .map(|_| event(&new_id(), "slow", &json!(vec![1; 1_000])))
        .collect();
    let many = send(stack, &ada, &json!(list)).await;
    assert_eq!((many.status, many.code().as_str()), (429, "rate_limited"));
    assert_eq!(rows(stack, "event", &ada).await, 2);
}

/// How many deliveries of a tenant may run, and how many are held.
async fn ready_and_held(stack: &Stack, tenant: &Tenant) -> (i64, i64) {
    let mut database = stack.database().await;
    sqlx::query_as(
        "select count(*) filter (where ready_at < 'infinity'), count(*) filter (where ready_at = 'infinity') from delivery
        where tenant_id = (select tenant_id from tenant where slug = $1)",
    )
    .bind(&tenant.slug)
    .fetch_one(&mut database)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_pause_holds_what_comes_and_a_resume_releases_it_the_first_of_each_order_key() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let paused = json!({"paused": true, "order_by": "/key"});
    let id = subscribe(&ada, "f", "*", &paused).await;
    let path = format!("/v1/subscriptions/{id}");
    let list: Vec<Value> = ["a", "a", "b", "b"]
        .iter()
        .map(|key| event(&new_id(), "t", &json!({"key": key})))
        .collect();
    let list = [list, vec![event(&new_id(), "t", &json!({}))]].concat();
    send(stack, &ada, &json!(list)).await.expect(202);
    assert_eq!(ready_and_held(stack, &ada).await, (0, 5));

    // The worker may take what is released at once, so what is held is what can be counted on.
    ada.patch(&path, &json!({"paused": false}))
        .await
        .expect(200);
    eventually(
        "the first of each key and the one without are released",
        Duration::from_secs(20),
        async || (ready_and_held(stack, &ada).await.1 <= 2).then_some(()),
    )
    .await;
}
