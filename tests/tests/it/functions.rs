//! Functions: created, listed, changed, deleted, and refused with a reason.

use std::time::{Duration, Instant};

use cartwright_tests::{Stack, eventually, module};
use serde_json::{Value, json};

#[tokio::test]
async fn a_function_is_created_read_changed_and_deleted() {
    let ada = Stack::shared().await.tenant("ada").await;

    let created = ada
        .post(
            "/v1/functions",
            &json!({"name": "discount", "target": "cart.discount", "limits": {"fuel": 5000}}),
        )
        .await
        .expect(201)
        .json();
    assert_eq!(created["target"], "cart.discount");
    assert_eq!(created["limits"], json!({"fuel": 5000}));
    assert_eq!(
        (&created["live"], &created["versions"]),
        (&Value::Null, &json!(0))
    );

    let path = "/v1/functions/discount";
    let change = json!({"target": null, "limits": {"wall_ms": 50}});
    let changed = ada.patch(path, &change).await.expect(200).json();
    assert_eq!(changed["target"], Value::Null);
    assert_eq!(changed["limits"], json!({"wall_ms": 50}));
    let kept = ada.patch(path, &json!({})).await.expect(200).json();
    assert_eq!(kept["limits"], json!({"wall_ms": 50}));
    assert_eq!(ada.get(path).await.expect(200).json(), kept);

    assert_eq!(ada.delete(path).await.expect(204).body, b"");
    assert_eq!(ada.get(path).await.code(), "not_found");
    assert_eq!(ada.delete(path).await.code(), "not_found");
    assert_eq!(ada.patch(path, &json!({})).await.code(), "not_found");
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_a_deletion() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let first = ada.create_function("discount").await.json();

    let again = ada
        .post("/v1/functions", &json!({"name": "discount"}))
        .await;
    assert_eq!(again.expect(409).code(), "conflict");
    bob.create_function("discount").await;

    ada.delete("/v1/functions/discount").await.expect(204);
    let second = ada.create_function("discount").await.json();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["versions"], 0);
}

#[tokio::test]
async fn what_is_no_name_and_what_is_no_limit_is_refused_with_the_rule() {
    let ada = Stack::shared().await.tenant("ada").await;
    let long = "a".repeat(10_000);

    for name in [
        "", "Discount", "a b", "a_b", "-a", "a-", "9a", "ä", "a/b", "a\u{0}", "<b>", &long,
    ] {
        let refused = ada
            .post("/v1/functions", &json!({"name": name}))
            .await
            .expect(400);
        assert_eq!(refused.code(), "invalid_request", "{name:.20}");
        let detail = refused.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(detail.contains("1 to 63 lowercase letters"), "{detail}");
        assert!(detail.len() < 600, "{} bytes", detail.len());
    }
    for target in ["Cart", "cart..discount", ".", &long] {
        let body = json!({"name": "a", "target": target});
        ada.post("/v1/functions", &body).await.expect(400);
    }
    for limits in [
        json!({"fuel": 0}),
        json!({"fuel": -1}),
        json!({"fuel": "1"}),
        json!({"speed": 1}),
        json!(3),
    ] {
        let body = json!({"name": "a", "limits": limits});
        let refused = ada.post("/v1/functions", &body).await.expect(400);
        assert_eq!(refused.code(), "invalid_request", "{limits}");
    }
    let strange = ada
        .post("/v1/functions", &json!({"name": "a", "colour": "red"}))
        .await;
    assert_eq!(strange.expect(400).code(), "invalid_request");
    assert_eq!(ada.get("/v1/functions").await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_list_comes_in_pages_in_the_order_of_names() {
    let ada = Stack::shared().await.tenant("ada").await;
    for name in ["c", "a", "e", "b", "d"] {
        ada.create_function(name).await;
    }

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ada
            .get(&format!("/v1/functions?limit=2{cursor}"))
            .await
            .expect(200)
            .json();
        let data = page["data"].as_array().expect("a list");
        assert!(data.len() <= 2);
        seen.extend(
            data.iter()
                .map(|function| function["name"].as_str().unwrap_or_default().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=!"] {
        ada.get(&format!("/v1/functions?{bad}")).await.expect(400);
    }
}

#[tokio::test]
async fn a_limit_of_the_function_bites_and_one_above_the_plan_does_not() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let input = json!({"name": "Ada"});
    ada.invoke_when_known("hello", &input).await.expect(200);

    let path = "/v1/functions/hello";
    ada.patch(path, &json!({"limits": {"fuel": 100}}))
        .await
        .expect(200);
    let within = Duration::from_secs(6);
    let cut = eventually("the lower limit reaches the executor", within, async || {
        Some(ada.invoke("hello", &input).await).filter(|answer| answer.status == 422)
    })
    .await;
    assert_eq!(cut.code(), "fuel_exhausted");
    assert_eq!(cut.json()["limit"], 100);

    ada.patch(path, &json!({"limits": {"fuel": 999_999_999_999u64}}))
        .await
        .expect(200);
    eventually(
        "the higher limit reaches the executor",
        within,
        async || Some(ada.invoke("hello", &input).await).filter(|answer| answer.status == 200),
    )
    .await;
}

#[tokio::test]
async fn a_deleted_function_stops_at_once_and_its_runs_stay() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);

    ada.delete("/v1/functions/hello").await.expect(204);
    let deleted = Instant::now();
    // 100 ms is promised; a machine that builds something beside may take longer to let a message through.
    eventually(
        "a deleted function is not found",
        Duration::from_secs(2),
        async || {
            Some(ada.invoke("hello", &json!({})).await)
                .filter(|answer| answer.code() == "not_found")
        },
    )
    .await;
    println!(
        "a deletion took {:?} to reach the executor",
        deleted.elapsed()
    );

    let runs = eventually("the run is listed", Duration::from_secs(10), async || {
        let runs = ada
            .get("/v1/invocations?function=hello")
            .await
            .expect(200)
            .json();
        runs["data"][0]["function"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(runs, "hello");
    let usage = ada
        .get("/v1/usage?group_by=function")
        .await
        .expect(200)
        .json();
    assert_eq!(usage["data"][0]["function"], "hello", "{usage}");
}
