//! API keys: what each may do, and when it ends.

use std::time::Duration;

use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_tests::{Answer, Stack, Tenant, eventually, module};
use reqwest::Method;
use serde_json::{Value, json};

async fn with_key(tenant: &Tenant, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    tenant
        .send(tenant.anonymous(method, path).bearer_auth(key).json(body))
        .await
}

async fn create(tenant: &Tenant, body: Value) -> Value {
    tenant.post("/v1/api-keys", &body).await.expect(201).json()
}

/// What stands behind the secret of a key, so that a text can be a key that never was.
fn crc_of(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let mut rest = !crc;
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".as_bytes();
    let mut word = [0; 6];
    for digit in word.iter_mut().rev() {
        *digit = digits[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8(word.to_vec()).unwrap()
}

#[tokio::test]
async fn a_key_is_shown_once_and_never_again() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let created = create(&ada, json!({"name": "CI", "scopes": ["read"]})).await;
    let (id, key) = (
        created["id"].as_str().unwrap(),
        created["key"].as_str().unwrap(),
    );
    assert!(key.starts_with(&format!("cw_live_{id}_")), "{created}");
    assert_eq!(
        (&created["scopes"], &created["expires_at"]),
        (&json!(["read"]), &Value::Null)
    );

    let listed = ada.get("/v1/api-keys").await.expect(200);
    assert!(listed.text().contains(id));
    assert!(!listed.text().contains(key) && !listed.text().contains(&key[20..]));
    with_key(&ada, key, Method::GET, "/v1/tenant", &json!({}))
        .await
        .expect(200);
    let used = ada.get("/v1/api-keys").await.expect(200).json();
    let used = used["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|each| each["id"] == *id)
        .unwrap();
    assert!(used["last_used_at"].is_string(), "{used}");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_nothing_else() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let deploy = json!({"name": "by-key"});
    for (scope, reads, writes, invokes) in [
        ("invoke", 403, 403, 200),
        ("read", 200, 403, 403),
        ("deploy", 200, 201, 403),
    ] {
        let created = create(&ada, json!({"name": scope, "scopes": [scope]})).await;
        let key = created["key"].as_str().unwrap();
        with_key(&ada, key, Method::GET, "/v1/functions", &json!({}))
            .await
            .expect(reads);
        with_key(&ada, key, Method::POST, "/v1/functions", &deploy)
            .await
            .expect(writes);
        let invoked = reqwest::Client::new().post(format!("{}/v1/invoke/hello", stack.invoke_url));
        let invoked = ada
            .send(invoked.bearer_auth(key).json(&json!({"name": "Ada"})))
            .await;
        assert_eq!(invoked.status, invokes, "{scope}: {}", invoked.text());
        // No key reads the bill: who makes it may have no right to.
        let usage = with_key(&ada, key, Method::GET, "/v1/usage", &json!({})).await;
        assert_eq!(usage.status == 200, scope == "read", "{}", usage.text());
        for path in ["/v1/billing/plan", "/v1/billing/estimate"] {
            let refusal = with_key(&ada, key, Method::GET, path, &json!({}))
                .await
                .expect(403);
            let said = refusal.text();
            assert!(said.contains("billing:read"), "{said}");
        }
        // No key makes a key, or sees who the people are.
        with_key(
            &ada,
            key,
            Method::POST,
            "/v1/api-keys",
            &json!({"name": "x"}),
        )
        .await
        .expect(403);
        with_key(&ada, key, Method::GET, "/v1/members", &json!({}))
            .await
            .expect(403);
        let refusal = with_key(&ada, key, Method::PATCH, "/v1/tenant", &json!({}))
            .await
            .expect(403);
        assert!(
            refusal.text().contains("tenant:write"),
            "{}",
            refusal.text()
        );
    }
}

#[tokio::test]
async fn what_is_no_key_of_ours_is_refused() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let id = &ada.api_key["cw_live_".len()..][..10];
    let wrong_secret = format!("cw_live_{id}_{}", "A".repeat(30));
    let mut typing_error = ada.api_key.clone();
    let last = typing_error.pop().unwrap();
    typing_error.push(if last == 'a' { 'b' } else { 'a' });
    let as_platform = format!(
        "cw_platform_{}",
        &ada.api_key["cw_live_".len()..ada.api_key.len() - 6]
    );
    let keys = [
        ApiKey::generate(KeyKind::Tenant).expose().to_owned(),
        ApiKey::generate(KeyKind::Platform).expose().to_owned(),
        format!("{wrong_secret}{}", crc_of(&wrong_secret)),
        format!("{as_platform}{}", crc_of(&as_platform)),
        typing_error,
        ada.api_key.to_uppercase(),
        format!("{} x", ada.api_key),
        format!("{}x", ada.api_key),
        "cw_live_".to_owned(),
        "cw_live_".repeat(1_000),
    ];
    // The CRC of this test is the real one, or two of the cases would test nothing.
    let (body, crc) = ada.api_key.split_at(ada.api_key.len() - 6);
    assert_eq!(crc_of(body), crc);
    with_key(&ada, &ada.api_key, Method::GET, "/v1/functions", &json!({}))
        .await
        .expect(200);
    for key in keys {
        let answer = with_key(&ada, &key, Method::GET, "/v1/functions", &json!({})).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthenticated"),
            "{key}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_revoked_key_ends_here_at_once_and_on_executors_within_five_seconds() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    let id = ada.api_key["cw_live_".len()..][..10].to_owned();

    ada.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
    ada.delete(&format!("/v1/api-keys/{id}")).await.expect(204);

    with_key(&ada, &ada.api_key, Method::GET, "/v1/functions", &json!({}))
        .await
        .expect(401);
    eventually(
        "the executor refuses the key",
        Duration::from_secs(6),
        async || {
            let answer = ada.invoke("hello", &json!({"name": "Ada"})).await;
            (answer.status == 401).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let soon = chrono::Utc::now() + chrono::TimeDelta::milliseconds(1_500);
    let created = create(&ada, json!({"name": "short", "expires_at": soon})).await;
    let key = created["key"].as_str().unwrap();
    with_key(&ada, key, Method::GET, "/v1/functions", &json!({}))
        .await
        .expect(200);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let ended = with_key(&ada, key, Method::GET, "/v1/functions", &json!({}))
        .await
        .expect(401);
    assert!(ended.text().contains("expired"), "{}", ended.text());
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_not_made() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let bad = [
        json!({}),
        json!({"name": ""}),
        json!({"name": "x".repeat(10_000)}),
        json!({"name": "a\0b"}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["everything"]}),
        json!({"name": "x", "scopes": "read"}),
        json!({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}),
        json!({"name": "x", "expires_at": "tomorrow"}),
        json!({"name": "x", "tenant": "other"}),
    ];
    for body in bad {
        let answer = ada.post("/v1/api-keys", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{body}: {}",
            answer.text()
        );
    }
    for id in ["nobody", "x%00y", "%F0%9F%91%BB", &"x".repeat(5_000)] {
        ada.delete(&format!("/v1/api-keys/{id}")).await.expect(404);
    }
}

#[tokio::test]
async fn the_platforms_key_acts_for_whom_it_names() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let key = stack.platform_key().await;
    let asking = |tenant: &str| {
        ada.anonymous(Method::GET, "/v1/tenant")
            .bearer_auth(key)
            .header("cartwright-tenant", tenant)
    };

    let by_slug = ada.send(asking(&ada.slug)).await.expect(200).json();
    assert_eq!(by_slug["slug"], ada.slug);
    let by_id = ada
        .send(asking(by_slug["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    assert_eq!(by_id["slug"], ada.slug);
    for nobody in [
        "nobody",
        "",
        "01900000-0000-7000-8000-000000000000",
        "ä",
        "' or true --",
    ] {
        ada.send(asking(nobody)).await.expect(404);
    }
    let unnamed = ada.anonymous(Method::GET, "/v1/tenant").bearer_auth(key);
    ada.send(unnamed).await.expect(400);
    // A tenant's key stays in its tenant, whatever the header says.
    let bob = stack.tenant("bob").await;
    let elsewhere = ada
        .anonymous(Method::GET, "/v1/tenant")
        .bearer_auth(&ada.api_key)
        .header("cartwright-tenant", &bob.slug);
    assert_eq!(
        ada.send(elsewhere).await.expect(200).json()["slug"],
        ada.slug
    );
}
