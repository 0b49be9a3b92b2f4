//! Webhooks of third parties: believed by their signatures over the bytes as they came, kept once, or refused.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use cartwright_tests::{Stack, Tenant};
use chrono::Utc;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sending::{hmac, hmac_base64, new_id, rows, source, standard, subscribe};

fn now() -> i64 {
    Utc::now().timestamp()
}

#[tokio::test]
async fn a_standard_webhook_is_kept_once_and_answered_alike() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, secret) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    subscribe(
        &ada,
        "f",
        "user.*",
        &json!({"source": "crm", "paused": true}),
    )
    .await;
    let body =
        br#"{ "type": "user.created", "timestamp": "2026-01-02T03:04:05Z", "data": {"n": 1.10} }"#;
    let sent = || standard(&ada, &id, &secret, "msg_1", now(), body);

    let first = ada.send(sent()).await.expect(200).json();
    let again = ada.send(sent()).await.expect(200).json();

    assert_eq!(
        (&first["duplicate"], &first["deliveries"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(
        again,
        json!({"event_id": first["event_id"], "duplicate": true, "deliveries": 1})
    );
    let kept = ada
        .get(&format!(
            "/v1/events/{}",
            first["event_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert!(
        kept.text().contains(std::str::from_utf8(body).unwrap()),
        "{}",
        kept.text()
    );
    let kept = kept.json();
    assert_eq!(
        (&kept["type"], &kept["source"], &kept["external_id"]),
        (&json!("user.created"), &json!("crm"), &json!("msg_1"))
    );
    assert_eq!(kept["occurred_at"], "2026-01-02T03:04:05Z");
    assert_eq!(
        ada.get("/v1/events?source=crm").await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        ada.get("/v1/events?source=other").await.json()["data"],
        json!([])
    );
}

#[tokio::test]
async fn a_webhook_of_a_stock_library_is_believed() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, secret) = source(
        &ada,
        &json!({"name": "stock", "scheme": "standard_webhooks"}),
    )
    .await;
    let (at, body) = (now(), br#"{"type":"a","data":1}"#);
    let signature = standardwebhooks::Webhook::new(&secret)
        .unwrap()
        .sign("msg_stock", at, body)
        .unwrap();
    let request = ada
        .anonymous(Method::POST, &format!("/v1/sources/{id}"))
        .header("webhook-id", "msg_stock")
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature)
        .header("content-type", "application/json")
        .body(body.to_vec());
    ada.send(request).await.expect(200);
}

#[tokio::test]
async fn the_same_webhook_fifty_times_at_once_is_one_event() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, secret) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    subscribe(&ada, "f", "*", &json!({"paused": true})).await;
    let sent = || standard(&ada, &id, &secret, "msg_1", now(), b"{}");
    let answers = join_all((0..50).map(|_| ada.send(sent()))).await;
    let ids: HashSet<String> = answers
        .into_iter()
        .map(|answer| answer.expect(200).json()["event_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(
        (
            rows(stack, "event", &ada).await,
            rows(stack, "delivery", &ada).await
        ),
        (1, 1)
    );
}

/// A webhook with these headers.
fn webhook(tenant: &Tenant, source: &str, headers: &[(&str, &str)], body: &[u8]) -> RequestBuilder {
    let path = format!("/v1/sources/{source}");
    let request = tenant
        .anonymous(Method::POST, &path)
        .header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(body.to_vec())
}

async fn type_of(tenant: &Tenant, accepted: &Value) -> Value {
    let path = format!("/v1/events/{}", accepted["event_id"].as_str().unwrap());
    tenant.get(&path).await.expect(200).json()["type"].clone()
}

#[tokio::test]
async fn webhooks_of_shopify_github_and_others_are_believed_and_named() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let body = br#"{"id":820982911946154508}"#;

    let (shop, told) = source(
        &ada,
        &json!({"name": "shop", "scheme": "shopify", "secret": "a client secret"}),
    )
    .await;
    assert_eq!(told, "", "what was given is not told again");
    let signature = hmac_base64(b"a client secret", body);
    let headers = |id: &'static str| {
        [
            ("x-shopify-topic", "orders/paid"),
            ("x-shopify-shop-domain", "ada.myshopify.com"),
            ("x-shopify-webhook-id", id),
        ]
    };
    let sent = |id: &'static str| {
        webhook(&ada, &shop, &headers(id), body).header("x-shopify-hmac-sha256", &signature)
    };
    let first = ada.send(sent("w1")).await.expect(200).json();
    assert_eq!(type_of(&ada, &first).await, "shopify/orders/paid");
    assert_eq!(
        ada.send(sent("w1")).await.expect(200).json()["duplicate"],
        true
    );
    assert_eq!(
        ada.send(sent("w2")).await.expect(200).json()["duplicate"],
        false
    );

    let (hub, secret) = source(&ada, &json!({"name": "hub", "scheme": "github"})).await;
    let signature = format!("sha256={}", hex::encode(hmac(secret.as_bytes(), body)));
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", "d1"),
        ("x-hub-signature-256", &signature),
    ];
    let sent = ada
        .send(webhook(&ada, &hub, &headers, body))
        .await
        .expect(200)
        .json();
    assert_eq!(type_of(&ada, &sent).await, "github/push");

    let settings = json!({
        "signature_header": "x-sign", "prefix": "v1=", "signed": "{timestamp}.{body}", "timestamp_header": "x-at", "event_type": "pay/any",
    });
    let (pay, secret) = source(
        &ada,
        &json!({"name": "pay", "scheme": "hmac", "settings": settings}),
    )
    .await;
    let at = now().to_string();
    let signed = [at.as_bytes(), b".", body].concat();
    let signature = format!("v1={}", hex::encode(hmac(secret.as_bytes(), &signed)));
    let sent = |at: &str| webhook(&ada, &pay, &[("x-sign", &signature), ("x-at", at)], body);
    let first = ada.send(sent(&at)).await.expect(200).json();
    assert_eq!(type_of(&ada, &first).await, "pay/any");
    assert_eq!(
        ada.send(sent(&at)).await.expect(200).json()["duplicate"],
        true,
        "told by its digest"
    );
    ada.send(sent(&(now() + 1).to_string())).await.expect(401);
}

#[tokio::test]
async fn a_source_shows_the_settings_that_its_scheme_looks_at() {
    let ada = Stack::shared().await.tenant("ada").await;
    for (scheme, settings, shown) in [
        (
            "standard_webhooks",
            json!({}),
            json!({"event_type": "webhook"}),
        ),
        (
            "standard_webhooks",
            json!({"event_type": "crm"}),
            json!({"event_type": "crm"}),
        ),
        ("shopify", json!({}), json!({})),
        ("github", json!({}), json!({})),
        (
            "hmac",
            json!({"encoding": "base64"}),
            json!({
                "event_type": "webhook", "signature_header": "x-signature", "algorithm": "sha256", "encoding": "base64", "prefix": "",
                "signed": "{body}", "timestamp_header": null, "id_header": null, "type_header": null,
            }),
        ),
    ] {
        let name = format!("{scheme} {settings}");
        let secret = (scheme == "shopify").then_some("the app's client secret");
        let new = json!({"name": name, "scheme": scheme, "settings": settings, "secret": secret});
        let made = ada.post("/v1/sources", &new).await.expect(201).json();
        assert_eq!(made["settings"], shown, "{scheme}");
        let path = format!("/v1/sources/{}", made["id"].as_str().unwrap());
        let found = ada.get(&path).await.expect(200).json();
        assert_eq!(found["settings"], shown, "{scheme}");
        // What is shown can be put as it is, and pausing changes none of it.
        let same = json!({"settings": shown, "paused": true});
        let changed = ada.patch(&path, &same).await.expect(200).json();
        assert_eq!(changed["settings"], shown, "{scheme}");
        let resumed = ada
            .patch(&path, &json!({"paused": false}))
            .await
            .expect(200);
        assert_eq!(resumed.json()["settings"], shown, "{scheme}");
    }
}

#[tokio::test]
async fn a_source_whose_settings_would_be_refused_by_now_is_paused_all_the_same() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, _) = source(&ada, &json!({"name": "hub", "scheme": "github"})).await;
    let earlier = r#"update source set settings = '{"event_type": "order"}' where source_id = $1"#;
    let changed = sqlx::query(earlier)
        .bind(id.parse::<uuid::Uuid>().unwrap())
        .execute(&mut stack.database().await)
        .await;
    assert_eq!(changed.unwrap().rows_affected(), 1);

    let pause = json!({"paused": true});
    let paused = ada.patch(&format!("/v1/sources/{id}"), &pause).await;

    assert_eq!(paused.expect(200).json()["paused"], true);
}

#[tokio::test]
async fn what_is_wrong_old_replayed_truncated_or_re_encoded_is_refused_and_leaves_nothing() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, secret) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let (other, other_secret) = source(
        &ada,
        &json!({"name": "other", "scheme": "standard_webhooks"}),
    )
    .await;
    let body = br#"{ "type":"a", "data":{"n":1.0} }"#;
    let path = format!("/v1/sources/{id}");
    let signed = |at: i64| standard(&ada, &id, &secret, "msg_1", at, body);
    let re_encoded = serde_json::to_vec(&serde_json::from_slice::<Value>(body).unwrap()).unwrap();
    for (what, request, status) in [
        (
            "another source's secret",
            standard(&ada, &id, &other_secret, "msg_1", now(), body),
            401,
        ),
        ("old", signed(now() - 302), 401),
        ("from the future", signed(now() + 302), 401),
        (
            "truncated",
            signed(now()).body(body[..body.len() - 1].to_vec()),
            401,
        ),
        ("re-encoded", signed(now()).body(re_encoded), 401),
        (
            "without a signature",
            ada.anonymous(Method::POST, &path)
                .header("content-type", "application/json")
                .body("{}"),
            401,
        ),
        (
            "no JSON",
            standard(&ada, &id, &secret, "msg_2", now(), b"{\"a\": "),
            400,
        ),
        (
            "nested deep",
            standard(
                &ada,
                &id,
                &secret,
                "msg_3",
                now(),
                "[".repeat(50_000).as_bytes(),
            ),
            400,
        ),
        (
            "no text",
            standard(&ada, &id, &secret, "msg_4", now(), b"\"\xff\""),
            400,
        ),
        (
            "an endless id",
            standard(&ada, &id, &secret, &"m".repeat(201), now(), body),
            400,
        ),
        (
            "nobody's source",
            standard(
                &ada,
                "01900000-0000-7000-8000-000000000000",
                &secret,
                "msg_1",
                now(),
                body,
            ),
            404,
        ),
    ] {
        let answer = ada.send(request).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(!answer.text().contains(&secret[6..]), "{what}");
    }
    let form = ada
        .anonymous(Method::POST, &path)
        .form(&[("payload", "{}")]);
    assert_eq!(ada.send(form).await.code(), "unsupported_media_type");
    assert_eq!(
        (
            rows(stack, "event", &ada).await,
            rows(stack, "event_seen", &ada).await
        ),
        (0, 0)
    );

    // At the edge, and to another source: a replay there is a forgery, here it is a duplicate.
    ada.send(signed(now() - 298)).await.expect(200);
    ada.send(signed(now() + 298)).await.expect(200);
    let elsewhere = standard(&ada, &other, &secret, "msg_1", now(), body);
    ada.send(elsewhere).await.expect(401);
    assert_eq!(rows(stack, "event", &ada).await, 1);
}

#[tokio::test]
async fn secrets_are_rotated_without_losing_a_webhook() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, old) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let path = format!("/v1/sources/{id}");
    let sent = |secret: &str| standard(&ada, &id, secret, &new_id(), now(), b"{}");
    let shown = ada.get(&path).await.expect(200);
    assert!(!shown.text().contains(&old[6..]));
    let first = shown.json()["secrets"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    ada.delete(&format!("{path}/secrets/{first}"))
        .await
        .expect(409);

    let added = ada
        .post(&format!("{path}/secrets"), &json!({}))
        .await
        .expect(201)
        .json();
    let new = added["secret"].as_str().unwrap();
    ada.send(sent(&old)).await.expect(200);
    ada.send(sent(new)).await.expect(200);
    ada.delete(&format!("{path}/secrets/{first}"))
        .await
        .expect(204);
    ada.send(sent(&old)).await.expect(401);
    ada.send(sent(new)).await.expect(200);

    let ended = Utc::now() - chrono::TimeDelta::seconds(1);
    let third = json!({"others_expire_at": ended});
    let third = ada
        .post(&format!("{path}/secrets"), &third)
        .await
        .expect(201)
        .json();
    ada.send(sent(new)).await.expect(401);
    ada.send(sent(third["secret"].as_str().unwrap()))
        .await
        .expect(200);
    let bad = ada
        .post(&format!("{path}/secrets"), &json!({"secret": "whsec_AAAA"}))
        .await;
    assert_eq!(bad.expect(400).json()["errors"][0]["pointer"], "/secret");
}

#[tokio::test]
async fn a_paused_source_has_its_sender_try_again_and_a_deleted_one_is_none() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, secret) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let path = format!("/v1/sources/{id}");
    let sent = || standard(&ada, &id, &secret, "msg_1", now(), b"{}");
    ada.patch(&path, &json!({"paused": true})).await.expect(200);
    let refused = ada.send(sent()).await.expect(503);
    assert!(!refused.header("retry-after").is_empty());
    ada.patch(&path, &json!({"paused": false}))
        .await
        .expect(200);
    ada.send(sent()).await.expect(200);
    ada.delete(&path).await.expect(204);
    ada.send(sent()).await.expect(404);
    ada.post("/v1/sources", &json!({"name": "crm", "scheme": "github"}))
        .await
        .expect(201);
    ada.post("/v1/sources", &json!({"name": "crm", "scheme": "github"}))
        .await
        .expect(409);
    for (new, pointer) in [
        (json!({"name": "", "scheme": "github"}), "/name"),
        (json!({"name": "s", "scheme": "shopify"}), "/secret"),
        (
            json!({"name": "s", "scheme": "github", "settings": {"prefix": "x"}}),
            "/settings/",
        ),
        (
            json!({"name": "s", "scheme": "shopify", "settings": {"event_type": "order"}}),
            "/settings/",
        ),
        (
            json!({"name": "s", "scheme": "hmac", "settings": {"signed": "{timestamp}.{body}"}}),
            "/settings/timestamp_header",
        ),
        (
            json!({"name": "s", "scheme": "hmac", "settings": {"signed": "nothing"}}),
            "/settings/signed",
        ),
        (
            json!({"name": "s", "scheme": "hmac", "settings": {"id_header": "a b"}}),
            "/settings/id_header",
        ),
    ] {
        let refused = ada.post("/v1/sources", &new).await.expect(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{new}");
    }
}

/// A raw connection to the api, on which a request has begun.
async fn begun(stack: &Stack, head: &str) -> TcpStream {
    let place = stack.api_url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(place).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

/// What comes back until the connection ends or enough has come.
async fn answered(connection: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(30), connection.read(&mut answer)).await;
    let length = read.expect("an answer in time").unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn ten_gigabytes_are_refused_by_their_length_or_cut_at_the_limit() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, _) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let head =
        format!("POST /v1/sources/{id} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");

    let mut declared = begun(
        stack,
        &format!("{head}content-length: 10000000000\r\n\r\n{{"),
    )
    .await;
    let answer = answered(&mut declared).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    let mut chunked = begun(stack, &format!("{head}transfer-encoding: chunked\r\n\r\n")).await;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut sent = 0_usize;
    // Until the api has enough: it must be long before all of it came.
    for _ in 0..2_000 {
        match tokio::time::timeout(Duration::from_secs(1), chunked.write_all(&chunk)).await {
            Ok(Ok(())) => sent += chunk.len(),
            _ => break,
        }
    }
    assert!(sent < 100 << 20, "{sent} bytes went out");
    let answer = answered(&mut chunked).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
        "{answer}"
    );
    assert_eq!(rows(stack, "event", &ada).await, 0);
}

#[tokio::test]
async fn a_webhook_that_drips_in_is_refused_after_ten_seconds() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (id, _) = source(&ada, &json!({"name": "crm", "scheme": "standard_webhooks"})).await;
    let head = format!(
        "POST /v1/sources/{id} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    );
    let began = Instant::now();
    let mut dripping = begun(stack, &head).await;
    let answer = loop {
        dripping.write_all(b" ").await.ok();
        let mut answer = vec![0; 4096];
        let read =
            tokio::time::timeout(Duration::from_millis(300), dripping.read(&mut answer)).await;
        if let Ok(length) = read {
            break String::from_utf8_lossy(&answer[..length.unwrap_or(0)]).into_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    };
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(9));
}
