//! What browsers get: the console, the documentation, and the headers that keep both to themselves.

use cartwright_domain::problem::Code;
use cartwright_tests::{Answer, Stack};

use crate::document::{document, operations};

async fn page(stack: &Stack, path: &str) -> Answer {
    let response = reqwest::get(format!("{}{path}", stack.api_url)).await;
    Answer::read(response.expect("an answer"))
        .await
        .expect("a body")
}

#[tokio::test]
async fn every_address_of_the_console_is_its_one_page_and_no_other_is() {
    let stack = Stack::shared().await;
    for address in ["/", "/functions", "/functions/hello/versions/1", "/sign-in"] {
        let answer = page(stack, address).await.expect(200);
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{address}"
        );
        assert!(
            answer.text().contains("<div id="),
            "{address}: {}",
            answer.text()
        );
        assert_eq!(answer.header("cache-control"), "no-cache", "{address}");
    }
    let index = page(stack, "/").await.text();
    let asset = index
        .split(['"', '\''])
        .find(|part| part.starts_with("/assets/"))
        .expect("an asset");
    let asset = page(stack, asset).await.expect(200);
    assert!(
        asset.header("cache-control").contains("immutable"),
        "{}",
        asset.header("cache-control")
    );
    for missing in [
        "/assets/nothing.js",
        "/v1/nothing",
        "/v1/functions/a/b/c",
        "/internal/v1/keys/x",
    ] {
        let answer = page(stack, missing).await.expect(404);
        assert_eq!(
            (answer.header("content-type"), answer.code().as_str()),
            ("application/problem+json", "not_found"),
            "{missing}"
        );
    }
    for escape in [
        "/..%2f..%2fCargo.toml",
        "/assets/..%2f..%2f..%2fCargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
    ] {
        assert!(
            !page(stack, escape).await.text().contains("[workspace]"),
            "{escape}"
        );
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_ask_nobody_else() {
    let stack = Stack::shared().await;
    for path in [
        "/",
        "/docs",
        "/docs/problems",
        "/openapi.json",
        "/v1/tenant",
        "/healthz",
    ] {
        let answer = page(stack, path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self';") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains(&format!("connect-src 'self' {};", stack.invoke_url)),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
    for path in ["/", "/docs", "/docs/problems"] {
        let text = page(stack, path).await.text();
        for loaded in [
            "src=\"http",
            "href=\"http",
            "src=\"//",
            "href=\"//",
            "<style",
            "style=",
        ] {
            assert!(!text.contains(loaded), "{path} has {loaded}");
        }
    }
}

#[tokio::test]
async fn the_documentation_has_every_operation_and_every_problem() {
    let stack = Stack::shared().await;
    let docs = page(stack, "/docs").await.expect(200).text();
    for (.., operation) in operations(&document(stack).await) {
        let id = operation["operationId"].as_str().expect("a name");
        assert!(docs.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    let problems = page(stack, "/docs/problems").await.expect(200).text();
    for code in Code::ALL {
        assert!(
            problems.contains(&format!("id=\"{}\"", code.as_str())),
            "{}",
            code.as_str()
        );
    }
    // The `type` of a problem leads there.
    let kind = page(stack, "/v1/tenant").await.json()["type"]
        .as_str()
        .expect("a type")
        .to_owned();
    assert_eq!(kind, "/docs/problems#unauthenticated");
}
