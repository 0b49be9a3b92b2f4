//! Invoking: what a caller reads of a run, of a failed run, and of a request that never became one.

use std::time::Duration;

use cartwright_tests::{Answer, Role, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::guests::{busy, doing, writing};

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
        "\"concurrency\";q=64;qu=\"concurrent-requests\""
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
async fn every_ending_of_a_function_has_its_code_and_what_it_takes_to_mend_it() {
    let ada = Stack::shared().await.tenant("ada").await;
    let endings = [
        ("fuel_exhausted", doing("(loop $l (br $l))")),
        (
            "memory_exceeded",
            doing("(drop (memory.grow (i32.const 1000)))"),
        ),
        ("stack_overflow", doing("(call $main)")),
        ("trap", doing("unreachable")),
        ("exited", doing("(call $exit (i32.const 3))")),
        ("output_invalid", writing("{no json")),
        (
            "output_too_large",
            doing(
                "(loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) (br $l))",
            ),
        ),
    ];
    for (code, module) in endings {
        let name = code.replace('_', "-");
        ada.deploy(&name, module).await;

        let answer = ada.invoke_when_known(&name, &json!({})).await;

        assert_eq!(refused(&answer), (422, code.to_owned()));
        let problem = answer.json();
        assert_eq!(
            problem["invocation_id"],
            answer.header("cartwright-invocation-id"),
            "{code}"
        );
        assert!(
            problem["backtrace"].is_array() && problem["log_tail"].is_string(),
            "{code}"
        );
        assert!(
            answer.header("cartwright-fuel").parse::<u64>().is_ok(),
            "{code}"
        );
        assert_eq!(answer.header("cartwright-version"), "1");
        if code == "fuel_exhausted" {
            assert_eq!(
                answer.header("cartwright-fuel"),
                problem["limit"].to_string()
            );
        }
        if matches!(
            code,
            "fuel_exhausted" | "memory_exceeded" | "stack_overflow" | "output_too_large"
        ) {
            assert!(problem["limit"].as_u64().is_some(), "{code}: {problem}");
        }
    }
    let exited = ada.invoke("exited", &json!({})).await;
    assert_eq!(exited.json()["exit_code"], 3);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_stopped_by_its_deadline() {
    let ada = Stack::shared().await.tenant("ada").await;
    let slow = json!({"name": "slow", "limits": {"wall_ms": 1}});
    ada.post("/v1/functions", &slow).await.expect(201);
    ada.upload("slow", busy(12_000_000)).await.expect(201);

    let answer = ada.invoke_when_known("slow", &json!({})).await;

    assert_eq!(refused(&answer), (422, "deadline_exceeded".to_owned()));
    assert_eq!(answer.json()["limit"], 1);
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
    let (stack, ada) = ada_with_hello().await;
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
    let announced = run_with(&ada, "hello", large.clone()).await;
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = large
        .as_bytes()
        .chunks(60_000)
        .map(|piece| Ok(piece.to_vec()))
        .collect();
    let unannounced = run_with(
        &ada,
        "hello",
        reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)),
    )
    .await;
    for answer in [announced, unannounced] {
        assert_eq!(refused(&answer), (413, "input_too_large".to_owned()));
        assert_eq!(answer.json()["limit"], 1 << 20);
        assert_eq!(answer.header("cartwright-invocation-id"), "");
    }
    let fits = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    assert_eq!(run_with(&ada, "hello", fits).await.status, 200);
    assert!(stack.lives(Role::Executor));
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
