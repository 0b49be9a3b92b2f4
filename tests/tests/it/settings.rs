//! Configuration: checked against the function's own schema, versioned, and what the next run is given.

use std::time::Duration;

use cartwright_tests::{Stack, eventually, module};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::Connection;

const PATH: &str = "/v1/functions/discount/config";

fn cart() -> Value {
    json!({"cart": {"id": "c", "currency": "EUR", "lines": [
        {"id": "l", "sku": "s", "quantity": 10, "unit_price": "10.00"}
    ]}})
}

#[tokio::test]
async fn a_configuration_is_checked_kept_and_given_to_the_next_run() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.deploy(
        "discount",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    )
    .await;
    let sample = ada.get("/v1/functions/discount/versions/1").await.json()["sample"].clone();
    assert_eq!(ada.get(PATH).await.expect(404).code(), "not_found");
    let before = ada
        .invoke_when_known("discount", &sample)
        .await
        .expect(200)
        .json();

    let refused = ada
        .put(PATH, &json!({"percent": 200, "colour": "red"}))
        .await
        .expect(400);
    let problem = refused.json();
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .expect("violations")
        .iter()
        .map(|each| each["pointer"].as_str().unwrap_or_default())
        .collect();
    assert!(pointers.contains(&"/percent"), "{problem}");
    assert_eq!(pointers.len(), 2, "{problem}");
    assert_eq!(
        ada.get(PATH).await.status,
        404,
        "what was refused is not kept"
    );

    let kept = ada
        .put(PATH, &json!({"percent": 50, "from_quantity": 1}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&kept["config_version"], &kept["checked_against"]),
        (&json!(1), &json!(1))
    );
    let after = eventually(
        "the run sees the configuration",
        Duration::from_secs(6),
        async || {
            let answer = ada.invoke("discount", &sample).await.expect(200).json();
            (answer != before).then_some(answer)
        },
    )
    .await;
    assert_ne!(after["total"], before["total"]);

    ada.put(PATH, &json!({"percent": 25})).await.expect(200);
    let history = ada
        .get(&format!("{PATH}/versions"))
        .await
        .expect(200)
        .json();
    let versions: Vec<_> = history["data"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|each| {
            (
                each["config_version"].as_u64(),
                each["config"]["percent"].as_u64(),
            )
        })
        .collect();
    assert_eq!(versions, [(Some(2), Some(25)), (Some(1), Some(50))]);
    assert_eq!(
        ada.get(PATH).await.expect(200).json()["config"],
        json!({"percent": 25})
    );
}

#[tokio::test]
async fn what_is_no_configuration_is_refused() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("discount").await;

    let large = ada
        .put(PATH, &json!("x".repeat(64 << 10)))
        .await
        .expect(413);
    assert_eq!(
        (large.code().as_str(), &large.json()["limit"]),
        ("input_too_large", &json!(64 << 10))
    );
    let request = ada
        .request(reqwest::Method::PUT, PATH)
        .header("content-type", "application/json");
    ada.send(request.body("{\"a\":")).await.expect(400);
    ada.put("/v1/functions/other/config", &json!({}))
        .await
        .expect(404);
    // Nothing carries a schema yet, so any JSON will do.
    let kept = ada.put(PATH, &cart()).await.expect(200).json();
    assert_eq!(kept["checked_against"], Value::Null);
}

#[tokio::test]
async fn fifty_changes_of_one_tenant_at_once_wait_for_each_other_and_all_stand() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await.expect(201);
    let changes = (0..50).map(async |each| {
        let name = format!("ada {each}");
        match each % 3 {
            0 => ada.patch("/v1/tenant", &json!({"name": name})).await,
            1 => {
                ada.put("/v1/functions/f/config", &json!({"name": name}))
                    .await
            }
            _ => {
                let limits = json!({"limits": {"fuel": 1_000_000 + each}});
                ada.patch("/v1/functions/f", &limits).await
            }
        }
    });
    for answer in join_all(changes).await {
        answer.expect(200);
    }
    let audit = ada.get("/v1/audit?limit=100").await.expect(200).json();
    let noted = audit["data"].as_array().expect("entries").iter();
    let changes = ["tenant.update", "config.put", "function.update"];
    let noted = noted.filter(|entry| changes.iter().any(|change| entry["action"] == *change));
    assert_eq!(noted.count(), 50, "{audit}");
}

#[tokio::test]
async fn a_change_that_waits_too_long_for_another_is_told_to_come_again() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let mut other = stack.database().await;
    let mut held = other.begin().await.expect("a transaction");
    sqlx::query("select from tenant where slug = $1 for update")
        .bind(&ada.slug)
        .execute(&mut *held)
        .await
        .expect("the lock");
    let rename = json!({"name": "Ada"});
    let told = ada.patch("/v1/tenant", &rename).await.expect(503);
    assert_eq!(
        (told.code().as_str(), told.header("Retry-After")),
        ("not_ready", "1")
    );
    held.rollback().await.expect("the lock let go");
    ada.patch("/v1/tenant", &rename).await.expect(200);
}

#[tokio::test]
async fn a_function_that_carries_no_schema_takes_any_configuration() {
    let ada = Stack::shared().await.tenant("ada").await;
    let plain = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let plain = wat::parse_str(plain).expect("a module");
    ada.deploy("plain", plain).await;
    let config = json!({"colour": "red"});
    let kept = ada.put("/v1/functions/plain/config", &config).await;
    assert_eq!(kept.expect(200).json()["config"], config);
}
