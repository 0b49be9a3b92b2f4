//! Invoking: what a caller reads of a run, of a failed run, and of a request that never became one.

use std::time::Duration;

use cartwright_tests::{Answer, Stack, Tenant, eventually, module};
use futures_util::{future::join_all, stream};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// A tenant of the shared stack with `hello` live.
pub(crate) async fn ada_with_hello() -> (&'static Stack, Tenant) {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    (stack, ada)
}

/// An invocation with this key instead of the tenant's.
pub(crate) fn invocation_as(stack: &Stack, function: &str, key: &str) -> RequestBuilder {
    let url = format!("{}/v1/invoke/{function}", stack.invoke_url);
    reqwest::Client::new().post(url).bearer_auth(key).body("{}")
}

/// Status and code of a problem that is whole.
pub(crate) fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(
        answer.json()["request_id"],
        answer.header("cartwright-request-id")
    );
    (answer.status, answer.code())
}

async fn run_with(tenant: &Tenant, function: &str, body: impl Into<reqwest::Body>) -> Answer {
    tenant.send(tenant.invocation(function).body(body)).await
}

#[tokio::test]
async fn a_run_answers_with_the_output_and_every_header_of_the_contract() {
    let (_, ada) = ada_with_hello().await;

    let answer = ada
        .invoke("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);

    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json().is_object(), "{}", answer.text());
    assert_eq!(answer.header("cartwright-version"), "1");
    let id: uuid::Uuid = answer
        .header("cartwright-invocation-id")
        .parse()
        .expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
    for name in [
        "cartwright-fuel",
        "cartwright-memory-peak",
        "cartwright-duration-us",
    ] {
        assert!(
            answer.header(name).parse::<u64>().is_ok_and(|n| n > 0),
            "{name}"
        );
    }
    let (amount, currency) = answer
        .header("cartwright-cost")
        .split_once(' ')
        .expect("an amount");
    assert!(amount.starts_with("0.000000"), "{amount}");
    assert_eq!(currency, "USD");
    let timing = answer.header("server-timing");
    for stage in [
        "auth;dur=",
        "quota;dur=",
        "load;dur=",
        "run;dur=",
        "meter;dur=",
    ] {
        assert!(timing.contains(stage), "{timing}");
    }
    assert_eq!(
        answer.header("ratelimit-policy"),
        "\"concurrency\";q=64;qu=\"concurrent-requests\", \"tenant-rate\";q=5000;w=1, \"tenant-concurrency\";q=1000;qu=\"concurrent-requests\""
    );
    assert!(answer.header("ratelimit").starts_with("\"concurrency\";r="));
}

#[tokio::test]
async fn the_same_input_gives_the_same_output_and_fuel_however_often_and_at_once() {
    let (_, ada) = ada_with_hello().await;
    let input = json!({"name": "Ada"});
    let first = ada.invoke("hello", &input).await.expect(200);

    for _ in 0..10 {
        for answer in join_all((0..32).map(|_| ada.invoke("hello", &input))).await {
            let answer = answer.expect(200);
            assert_eq!(answer.body, first.body);
            assert_eq!(
                answer.header("cartwright-fuel"),
                first.header("cartwright-fuel")
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (stack, ada) = ada_with_hello().await;
    let of = async |path: &str| run_with(&ada, path, "{}").await;

    for (path, says) in [
        ("absent", "no function \"absent\""),
        ("hello?alias=beta", "has no alias \"beta\"; it has live"),
        (
            "hello?version=7",
            "has no version 7 that is ready; it has 1",
        ),
    ] {
        let answer = of(path).await;
        assert_eq!(refused(&answer), (404, "not_found".to_owned()), "{path}");
        let detail = answer.json()["detail"].to_string().replace("\\\"", "\"");
        assert!(detail.contains(says), "{detail}");
    }
    let long = "a".repeat(10_000);
    for path in [
        "Hello",
        "h%C3%A9llo",
        "hello%00",
        long.as_str(),
        "hello?alias=NO",
        "hello?version=x",
        "hello?alias=live&version=1",
    ] {
        let answer = of(path).await;
        assert_eq!(
            refused(&answer),
            (400, "invalid_request".to_owned()),
            "{path}"
        );
        assert!(
            answer.text().len() < 2_000,
            "a refusal does not repeat a long name"
        );
    }
    assert_eq!(of("hello?version=1").await.status, 200);
    assert_eq!(of("hello?alias=live").await.status, 200);
    let got = Answer::read(
        reqwest::get(format!("{}/v1/invoke/hello", stack.invoke_url))
            .await
            .expect("an answer"),
    )
    .await
    .expect("a whole answer");
    assert_eq!(refused(&got), (405, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn an_input_is_json_within_its_limit_or_refused_before_anything_runs() {
    let (_, ada) = ada_with_hello().await;
    ada.invoke("hello", &json!({})).await.expect(200);

    for (input, says) in [
        ("", "empty"),
        ("{\"a\":", "line 1 column 5"),
        ("\u{feff}{}", "line 1 column 1"),
        ("{} {}", "trailing"),
    ] {
        let answer = run_with(&ada, "hello", input).await;
        assert_eq!(
            refused(&answer),
            (400, "invalid_request".to_owned()),
            "{input}"
        );
        assert!(
            answer.json()["detail"].to_string().contains(says),
            "{}",
            answer.text()
        );
    }
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    let in_pieces = || {
        let pieces: Vec<_> = large
            .as_bytes()
            .chunks(60_000)
            .map(<[u8]>::to_vec)
            .collect();
        reqwest::Body::wrap_stream(stream::iter(pieces.into_iter().map(std::io::Result::Ok)))
    };
    // Again and again: an answer must not be lost on a caller who still sends.
    for _ in 0..10 {
        for answer in [
            run_with(&ada, "hello", large.clone()).await,
            run_with(&ada, "hello", in_pieces()).await,
        ] {
            assert_eq!(refused(&answer), (413, "input_too_large".to_owned()));
            assert_eq!(answer.json()["limit"], 1 << 20);
            assert_eq!(answer.header("cartwright-invocation-id"), "");
        }
    }
    let absent = run_with(&ada, "absent", large.clone()).await;
    assert_eq!(refused(&absent), (404, "not_found".to_owned()));
    let fits = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    assert_eq!(run_with(&ada, "hello", fits).await.status, 200);
}

#[tokio::test]
async fn settings_reach_the_function_and_a_change_of_them_is_live_within_seconds() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.deploy(
        "discount",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    )
    .await;
    let cart: Value =
        serde_json::from_slice(&module("volume-discount-rust/samples/lines-20.input.json"))
            .expect("JSON");
    let before = ada.invoke_when_known("discount", &cart).await.expect(200);

    ada.put("/v1/functions/discount/config", &json!({"percent": 50}))
        .await
        .expect(200);

    eventually(
        "the new settings are live",
        Duration::from_secs(6),
        async || {
            let answer = ada.invoke("discount", &cart).await.expect(200);
            (answer.body != before.body).then_some(())
        },
    )
    .await;
}
