//! Deliveries that died are replayed as a batch, each once.

use std::time::Duration;

use cartwright_tests::{Answer, Options, Role, Stack, Tenant, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::guests;
use crate::queued::{Queue, soon};

async fn replay(tenant: &Tenant, key: &str, new: &Value) -> Answer {
    let request = tenant
        .request(Method::POST, "/v1/deliveries/replay")
        .header("idempotency-key", key);
    tenant.send(request.json(new)).await
}

fn path(batch: &Value) -> String {
    format!(
        "/v1/deliveries/replays/{}",
        batch["id"].as_str().expect("an id")
    )
}

/// The batch, once all that it made has ended.
async fn done(tenant: &Tenant, batch: &Value) -> Value {
    eventually("the batch is done", Duration::from_secs(60), async || {
        let now = tenant.get(&path(batch)).await.expect(200).json();
        (now["status"] != "queued" && now["status"] != "running" && now["pending"] == 0)
            .then_some(now)
    })
    .await
}

#[tokio::test]
async fn what_a_broken_function_left_dead_is_replayed_by_one_request() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    ada.deploy("f", guests::doing("unreachable")).await;
    let mut queue = Queue::of(stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue.send(subscription, 30, &[]).await;
    queue.ended(30).await;
    let failures = ada.get("/v1/deliveries/failures").await.expect(200).json();
    ada.upload("f", guests::writing("{}")).await.expect(201);
    let new = |more: Value| {
        let mut new = json!({"name": "f is mended", "filter": {"function": "f", "cause": "trap"}, "rate_per_s": 100});
        for (name, value) in more.as_object().expect("an object") {
            new[name] = value.clone();
        }
        new
    };

    let dry = replay(&ada, "mended", &new(json!({"dry_run": true}))).await;
    let listed = ada.get("/v1/deliveries/replays").await.json();
    let first = replay(&ada, "mended", &new(json!({}))).await;
    let again = replay(&ada, "mended", &new(json!({}))).await;
    let other = replay(&ada, "mended", &new(json!({"rate_per_s": 1}))).await;
    let taken = replay(&ada, "another", &new(json!({}))).await;

    assert_eq!(failures["data"][0]["count"], 30, "{failures}");
    let dry = dry.expect(200).json();
    assert_eq!(
        (&dry["total"], &dry["example"]["status"]),
        (&json!(30), &json!("dead"))
    );
    assert_eq!(listed["data"], json!([]), "a dry run makes nothing");
    let (first, again) = (first.expect(202).json(), again.expect(202).json());
    assert_eq!((&first["id"], &first["total"]), (&again["id"], &json!(30)));
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency_mismatch")
    );
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    let batch = done(&ada, &first).await;
    let of = |name: &str| batch[name].clone();
    assert_eq!(
        (of("status"), of("made"), of("succeeded"), of("dead")),
        (json!("finished"), json!(30), json!(30), json!(0)),
        "{batch}"
    );
    let made = format!("?replay={}&limit=100", batch["id"].as_str().unwrap());
    let listed = async |tenant: &Tenant, query: &str| {
        let page = tenant.get(&format!("/v1/deliveries{query}")).await;
        page.expect(200).json()["data"].as_array().cloned().unwrap()
    };
    let of_batch = listed(&ada, &made).await;
    assert_eq!(of_batch.len(), 30);
    assert!(of_batch.iter().all(|one| one["replay_id"] == batch["id"]));
    assert_eq!(listed(&ada, "?limit=100").await.len(), 60);
    assert_eq!(listed(&ada, &format!("{made}&status=dead")).await.len(), 0);
    assert_eq!(listed(&bob, &made).await.len(), 0);
    let each_once = "select count(distinct replay_of) from delivery_ended where tenant_id = $tenant and status = 'succeeded'";
    assert_eq!(queue.number(each_once).await, 30);
    assert_eq!(bob.get(&path(&batch)).await.status, 404);
    let nothing = json!({"name": "again", "dry_run": true});
    let nothing = ada.post("/v1/deliveries/replay", &nothing).await.json();
    assert_eq!(
        (&nothing["total"], &nothing["example"]),
        (&json!(0), &Value::Null),
        "what was replayed is not replayed again"
    );
    let audit = ada.get("/v1/audit").await.json();
    let entries = audit["data"].as_array().expect("a list").iter();
    let entries = entries.filter(|entry| entry["action"] == "deliveries.replay");
    assert_eq!(entries.count(), 1);
}

#[tokio::test]
async fn a_batch_is_refused_with_the_member_that_breaks_a_rule() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    for (new, pointer) in [
        (json!({"name": " "}), "/name"),
        (json!({"name": "n", "rate_per_s": 1001}), "/rate_per_s"),
        (
            json!({"name": "n", "filter": {"cause": "trap", "status": "expired"}}),
            "/filter/cause",
        ),
    ] {
        let refused = ada.post("/v1/deliveries/replay", &new).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    let unknown = json!({"name": "n", "filter": {"function": "nobody"}});
    let unknown = ada.post("/v1/deliveries/replay", &unknown).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_cancelled_batch_makes_no_more_and_what_cannot_be_replayed_is_counted() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    for name in ["f", "gone"] {
        ada.deploy(name, guests::doing("unreachable")).await;
    }
    let mut queue = Queue::of(stack, &ada).await;
    let (kept, gone) = (
        queue.subscribe("f", &[]).await,
        queue.subscribe("gone", &[]).await,
    );
    queue.send(kept, 20, &[]).await;
    queue.send(gone, 3, &[]).await;
    queue.ended(23).await;
    ada.delete("/v1/functions/gone").await.expect(204);
    queue
        .run(&format!(
            "update subscription set paused = true where subscription_id = '{kept}'"
        ))
        .await;
    let slow = json!({"name": "slow", "filter": {"function": "f"}, "rate_per_s": 2});
    let slow = ada.post("/v1/deliveries/replay", &slow).await;
    let slow = slow.expect(202).json();
    soon("some are made", async || {
        ada.get(&path(&slow)).await.json()["pending"] == 2
    })
    .await;

    let cancelled = ada
        .post(&format!("{}/cancel", path(&slow)), &json!({}))
        .await;

    let cancelled = cancelled.expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(
        (&cancelled["pending"], &cancelled["cancelled"]),
        (&json!(0), &cancelled["made"]),
        "{cancelled}"
    );
    let lost = json!({"name": "lost", "filter": {"subscription": gone}});
    let lost = ada.post("/v1/deliveries/replay", &lost).await;
    let lost = done(&ada, &lost.expect(202).json()).await;
    assert_eq!(
        (&lost["made"], &lost["skipped"]["function_deleted"]),
        (&json!(0), &json!(3)),
        "{lost}"
    );
    let whole = json!({"name": "all", "filter": {"function": "f"}, "dry_run": true});
    let whole = ada.post("/v1/deliveries/replay", &whole).await;
    assert_eq!(
        whole.json()["total"],
        20,
        "a cancelled replay does not count"
    );
    let made =
        "select count(*) from delivery_ended where tenant_id = $tenant and replay_of is not null";
    let made = queue.number(made).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ada.get(&path(&slow)).await.json()["made"], json!(made));
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_a_batch_leaves_each_replayed_once() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::doing("unreachable")).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue.send(subscription, 60, &[]).await;
    queue.ended(60).await;
    ada.upload("f", guests::writing("{}")).await.expect(201);
    let new = json!({"name": "mended", "rate_per_s": 20});
    let new = ada.post("/v1/deliveries/replay", &new).await.expect(202);
    let batch = new.json();
    soon("some are made", async || {
        ada.get(&path(&batch)).await.json()["made"].as_i64() >= Some(10)
    })
    .await;

    stack.kill(Role::Worker);
    let made = ada.get(&path(&batch)).await.json()["made"].as_i64();
    stack.run(Role::Worker);

    assert!(made < Some(60), "it was killed in the middle: {made:?}");
    let batch = done(&ada, &batch).await;
    assert_eq!(
        (&batch["made"], &batch["succeeded"]),
        (&json!(60), &json!(60)),
        "{batch}"
    );
    let twice = "select count(*) from (select replay_of from delivery_ended where tenant_id = $tenant and replay_of is not null
        group by replay_of having count(*) > 1) twice";
    assert_eq!(queue.number(twice).await, 0);
    assert_eq!(
        queue.billed(120).await,
        120,
        "sixty that failed and sixty that did not"
    );
}

#[tokio::test]
async fn a_batch_that_the_database_refuses_says_that_it_failed_and_another_replays_all_of_it() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::doing("unreachable")).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue.send(subscription, 5, &[]).await;
    queue.ended(5).await;
    ada.upload("f", guests::writing("{}")).await.expect(201);
    queue
        .run("alter table delivery add constraint poison check (lane <> 2)")
        .await;
    let new = json!({"name": "refused"});
    let new = ada.post("/v1/deliveries/replay", &new).await.expect(202);
    let refused = new.json();

    soon("it failed", async || {
        ada.get(&path(&refused)).await.json()["status"] == "failed"
    })
    .await;

    let refused = ada.get(&path(&refused)).await.expect(200).json();
    assert_eq!(
        (&refused["error"], &refused["made"]),
        (&json!("an error of ours, which is logged"), &json!(0))
    );
    assert!(refused["ended_at"].is_string(), "{refused}");
    let listed = ada.get("/v1/deliveries/replays").await.expect(200).json();
    assert_eq!(listed["data"][0]["status"], "failed");
    queue
        .run("alter table delivery drop constraint poison")
        .await;
    let new = json!({"name": "mended"});
    let new = ada.post("/v1/deliveries/replay", &new).await.expect(202);
    let batch = done(&ada, &new.json()).await;
    assert_eq!(
        (&batch["made"], &batch["succeeded"]),
        (&json!(5), &json!(5)),
        "{batch}"
    );
}
