//! What happens while something that the api needs is away: a clear answer, nothing half-written, and a recovery by itself.

use std::time::Duration;

use cartwright_tests::{Answer, Backend, Options, Role, Stack, Tenant, eventually, module};
use serde_json::{Value, json};

const WITHIN: Duration = Duration::from_secs(30);

async fn stack() -> Stack {
    Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await
}

fn is_not_ready(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "not_ready"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(
        answer.json()["detail"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
}

async fn api_lives(stack: &Stack) {
    let alive = reqwest::get(format!("{}/healthz", stack.api_url)).await;
    assert_eq!(alive.expect("an answer").status(), 200);
    assert!(stack.lives(Role::Api) && stack.lives(Role::Worker));
}

async fn count(tenant: &Tenant, path: &str) -> Option<usize> {
    tenant.get(path).await.json()["data"]
        .as_array()
        .map(Vec::len)
}

#[tokio::test]
async fn without_s3_an_upload_is_refused_whole_and_works_again_after() {
    let stack = stack().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;
    let hello = module("hello/hello.wasm");

    stack.cut(Backend::ObjectStore);
    is_not_ready(&ada.upload("f", hello.clone()).await);
    assert_eq!(count(&ada, "/v1/functions/f/versions").await, Some(0));
    api_lives(&stack).await;

    stack.mend(Backend::ObjectStore);
    let answer = ada.upload("f", hello).await.expect(201);
    assert_eq!(answer.json()["version"], 1);
    ada.invoke_when_known("f", &json!({"name": "Ada"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn without_redis_all_works_and_executors_follow_by_asking() {
    let stack = stack().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", module("hello/hello.wasm")).await;
    ada.invoke_when_known("f", &json!({"name": "Ada"}))
        .await
        .expect(200);

    stack.cut(Backend::Redis);
    ada.delete("/v1/functions/f").await.expect(204);
    eventually(
        "the executor asked what changed",
        Duration::from_secs(15),
        async || Some(ada.invoke("f", &json!({})).await).filter(|answer| answer.status == 404),
    )
    .await;
    ada.deploy("g", module("hello/hello.wasm")).await;
    api_lives(&stack).await;

    stack.mend(Backend::Redis);
    stack.ready(Role::Api).await;
    stack.ready(Role::Worker).await;
}

#[tokio::test]
async fn without_postgres_the_api_says_so_and_comes_back_by_itself() {
    let stack = stack().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;

    stack.cut(Backend::Database);
    is_not_ready(&ada.get("/v1/functions").await);
    is_not_ready(&ada.post("/v1/functions", &json!({"name": "g"})).await);
    is_not_ready(&ada.upload("f", module("hello/hello.wasm")).await);
    api_lives(&stack).await;

    stack.mend(Backend::Database);
    eventually("the api answers again", WITHIN, async || {
        (count(&ada, "/v1/functions").await == Some(1)).then_some(())
    })
    .await;
    assert_eq!(count(&ada, "/v1/functions/f/versions").await, Some(0));
    ada.upload("f", module("hello/hello.wasm"))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_database_that_goes_away_within_a_compilation_loses_nothing() {
    let stack = stack().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;

    let outage = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        stack.cut(Backend::Database);
        tokio::time::sleep(Duration::from_secs(3)).await;
        stack.mend(Backend::Database);
    };
    let upload = ada.upload(
        "f",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    );
    let (answer, ()) = tokio::join!(upload, outage);

    // Taken in or not at all: a version whose bytes and job are there, or none.
    let settled = eventually(
        "the version is settled or was never there",
        Duration::from_secs(60),
        async || {
            let page = ada.get("/v1/functions/f/versions").await;
            let versions = page.json()["data"].as_array().cloned()?;
            match versions.first() {
                None if answer.status == 503 => Some(Value::Null),
                None => None,
                Some(version) => (version["status"] == "ready").then(|| version.clone()),
            }
        },
    )
    .await;
    if settled.is_null() {
        ada.upload(
            "f",
            module("volume-discount-rust/volume-discount-rust.wasm"),
        )
        .await
        .expect(201);
    }
}

#[tokio::test]
async fn without_executor_or_billing_what_needs_them_says_so_and_the_rest_works() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", module("hello/hello.wasm")).await;
    let test = "/v1/functions/f/versions/1/test";
    let sample = json!({"input": {"name": "Ada"}});
    ada.post(test, &sample).await.expect(200);

    stack.kill(Role::Executor);
    stack.kill(Role::Billing);
    is_not_ready(&ada.post(test, &sample).await);
    for path in [
        "/v1/usage",
        "/v1/invocations",
        "/v1/billing/estimate",
        "/v1/billing/plan",
    ] {
        is_not_ready(&ada.get(path).await);
    }
    ada.get("/v1/functions/f").await.expect(200);
    ada.upload(
        "f",
        module("payment-method-filter/payment-method-filter.wasm"),
    )
    .await
    .expect(201);

    stack.restart(Role::Executor).await;
    stack.restart(Role::Billing).await;
    ada.post(test, &sample).await.expect(200);
    ada.get("/v1/usage").await.expect(200);
}
