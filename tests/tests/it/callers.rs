//! The client for callers, `clients/typescript`, against real servers.

use cartwright_tests::{Stack, module};
use serde_json::json;
use tokio::process::Command;

use crate::targets::deploy_for;

const DISCOUNT: &str = "volume-discount-rust/volume-discount-rust.wasm";

#[tokio::test]
async fn the_typescript_client_calls_a_function_and_tells_failures_apart() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("discount", module(DISCOUNT)).await;
    ada.invoke_when_known("discount", &json!({"cart": {}}))
        .await;
    deploy_for(&ada, "in-checkout", "cart.discount", module(DISCOUNT)).await;
    let bindings = json!([{"function": "in-checkout", "on_error": "skip"}]);
    ada.put("/v1/targets/cart.discount/bindings", &bindings)
        .await
        .expect(200);
    let folder = xtask::place::root().join("clients/typescript");

    let output = Command::new("node")
        .args(["--test", "test/stack.test.mjs"])
        .current_dir(&folder)
        .env("CARTWRIGHT_INVOKE_URL", &stack.invoke_url)
        .env("CARTWRIGHT_API_KEY", &ada.api_key)
        .env("CARTWRIGHT_PLATFORM_KEY", stack.platform_key().await)
        .env("CARTWRIGHT_TENANT", &ada.slug)
        .output()
        .await
        .expect("node starts");

    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A runner that found no test is content as well.
    let passed = said
        .lines()
        .find_map(|line| line.split_once("pass ")?.1.parse::<u32>().ok());
    assert!(passed >= Some(7), "{said}");
}
