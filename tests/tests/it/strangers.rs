//! What every route answers to strangers, to bodies that cannot be read, and to names that cannot be.

use cartwright_tests::Stack;
use serde_json::json;

use crate::document::{document, operations};

/// The path with something in every place, which need not exist.
fn filled(path: &str) -> String {
    let path = path
        .replace("{version}", "1")
        .replace("{id}", "01900000-0000-7000-8000-000000000000");
    path.replace("{name}", "nothing")
        .replace("{alias}", "live")
        .replace("{tenant}", "nothing")
        .replace("{target}", "nothing")
        .replace("{secret}", "01900000-0000-7000-8000-000000000000")
}

#[tokio::test]
async fn every_route_asks_for_a_credential_and_the_operators_for_the_platforms() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let mut asked = 0;
    for (method, path, operation) in operations(&document(stack).await) {
        let Some(permission) = operation["x-cartwright-access"]["permission"].as_str() else {
            continue;
        };
        let path = filled(&path);
        let stranger = ada.send(ada.anonymous(method.clone(), &path)).await;
        assert_eq!(
            (stranger.status, stranger.code().as_str()),
            (401, "unauthenticated"),
            "{method} {path}"
        );
        assert_eq!(
            stranger.header("content-type"),
            "application/problem+json",
            "{method} {path}"
        );
        if permission.starts_with("platform:") {
            for credential in [&ada.access_token, &ada.api_key] {
                let tenant = ada
                    .send(ada.anonymous(method.clone(), &path).bearer_auth(credential))
                    .await;
                assert_eq!(tenant.status, 403, "{method} {path}: {}", tenant.text());
            }
        }
        asked += 1;
    }
    assert!(asked >= 30, "{asked}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_on_every_route_that_takes_one() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let platform = stack.platform_key().await.to_owned();
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(12 << 20));
    let mut asked = 0;
    for (method, path, operation) in operations(&document(stack).await) {
        // A webhook is read only once its source and its signature are known: `webhooks` has its tests.
        let is_webhook = operation["operationId"] == "receive_webhook";
        if operation["requestBody"]["content"]["application/json"].is_null() || is_webhook {
            continue;
        }
        let path = filled(&path);
        let permission = operation["x-cartwright-access"]["permission"].as_str();
        let credential = if permission.is_some_and(|permission| permission.starts_with("platform:"))
        {
            &platform
        } else {
            &ada.access_token
        };
        let send = async |content_type: &str, body: Vec<u8>| {
            let request = ada.anonymous(method.clone(), &path).bearer_auth(credential);
            ada.send(request.header("content-type", content_type).body(body))
                .await
        };
        for broken in ["", "{", "not json", "[]]", "\u{0}", "nul\u{0}l"] {
            let answer = send("application/json", broken.as_bytes().to_vec()).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "invalid_request"),
                "{method} {path} {broken:?}: {}",
                answer.text()
            );
        }
        let not_text = send("application/json", vec![0xff, 0xfe, b'{']).await;
        assert_eq!(not_text.status, 400, "{method} {path}: {}", not_text.text());
        let nested = send("application/json", vec![b'['; 100_000]).await;
        assert_eq!(nested.status, 400, "{method} {path}: {}", nested.text());
        let other_type = send("text/plain", b"{}".to_vec()).await;
        assert_eq!(
            (other_type.status, other_type.code().as_str()),
            (415, "unsupported_media_type"),
            "{method} {path}"
        );
        let too_large = send("application/json", large.clone().into_bytes()).await;
        assert_eq!(
            (too_large.status, too_large.code().as_str()),
            (413, "input_too_large"),
            "{method} {path}: {}",
            too_large.text()
        );
        asked += 1;
    }
    assert!(asked >= 12, "{asked}");
}

#[tokio::test]
async fn odd_names_in_a_path_are_refused_and_nothing_breaks() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let odd = [
        "%00",
        "a%00b",
        "%F0%9F%91%BB",
        "%ff",
        "..%2f..%2f",
        "A",
        "a'%20or%20'1'='1",
        &"x".repeat(10_000),
        "-1",
        "999999999999999999999",
        "%0a",
    ];
    for (method, path, operation) in operations(&document(stack).await) {
        let is_tenants = operation["x-cartwright-access"]["permission"]
            .as_str()
            .is_some_and(|permission| !permission.starts_with("platform:"));
        if !is_tenants || !path.contains('{') {
            continue;
        }
        for name in odd {
            let path: String = path
                .split('/')
                .map(|part| if part.starts_with('{') { name } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let answer = ada
                .send(ada.request(method.clone(), &path).json(&json!({})))
                .await;
            let shown: String = path.chars().take(120).collect();
            assert!(
                matches!(answer.status, 400 | 404 | 415),
                "{method} {shown}: {}",
                answer.text()
            );
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json",
                "{method} {shown}"
            );
        }
    }
}
