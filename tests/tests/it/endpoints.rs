//! Endpoints: where a tenant wants messages sent, with what they are signed, and what is no place for them.

use cartwright_tests::{Answer, Stack, Tenant};
use serde_json::{Value, json};

const PLACE: &str = "https://example.com/hook";

async fn create(ada: &Tenant, url: &str) -> Answer {
    ada.post("/v1/endpoints", &json!({"name": "ops", "url": url}))
        .await
}

#[tokio::test]
async fn an_endpoint_is_created_changed_disabled_and_deleted_and_its_secret_is_shown_once() {
    let ada = Stack::shared().await.tenant("ada").await;
    let new = json!({"name": "ops", "url": PLACE, "notices": ["endpoint.disabled", "delivery.dead", "delivery.dead"]});
    let created = ada.post("/v1/endpoints", &new).await.expect(201);
    assert_eq!(created.header("cache-control"), "no-store");
    let created = created.json();
    assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(
        created["notices"],
        json!(["delivery.dead", "endpoint.disabled"])
    );
    assert_eq!(created["secrets"].as_array().unwrap().len(), 1);
    let path = format!("/v1/endpoints/{}", created["id"].as_str().unwrap());

    let found = ada.get(&path).await.expect(200);
    assert!(!found.text().contains("whsec_"));
    let change = json!({"url": "https://example.org:8443/", "notices": [], "disabled": true});
    let changed = ada.patch(&path, &change).await.expect(200).json();
    assert_eq!(
        (&changed["name"], &changed["url"]),
        (&json!("ops"), &change["url"])
    );
    assert!(changed["disabled_at"].is_string() && changed["disabled_because"].is_null());
    let enabled = ada
        .patch(&path, &json!({"disabled": false}))
        .await
        .expect(200)
        .json();
    assert!(enabled["disabled_at"].is_null());
    assert_eq!(
        ada.get("/v1/endpoints").await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    ada.delete(&path).await.expect(204);
    ada.get(&path).await.expect(404);
    ada.delete(&path).await.expect(404);
    ada.post(&format!("{path}/test"), &Value::Null)
        .await
        .expect(404);
    ada.post(&format!("{path}/secrets"), &Value::Null)
        .await
        .expect(404);
    let log = ada.get("/v1/audit").await.expect(200).text();
    for action in ["endpoint.create", "endpoint.update", "endpoint.delete"] {
        assert!(log.contains(action), "{action}");
    }
}

#[tokio::test]
async fn a_place_that_leads_inside_is_refused_in_every_spelling() {
    let ada = Stack::shared().await.tenant("ada").await;
    for inside in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "①②⑦.0.0.1",
        "%31%32%37.0.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "[2001:db8::1]",
    ] {
        let refused = create(&ada, &format!("https://{inside}/"))
            .await
            .expect(400);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/url");
        assert!(
            refused.text().contains("open internet"),
            "{inside}: {}",
            refused.text()
        );
    }
    for (wrong, rule) in [
        ("http://example.com/", "https://"),
        ("https://user:password@example.com/", "password"),
        ("https://example.com:22/", "443, 8443"),
        ("https://example.com/#here", "fragment"),
        ("gopher://example.com/", "https://"),
        ("nonsense", "address such as"),
    ] {
        let refused = create(&ada, wrong).await.expect(400);
        assert!(refused.text().contains(rule), "{wrong}: {}", refused.text());
    }
    let good = create(&ada, PLACE).await.expect(201).json();
    let path = format!("/v1/endpoints/{}", good["id"].as_str().unwrap());
    ada.patch(&path, &json!({"url": "https://127.1/"}))
        .await
        .expect(400);
    for wrong in [
        json!({"name": "", "url": PLACE}),
        json!({"name": "x", "url": PLACE, "notices": ["no.such"]}),
        json!({"name": "x", "url": PLACE, "other": 1}),
        json!({"name": "x"}),
    ] {
        ada.post("/v1/endpoints", &wrong).await.expect(400);
    }
}

#[tokio::test]
async fn a_subscription_names_an_endpoint_that_is_there_and_keeps_it_from_being_deleted() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    let endpoint = create(&ada, PLACE).await.expect(201).json()["id"].clone();
    let subscription = |endpoint: &Value| json!({"function": "f", "event_type": "*", "output_endpoint_id": endpoint});
    let absent = json!("01900000-0000-7000-8000-000000000000");
    let refused = ada
        .post("/v1/subscriptions", &subscription(&absent))
        .await
        .expect(400)
        .json();
    assert_eq!(refused["errors"][0]["pointer"], "/output_endpoint_id");
    let made = ada
        .post("/v1/subscriptions", &subscription(&endpoint))
        .await
        .expect(201)
        .json();
    let path = format!("/v1/endpoints/{}", endpoint.as_str().unwrap());
    let kept = ada.delete(&path).await.expect(409);
    assert!(
        kept.text().contains(made["id"].as_str().unwrap()),
        "{}",
        kept.text()
    );

    let free = json!({"output_endpoint_id": null});
    let subscription = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    ada.patch(&subscription, &free).await.expect(200);
    ada.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_tenant_has_fifty_endpoints_at_most() {
    let ada = Stack::shared().await.tenant("ada").await;
    for _ in 0..50 {
        create(&ada, PLACE).await.expect(201);
    }
    assert_eq!(create(&ada, PLACE).await.expect(409).code(), "conflict");
}
