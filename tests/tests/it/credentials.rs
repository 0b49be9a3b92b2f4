//! Who may invoke: which keys get in, for which tenant they act, and what becomes of them while the api is away.

use std::time::Duration;

use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_tests::{Answer, Options, Role, Stack, eventually, module};
use reqwest::Method;
use serde_json::json;

use crate::invoke::{ada_with_hello, invocation_as, refused};

#[tokio::test]
async fn only_a_valid_key_with_the_scope_gets_in() {
    let (_, ada) = ada_with_hello().await;
    let with = async |authorization: &str| {
        let request = ada.invocation("hello").body("{}");
        let mut request = request.build().expect("a request");
        request.headers_mut().remove("authorization");
        if !authorization.is_empty() {
            request
                .headers_mut()
                .insert("authorization", authorization.parse().expect("a header"));
        }
        Answer::read(
            reqwest::Client::new()
                .execute(request)
                .await
                .expect("an answer"),
        )
        .await
        .expect("a whole answer")
    };
    let key = &ada.api_key;
    assert_eq!(with(&format!("Bearer {key}")).await.status, 200);

    let unknown = ApiKey::generate(KeyKind::Tenant);
    let (head, tail) = key.split_at(key.len() - 10);
    let tampered = format!("{head}{}", tail.chars().rev().collect::<String>());
    for (authorization, says) in [
        (String::new(), "send an API key"),
        (format!("Basic {key}"), "Bearer"),
        (format!("Bearer {tampered}"), "no API key"),
        (format!("Bearer {}", unknown.expose()), "no such API key"),
        (
            format!("Bearer {}", ada.access_token),
            "functions are run with an API key",
        ),
    ] {
        let answer = with(&authorization).await;
        assert_eq!(refused(&answer), (401, "unauthenticated".to_owned()));
        assert!(
            answer.json()["detail"].to_string().contains(says),
            "{}",
            answer.text()
        );
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        assert!(
            !answer.text().contains(tail),
            "a credential is never repeated"
        );
    }
    let read_only = ada
        .post(
            "/v1/api-keys",
            &json!({"name": "reader", "scopes": ["read"]}),
        )
        .await
        .expect(201)
        .json();
    let answer = with(&format!(
        "Bearer {}",
        read_only["key"].as_str().expect("a key")
    ))
    .await;
    assert_eq!(refused(&answer), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_seconds() {
    let (stack, ada) = ada_with_hello().await;
    let made = ada
        .post("/v1/api-keys", &json!({"name": "short-lived"}))
        .await
        .expect(201)
        .json();
    let (id, key) = (
        made["id"].as_str().expect("an id"),
        made["key"].as_str().expect("a key"),
    );
    let with_it = async || ada.send(invocation_as(stack, "hello", key)).await;
    with_it().await.expect(200);

    ada.delete(&format!("/v1/api-keys/{id}")).await;

    eventually("the key is refused", Duration::from_secs(6), async || {
        Some(with_it().await).filter(|answer| answer.status == 401)
    })
    .await;
}

#[tokio::test]
async fn a_platform_key_that_was_revoked_stops_within_the_time_that_was_promised() {
    let (stack, ada) = ada_with_hello().await;
    let made = stack.keys(&["platform", "--name", "lost"]).await;
    assert!(made.status.success());
    let text = String::from_utf8(made.stdout).expect("a key");
    let key = ApiKey::parse(text.trim()).expect("a key");
    assert_eq!(key.kind(), KeyKind::Platform);
    let with_it = async || {
        let request = invocation_as(stack, "hello", text.trim());
        ada.send(request.header("cartwright-tenant", &ada.slug))
            .await
    };
    with_it().await.expect(200);

    let revoked = stack.keys(&["revoke", "--id", key.id()]).await;
    assert!(revoked.status.success(), "{revoked:?}");
    let said = String::from_utf8_lossy(&revoked.stdout);
    assert!(said.contains(key.id()) && said.contains("lost"), "{said}");

    eventually("the key is refused", Duration::from_secs(6), async || {
        Some(with_it().await).filter(|answer| answer.status == 401)
    })
    .await;
    let on_the_api = ada
        .anonymous(Method::GET, "/v1/tenant")
        .bearer_auth(text.trim())
        .header("cartwright-tenant", &ada.slug);
    ada.send(on_the_api).await.expect(401);
    let again = stack.keys(&["revoke", "--id", key.id()]).await;
    assert!(again.status.success());
    assert!(String::from_utf8_lossy(&again.stdout).contains("already"));
    let list = stack.keys(&["list"]).await;
    let list = String::from_utf8_lossy(&list.stdout);
    let line = list.lines().find(|line| line.starts_with(key.id()));
    assert!(line.is_some_and(|line| line.contains("revoked")), "{list}");
    let unknown = stack.keys(&["revoke", "--id", "nobody"]).await;
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nobody"));
}

#[tokio::test]
async fn the_platform_acts_for_the_tenant_that_it_names_and_for_no_other() {
    let (stack, ada) = ada_with_hello().await;
    let platform_key = stack.platform_key().await.to_owned();
    let as_platform = async |tenant: Option<&str>| {
        let mut request = invocation_as(stack, "hello", &platform_key);
        if let Some(tenant) = tenant {
            request = request.header("cartwright-tenant", tenant);
        }
        ada.send(request).await
    };
    let id = ada.get("/v1/tenant").await.expect(200).json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    assert_eq!(as_platform(Some(&ada.slug)).await.status, 200);
    assert_eq!(as_platform(Some(&id)).await.status, 200);
    assert_eq!(
        refused(&as_platform(None).await),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        refused(&as_platform(Some("Not A Name")).await),
        (400, "invalid_request".to_owned())
    );
    for unknown in ["nobody-here", "01a1fdb7-b704-7191-bc45-b006e87defa4"] {
        assert_eq!(
            refused(&as_platform(Some(unknown)).await),
            (404, "not_found".to_owned())
        );
    }
    let bob = stack.tenant("bob").await;
    assert_eq!(
        refused(&as_platform(Some(&bob.slug)).await),
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn one_tenant_cannot_run_the_function_of_another_nor_learn_of_it() {
    let (stack, ada) = ada_with_hello().await;
    let bob = stack.tenant("bob").await;
    ada.invoke("hello", &json!({})).await.expect(200);

    let his = bob.invoke("hello", &json!({})).await;
    let absent = bob.invoke("absent", &json!({})).await;

    assert_eq!(refused(&his), (404, "not_found".to_owned()));
    let detail = |answer: &Answer| {
        answer.json()["detail"]
            .as_str()
            .expect("a detail")
            .replace("absent", "hello")
    };
    assert_eq!(
        detail(&his),
        detail(&absent),
        "hers looks to him like one that never was"
    );
}

#[tokio::test]
async fn a_suspended_tenants_functions_stop_and_start_again() {
    let (stack, ada) = ada_with_hello().await;
    ada.invoke("hello", &json!({})).await.expect(200);
    let platform_key = stack.platform_key().await.to_owned();
    let turn = async |state: &str| {
        let request = ada
            .anonymous(Method::PATCH, &format!("/v1/platform/tenants/{}", ada.slug))
            .bearer_auth(&platform_key);
        ada.send(request.json(&json!({"state": state})))
            .await
            .expect(200);
    };

    turn("suspended").await;
    let refusal = eventually("it is refused", Duration::from_secs(6), async || {
        Some(ada.invoke("hello", &json!({})).await).filter(|answer| answer.status != 200)
    })
    .await;
    assert_eq!(refused(&refusal), (403, "forbidden".to_owned()));

    turn("active").await;
    eventually("it runs again", Duration::from_secs(6), async || {
        Some(ada.invoke("hello", &json!({})).await).filter(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn functions_run_on_while_the_api_is_away_and_an_unknown_key_waits_for_it() {
    let stack = &Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);

    stack.kill(Role::Api);
    ada.invoke("hello", &json!({})).await.expect(200);
    let unknown = ApiKey::generate(KeyKind::Tenant);
    let answer = ada
        .send(invocation_as(stack, "hello", unknown.expose()))
        .await;
    assert_eq!(refused(&answer), (503, "not_ready".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");

    stack.restart(Role::Api).await;
    let answer = eventually("the key is looked up", Duration::from_secs(5), async || {
        let answer = ada
            .send(invocation_as(stack, "hello", unknown.expose()))
            .await;
        Some(answer).filter(|answer| answer.status != 503)
    })
    .await;
    assert_eq!(refused(&answer), (401, "unauthenticated".to_owned()));
}
