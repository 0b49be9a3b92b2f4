//! The operator's side: every tenant, by the platform's key.

use cartwright_tests::{Stack, module};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_operator_lists_limits_and_suspends_tenants() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    let key = stack.platform_key().await;
    let platform = |method: Method, path: &str| ada.anonymous(method, path).bearer_auth(key);

    let own = format!("/v1/platform/tenants/{}", ada.slug);
    ada.send(platform(Method::GET, &own)).await.expect(200);
    ada.send(platform(Method::GET, "/v1/platform/tenants/nobody"))
        .await
        .expect(404);
    let mut found = 0;
    let mut cursor = String::new();
    loop {
        let page = ada
            .send(platform(
                Method::GET,
                &format!("/v1/platform/tenants?limit=1{cursor}"),
            ))
            .await
            .expect(200)
            .json();
        found += page["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|tenant| tenant["slug"] == ada.slug)
            .count();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, 1);

    ada.send(platform(Method::PATCH, &own).json(&json!({"state": "suspended"})))
        .await
        .expect(200);
    cartwright_tests::eventually(
        "its functions stop",
        std::time::Duration::from_secs(6),
        async || (ada.invoke("hello", &json!({"name": "Ada"})).await.status == 403).then_some(()),
    )
    .await;
    ada.get("/v1/functions").await.expect(200);
    ada.send(platform(Method::PATCH, &own).json(&json!({"state": "active"})))
        .await
        .expect(200);
    cartwright_tests::eventually(
        "they run again",
        std::time::Duration::from_secs(6),
        async || (ada.invoke("hello", &json!({"name": "Ada"})).await.status == 200).then_some(()),
    )
    .await;

    // A tenant made by the platform, whose owner is invited.
    let slug = format!("made-{}", ada.slug);
    let new = json!({"slug": slug, "owner_email": format!("owner-of-{}", ada.email), "limits": {"fuel": 1_000_000}});
    let made = ada
        .send(platform(Method::POST, "/v1/platform/tenants").json(&new))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&made["platform_limits"]["fuel"], &made["owner"]["role"]),
        (&json!(1_000_000), &json!("owner"))
    );
    ada.send(platform(Method::POST, "/v1/platform/tenants").json(&new))
        .await
        .expect(409);
    let acceptance =
        json!({"invitation": made["owner"]["invitation"], "password": "correct horse"});
    ada.send(
        ada.anonymous(Method::POST, "/v1/auth/accept")
            .json(&acceptance),
    )
    .await
    .expect(201);
}
