//! The OpenAPI document: what is committed, and what the console's types are made from, is what the api serves.

use cartwright_tests::Stack;
use serde_json::Value;

#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let stack = Stack::shared().await;
    let committed = xtask::place::root().join("web-console/openapi.json");
    let committed = std::fs::read(&committed).expect("web-console/openapi.json is committed");
    let committed: Value = serde_json::from_slice(&committed).expect("it is JSON");

    let served = reqwest::get(format!("{}/openapi.json", stack.api_url)).await;
    let served: Value = served.expect("an answer").json().await.expect("JSON");

    assert_eq!(served["openapi"].as_str(), Some("3.1.0"));
    assert!(
        served == committed,
        "the api has changed: run `target/debug/cartwright-api openapi > web-console/openapi.json`, \
         then `npm run generate` in web-console"
    );
}
