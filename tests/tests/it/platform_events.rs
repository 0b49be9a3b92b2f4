//! `POST /v1/events` and what is read of events again: kept once with their deliveries, or refused whole.

use std::collections::HashSet;
use std::time::Duration;

use cartwright_tests::{Backend, Options, Stack, eventually};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sending::{event, new_id, platform, rows, send, source, standard, subscribe};

#[tokio::test]
async fn an_event_is_kept_with_its_deliveries_and_a_repeat_does_no_work() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    subscribe(&ada, "f", "orders/*", &json!({})).await;
    subscribe(&ada, "g", "orders/paid", &json!({})).await;
    subscribe(&ada, "h", "carts/*", &json!({})).await;
    let sent = event(&new_id(), "orders/paid", &json!({"total": 5}));

    let first = send(stack, &ada, &sent).await.expect(202).json();
    let again = send(stack, &ada, &sent).await.expect(202).json();

    assert_eq!(
        (&first["duplicate"], &first["deliveries"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(
        again,
        json!({"event_id": first["event_id"], "duplicate": true, "deliveries": 2})
    );
    assert_eq!(rows(stack, "event", &ada).await, 1);
    let mut other = sent.clone();
    other["data"] = json!({"total": 6});
    let other = send(stack, &ada, &other).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency_mismatch")
    );

    let id = first["event_id"].as_str().unwrap();
    let kept = ada
        .get(&format!("/v1/events/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(kept["data"], json!({"total": 5}));
    assert_eq!(
        (
            &kept["type"],
            &kept["source"],
            &kept["parent"],
            &kept["hops"],
            &kept["deliveries"]
        ),
        (
            &json!("orders/paid"),
            &Value::Null,
            &Value::Null,
            &json!(0),
            &json!(2)
        )
    );
    assert_eq!(kept["external_id"], sent["id"]);
}

#[tokio::test]
async fn the_same_event_fifty_times_at_once_is_one_event_with_one_set_of_deliveries() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    subscribe(&ada, "f", "*", &json!({"paused": true})).await;
    subscribe(&ada, "g", "*", &json!({"paused": true})).await;
    let sent = event(&new_id(), "orders/paid", &json!({"total": 5}));

    let answers = join_all((0..50).map(|_| send(stack, &ada, &sent))).await;

    let answers: Vec<Value> = answers
        .into_iter()
        .map(|answer| answer.expect(202).json())
        .collect();
    let ids: HashSet<String> = answers
        .iter()
        .map(|answer| answer["event_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer["duplicate"] == false)
            .count(),
        1
    );
    assert!(answers.iter().all(|answer| answer["deliveries"] == 2));
    assert_eq!(
        (
            rows(stack, "event", &ada).await,
            rows(stack, "delivery", &ada).await
        ),
        (1, 2)
    );
}

#[tokio::test]
async fn a_list_is_answered_in_its_order_and_with_one_mistake_refused_whole() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    subscribe(&ada, "f", "a", &json!({})).await;
    let (first, second) = (new_id(), new_id());
    let mut of_bob = event(&first, "a", &json!(1));
    of_bob["tenant"] = json!(bob.slug);
    let list = json!([
        event(&first, "a", &json!(1)),
        of_bob,
        event(&second, "b", &json!(null)),
        event(&first, "a", &json!(1))
    ]);

    let answers = send(stack, &ada, &list).await.expect(202).json();

    let shape = |at: usize| {
        (
            answers[at]["duplicate"].clone(),
            answers[at]["deliveries"].clone(),
        )
    };
    assert_eq!(answers.as_array().unwrap().len(), 4);
    assert_eq!(shape(0), (json!(false), json!(1)));
    assert_eq!(shape(1), (json!(false), json!(0)));
    assert_eq!(shape(2), (json!(false), json!(0)));
    assert_eq!(shape(3), (json!(true), json!(1)));
    assert_eq!(answers[0]["event_id"], answers[3]["event_id"]);
    assert_eq!(
        (
            rows(stack, "event", &ada).await,
            rows(stack, "event", &bob).await
        ),
        (2, 1)
    );

    let mut of_nobody = event(&new_id(), "a", &json!(1));
    of_nobody["tenant"] = json!("nobody-at-all");
    let broken = json!([
        event(&new_id(), "a", &json!(1)),
        event("", "a b", &json!("x".repeat(1 << 20))),
        {"id": "\u{7}", "type": "a", "data": null},
    ]);
    let refused = send(stack, &ada, &broken).await.expect(400).json();
    let pointers: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/1/id", "/1/type", "/1/data", "/2/id"]);
    let refused = send(
        stack,
        &ada,
        &json!([event(&new_id(), "a", &json!(1)), of_nobody]),
    )
    .await;
    assert_eq!(
        refused.expect(400).json()["errors"][0]["pointer"],
        "/1/tenant"
    );
    for not_events in [
        json!([]),
        json!({"id": "a"}),
        json!([[]]),
        json!({"id": "a", "type": "a", "data": 1, "more": 1}),
    ] {
        assert_eq!(
            send(stack, &ada, &not_events).await.code(),
            "invalid_request",
            "{not_events}"
        );
    }
    assert_eq!(rows(stack, "event", &ada).await, 2);
}

#[tokio::test]
async fn a_list_that_is_refused_for_one_tenant_leaves_nothing_of_another() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let used = new_id();
    for tenant in [&ada, &bob] {
        subscribe(tenant, "f", "*", &json!({"filter": "event.data > 0"})).await;
        send(stack, tenant, &event(&used, "a", &json!(1)))
            .await
            .expect(202);
    }
    let of = |tenant: &cartwright_tests::Tenant, id: &str| {
        let mut event = event(id, "a", &json!(2));
        event["tenant"] = json!(tenant.slug);
        event
    };
    // Whichever of the two comes first.
    for (good, bad) in [(&ada, &bob), (&bob, &ada)] {
        let list = json!([of(good, &new_id()), of(bad, &used)]);
        let refused = send(stack, &ada, &list).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (422, "idempotency_mismatch")
        );
        assert_eq!(rows(stack, "event", good).await, 1);
        assert_eq!(rows(stack, "event_seen", good).await, 1);
        assert_eq!(rows(stack, "delivery", good).await, 1);
    }
    let list = json!([of(&ada, &new_id()), of(&bob, &new_id())]);
    send(stack, &ada, &list).await.expect(202);
    for tenant in [&ada, &bob] {
        assert_eq!(rows(stack, "event", tenant).await, 2);
        assert_eq!(rows(stack, "delivery", tenant).await, 2);
    }
}

#[tokio::test]
async fn what_nobody_can_read_and_no_time_can_be_is_refused_with_its_place() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    for (member, pointer) in [
        (r#""data": {"n": 1e400}"#, "/data"),
        (r#""data": ["\ud800"]"#, "/data"),
        (r#""data": 1, "time": "1969-12-31T23:59:59Z""#, "/time"),
        (r#""data": 1, "time": "+10000-01-01T00:00:00Z""#, "/time"),
    ] {
        let body = format!(r#"{{"id": "{}", "type": "a", {member}}}"#, new_id());
        let request = platform(stack, &ada, Method::POST, "/v1/events").await;
        let request = request
            .header("cartwright-tenant", &ada.slug)
            .header("content-type", "application/json");
        let refused = ada.send(request.body(body)).await.expect(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    assert_eq!(rows(stack, "event", &ada).await, 0);
}

#[tokio::test]
async fn events_are_listed_by_the_name_of_their_source() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let new = json!({"name": "crm", "scheme": "standard_webhooks"});
    let (id, secret) = source(&ada, &new).await;
    let now = chrono::Utc::now().timestamp();
    // A time that the sender cannot mean is none.
    let body = br#"{"type": "user.created", "timestamp": "0001-01-01T00:00:00Z"}"#;
    ada.send(standard(&ada, &id, &secret, "m1", now, body))
        .await
        .expect(200);
    send(stack, &ada, &event(&new_id(), "a", &json!(1)))
        .await
        .expect(202);

    let of_source = ada.get("/v1/events?source=crm").await.expect(200).json();
    let of_nobody = ada.get("/v1/events?source=no").await.expect(200).json();

    assert_eq!(of_source["data"].as_array().unwrap().len(), 1);
    assert_eq!(of_source["data"][0]["type"], "user.created");
    assert_eq!(of_nobody["data"], json!([]));
}

#[tokio::test]
async fn data_stays_as_it_was_sent_whether_small_or_large() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let large = format!(
        r#"{{ "n" : 1.10, "n":2e0, "s": "{}" }}"#,
        "ü".repeat(100_000)
    );
    for data in [
        r#"{ "price" : 1.10,  "id":12345678901234567890123 }"#,
        &large,
        "null",
        r#""\u0000""#,
    ] {
        let body = format!(r#"{{"id": "{}", "type": "a", "data": {data}}}"#, new_id());
        let request = platform(stack, &ada, Method::POST, "/v1/events").await;
        let request = request
            .header("cartwright-tenant", &ada.slug)
            .header("content-type", "application/json");
        let sent = ada.send(request.body(body)).await.expect(202).json();
        let id = sent["event_id"].as_str().unwrap();
        let kept = ada.get(&format!("/v1/events/{id}")).await.expect(200);
        assert!(
            kept.text().contains(&format!(r#""data":{data}"#)),
            "{data:.60}"
        );
        assert_eq!(kept.json()["data_bytes"], data.len());
    }
}

#[tokio::test]
async fn an_event_of_a_defined_type_obeys_its_schema() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let name = format!("test/{}", Uuid::new_v4().simple());
    let path = format!("/v1/event-types/{}", name.replace('/', "%2F"));
    let schema = json!({"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}});
    let create = platform(stack, &ada, Method::POST, "/v1/event-types").await;
    let new = json!({"name": name, "description": "A test", "schema": schema});
    ada.send(create.json(&new)).await.expect(201);

    send(stack, &ada, &event(&new_id(), &name, &json!({"total": 5})))
        .await
        .expect(202);
    let refused = send(
        stack,
        &ada,
        &json!([event(&new_id(), &name, &json!({"total": "5"}))]),
    )
    .await;
    assert_eq!(
        refused.expect(400).json()["errors"][0]["pointer"],
        "/0/data/total"
    );

    let read = ada.get(&path).await.expect(200).json();
    assert_eq!((&read["name"], &read["schema"]), (&json!(name), &schema));
    let forbidden = ada
        .send(ada.request(Method::PUT, &path).json(&json!({})))
        .await;
    assert_eq!(forbidden.status, 403);
    let put = platform(stack, &ada, Method::PUT, &path).await;
    ada.send(put.json(&json!({"schema": {"type": "string"}})))
        .await
        .expect(200);
    send(stack, &ada, &event(&new_id(), &name, &json!("a text")))
        .await
        .expect(202);
    let put = platform(stack, &ada, Method::PUT, &path).await;
    let bad = ada
        .send(put.json(&json!({"schema": {"type": "nothing"}})))
        .await;
    assert_eq!(bad.status, 400, "{}", bad.text());
    let delete = platform(stack, &ada, Method::DELETE, &path).await;
    ada.send(delete).await.expect(204);
    ada.get(&path).await.expect(404);
    send(stack, &ada, &event(&new_id(), &name, &json!([1])))
        .await
        .expect(202);
}

#[tokio::test]
async fn a_chain_of_events_ends_after_sixteen_hops() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let first = send(stack, &ada, &event(&new_id(), "a", &json!(0)))
        .await
        .expect(202)
        .json();
    let root = first["event_id"].clone();
    let mut parent = root.clone();
    for hop in 1..=16 {
        let mut next = event(&new_id(), "a", &json!(hop));
        next["parent"] = parent;
        parent = send(stack, &ada, &next).await.expect(202).json()["event_id"].clone();
    }
    let last = ada
        .get(&format!("/v1/events/{}", parent.as_str().unwrap()))
        .await
        .json();
    assert_eq!((&last["hops"], &last["root"]), (&json!(16), &root));

    let mut one_more = event(&new_id(), "a", &json!(17));
    one_more["parent"] = parent;
    let refused = send(stack, &ada, &one_more).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "loop_detected")
    );
    let mut of_nothing = event(&new_id(), "a", &json!(1));
    of_nothing["parent"] = json!(Uuid::now_v7());
    assert_eq!(
        send(stack, &ada, &of_nothing).await.code(),
        "invalid_request"
    );
    assert_eq!(rows(stack, "event", &ada).await, 17);
}

#[tokio::test]
async fn an_event_causes_a_thousand_events_and_no_more() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let root = send(stack, &ada, &event(&new_id(), "a", &json!(0)))
        .await
        .expect(202)
        .json()["event_id"]
        .clone();
    let caused = |count: usize| {
        let one = |_| json!({"id": new_id(), "type": "a", "data": 1, "parent": root});
        Value::Array((0..count).map(one).collect())
    };
    send(stack, &ada, &caused(999)).await.expect(202);
    assert_eq!(send(stack, &ada, &caused(2)).await.code(), "loop_detected");
    send(stack, &ada, &caused(1)).await.expect(202);
    assert_eq!(send(stack, &ada, &caused(1)).await.code(), "loop_detected");
    assert_eq!(rows(stack, "event", &ada).await, 1_001);
}

#[tokio::test]
async fn an_event_is_sent_again_changed_and_names_its_parent() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    subscribe(&ada, "f", "a", &json!({"filter": "event.data.good"})).await;
    let sent = send(stack, &ada, &event(&new_id(), "a", &json!({"good": false})))
        .await
        .expect(202)
        .json();
    assert_eq!(sent["deliveries"], 0);
    let id = sent["event_id"].as_str().unwrap();
    let again = format!("/v1/events/{id}/send");

    let edited = json!({"id": "mine", "data": {"good": true}});
    let first = ada.post(&again, &edited).await.expect(202).json();
    let repeat = ada.post(&again, &edited).await.expect(202).json();
    let as_it_was = ada.post(&again, &json!({})).await.expect(202).json();

    assert_eq!(
        (&first["duplicate"], &first["deliveries"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(
        (&repeat["duplicate"], &repeat["event_id"]),
        (&json!(true), &first["event_id"])
    );
    assert_eq!(
        (&as_it_was["duplicate"], &as_it_was["deliveries"]),
        (&json!(false), &json!(0))
    );
    let kept = ada
        .get(&format!(
            "/v1/events/{}",
            first["event_id"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (&kept["parent"], &kept["root"], &kept["hops"]),
        (&json!(id), &json!(id), &json!(1))
    );
    assert_eq!(
        ada.post(&again, &json!({"id": ""})).await.code(),
        "invalid_request"
    );
}

#[tokio::test]
async fn events_are_listed_by_type_and_time_in_pages() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let list: Vec<Value> = (0..5)
        .map(|n| {
            event(
                &new_id(),
                if n % 2 == 0 { "even" } else { "odd" },
                &json!(n),
            )
        })
        .collect();
    let sent = send(stack, &ada, &json!(list)).await.expect(202).json();
    let newest_first: Vec<Value> = (0..5)
        .rev()
        .map(|at| sent[at]["event_id"].clone())
        .collect();
    let ids = |page: &Value| -> Vec<Value> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["id"].clone())
            .collect()
    };

    let first = ada.get("/v1/events?limit=3").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ada
        .get(&format!("/v1/events?limit=3&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!([ids(&first), ids(&second)].concat(), newest_first);
    let odd = ada.get("/v1/events?type=odd").await.json();
    assert_eq!(
        ids(&odd),
        [newest_first[1].clone(), newest_first[3].clone()]
    );
    let soon = (chrono::Utc::now() + chrono::TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%M:%SZ");
    assert!(ids(&ada.get(&format!("/v1/events?from={soon}")).await.json()).is_empty());
    assert_eq!(
        ids(&ada.get(&format!("/v1/events?to={soon}")).await.json()).len(),
        5
    );
}

#[tokio::test]
async fn nothing_of_one_tenant_is_seen_or_changed_by_another() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let subscription = subscribe(&ada, "f", "*", &json!({})).await;
    let source = ada
        .post("/v1/sources", &json!({"name": "s", "scheme": "github"}))
        .await
        .expect(201)
        .json();
    let source_id = source["id"].as_str().unwrap();
    let secret_id = source["secrets"][0]["id"].as_str().unwrap();
    let sent = send(stack, &ada, &event(&new_id(), "a", &json!(1)))
        .await
        .expect(202)
        .json();
    let event_id = sent["event_id"].as_str().unwrap();
    let routes = [
        (Method::GET, format!("/v1/events/{event_id}"), 200),
        (Method::POST, format!("/v1/events/{event_id}/send"), 202),
        (
            Method::GET,
            format!("/v1/subscriptions/{subscription}"),
            200,
        ),
        (
            Method::PATCH,
            format!("/v1/subscriptions/{subscription}"),
            200,
        ),
        (Method::GET, format!("/v1/sources/{source_id}"), 200),
        (Method::PATCH, format!("/v1/sources/{source_id}"), 200),
        (
            Method::POST,
            format!("/v1/sources/{source_id}/secrets"),
            201,
        ),
        (
            Method::DELETE,
            format!("/v1/sources/{source_id}/secrets/{secret_id}"),
            204,
        ),
        (
            Method::DELETE,
            format!("/v1/subscriptions/{subscription}"),
            204,
        ),
        (Method::DELETE, format!("/v1/sources/{source_id}"), 204),
    ];
    for (method, path, hers) in routes {
        let of = |tenant: &cartwright_tests::Tenant| {
            tenant.request(method.clone(), &path).json(&json!({}))
        };
        let his = bob.send(of(&bob)).await;
        assert_eq!(
            (his.status, his.code().as_str()),
            (404, "not_found"),
            "{method} {path}"
        );
        let answer = ada.send(of(&ada)).await;
        assert_eq!(answer.status, hers, "{method} {path}: {}", answer.text());
    }
    for list in ["/v1/events", "/v1/subscriptions", "/v1/sources"] {
        assert_eq!(
            bob.get(list).await.expect(200).json()["data"],
            json!([]),
            "{list}"
        );
    }
    // A name of hers means nothing in his subscription.
    bob.create_function("g").await;
    ada.post("/v1/sources", &json!({"name": "hers", "scheme": "github"}))
        .await
        .expect(201);
    let new = json!({"function": "g", "event_type": "*", "source": "hers"});
    assert_eq!(
        bob.post("/v1/subscriptions", &new).await.expect(400).json()["errors"][0]["pointer"],
        "/source"
    );
}

#[tokio::test]
async fn while_the_database_or_s3_is_away_nothing_is_accepted_and_nothing_is_half_saved() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    subscribe(&ada, "f", "*", &json!({"paused": true})).await;
    let small = event(&new_id(), "a", &json!(1));
    let large = event(&new_id(), "a", &json!("x".repeat(100_000)));
    let (id, secret) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let webhook = |body: &str| {
        let now = chrono::Utc::now().timestamp();
        ada.send(standard(&ada, &id, &secret, "msg_1", now, body.as_bytes()))
    };
    let long = json!("y".repeat(100_000)).to_string();
    // The platform's key is made by a process of its own, which needs the database.
    stack.platform_key().await;

    stack.cut(Backend::ObjectStore);
    let refused = send(&stack, &ada, &json!([small, large])).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "not_ready")
    );
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(webhook(&long).await.code(), "not_ready");
    assert_eq!(
        (
            rows(&stack, "event", &ada).await,
            rows(&stack, "event_seen", &ada).await
        ),
        (0, 0)
    );
    send(&stack, &ada, &small).await.expect(202);
    stack.mend(Backend::ObjectStore);

    stack.cut(Backend::Database);
    let refused = send(&stack, &ada, &event(&new_id(), "a", &json!(2))).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "not_ready")
    );
    assert_eq!(webhook(&long).await.code(), "not_ready");
    stack.mend(Backend::Database);

    let kept = eventually("both are back", Duration::from_secs(30), async || {
        let answer = send(&stack, &ada, &json!([small, large])).await;
        (answer.status == 202).then(|| answer.json())
    })
    .await;
    let believed = webhook(&long).await.expect(200).json();
    assert_eq!(believed["duplicate"], false);
    assert_eq!(
        (&kept[0]["duplicate"], &kept[1]["duplicate"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (
            rows(&stack, "event", &ada).await,
            rows(&stack, "delivery", &ada).await
        ),
        (3, 3)
    );
}
