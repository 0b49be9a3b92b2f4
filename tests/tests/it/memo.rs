//! Memoised results: known ones are given without a run, for a price of their own, and never where they could be wrong.

use std::time::Duration;

use cartwright_domain::outcome::BillClass;
use cartwright_tests::{Answer, Backend, Options, Stack, Tenant, eventually, module};
use serde_json::{Value, json};

use crate::guests::doing;
use crate::meter_log::{MeterLog, Metered};

const WITHIN: Duration = Duration::from_secs(30);

const DISCOUNT: &str = "volume-discount-rust/volume-discount-rust.wasm";

fn cart(quantity: u32) -> Value {
    json!({"cart": {"id": "c", "currency": "EUR", "lines": [
        {"id": "l", "sku": "s", "quantity": quantity, "unit_price": "10.00"}
    ]}})
}

/// A function whose results are kept, and which every executor knows as such.
async fn memoised(stack: &Stack, tenant: &Tenant, name: &str, module: Vec<u8>) {
    let new = json!({"name": name, "memoise": true});
    let made = tenant.post("/v1/functions", &new).await.expect(201);
    assert_eq!(made.json()["memoise"], true);
    tenant.upload(name, module).await.expect(201);
    for number in 0..stack.executors() {
        eventually("the executor knows it", WITHIN, async || {
            let call = tenant.invocation_at(stack.executor_url(number), name);
            let answer = tenant.try_send(call.body("{\"warm\":1}")).await.ok()?;
            (![401, 404, 503].contains(&answer.status)).then_some(())
        })
        .await;
    }
}

fn cache(answer: &Answer) -> &str {
    answer.header("cartwright-cache")
}

#[tokio::test]
async fn a_known_result_is_given_without_a_run_on_every_executor() {
    let stack = Stack::start(Options {
        more_executors: 1,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    memoised(&stack, &ada, "discount", module(DISCOUNT)).await;

    let first = ada.invoke("discount", &cart(5)).await.expect(200);
    let again = ada.invoke("discount", &cart(5)).await.expect(200);
    let elsewhere = eventually("Redis has it", WITHIN, async || {
        let call = ada.invocation_at(stack.executor_url(1), "discount");
        let answer = ada.send(call.json(&cart(5))).await.expect(200);
        (cache(&answer) == "hit").then_some(answer)
    })
    .await;

    assert_eq!((cache(&first), cache(&again)), ("miss", "hit"));
    let fuel = |answer: &Answer| answer.header("cartwright-fuel").parse::<u64>();
    assert!(fuel(&first).is_ok_and(|fuel| fuel > 0));
    for hit in [&again, &elsewhere] {
        assert_eq!(hit.body, first.body);
        assert_eq!(fuel(hit), Ok(0));
        assert_eq!(hit.header("cartwright-cost"), "0.0000001 USD");
        assert!(hit.header("server-timing").contains("desc=result"));
        let id = "cartwright-invocation-id";
        assert_ne!(hit.header(id), first.header(id));
    }
    let path = format!(
        "/v1/invocations/{}",
        again.header("cartwright-invocation-id")
    );
    let told = eventually("its record arrives", WITHIN, async || {
        Some(ada.get(&path).await).filter(|answer| answer.status == 200)
    })
    .await
    .json();
    assert_eq!(
        (&told["cached"], &told["cost"], &told["fuel"]),
        (&json!(true), &json!("0.0000001 USD"), &json!(0))
    );
    eventually("usage counts it by itself", WITHIN, async || {
        let usage = ada.get("/v1/usage").await.expect(200).json();
        let row = usage["data"].as_array()?.first()?.clone();
        (row["cached_hits"].as_u64()? >= 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whatever_a_result_hangs_on_makes_it_another() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    memoised(stack, &ada, "discount", module(DISCOUNT)).await;
    memoised(stack, &bob, "discount", module(DISCOUNT)).await;
    let first = ada.invoke("discount", &cart(5)).await.expect(200);
    let hit = ada.invoke("discount", &cart(5)).await.expect(200);
    assert_eq!((cache(&first), cache(&hit)), ("miss", "hit"));

    // Another tenant with the same code and input, and another input.
    let his = bob.invoke("discount", &cart(5)).await.expect(200);
    let other = ada.invoke("discount", &cart(6)).await.expect(200);
    assert_eq!((cache(&his), cache(&other)), ("miss", "miss"));

    // Other settings: the old result is not given once they are live.
    ada.put("/v1/functions/discount/config", &json!({"percent": 50}))
        .await
        .expect(200);
    let changed = eventually("the settings are live", WITHIN, async || {
        let answer = ada.invoke("discount", &cart(5)).await.expect(200);
        (answer.body != first.body).then_some(answer)
    })
    .await;
    assert_eq!(cache(&changed), "miss");

    // Off again.
    ada.patch("/v1/functions/discount", &json!({"memoise": false}))
        .await
        .expect(200);
    eventually("nothing is kept", WITHIN, async || {
        let answer = ada.invoke("discount", &cart(5)).await.expect(200);
        (cache(&answer) == "off").then_some(())
    })
    .await;
}

/// A module that asks the host for what `ask` names before it writes `{}`.
fn asking(ask: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\20\00\00\00\02\00\00\00")
            (data (i32.const 32) "{{}}")
            (func (export "_start")
                {ask}
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#
    ))
    .expect("a module")
}

#[tokio::test]
async fn what_asked_for_the_time_or_for_randomness_or_failed_is_not_kept() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let modules = [
        ("pure", asking(""), "hit"),
        (
            "random",
            asking("(drop (call $random (i32.const 64) (i32.const 8)))"),
            "miss",
        ),
        (
            "time",
            asking("(drop (call $time (i32.const 0) (i64.const 0) (i32.const 64)))"),
            "miss",
        ),
        ("traps", doing("unreachable"), "miss"),
    ];
    for (name, module, _) in &modules {
        memoised(stack, &ada, name, module.clone()).await;
    }
    for (name, _, second) in modules {
        let first = ada.invoke(name, &json!({})).await;
        assert_eq!(cache(&first), "miss", "{name}");
        assert_eq!(cache(&ada.invoke(name, &json!({})).await), second, "{name}");
    }
}

#[tokio::test]
async fn a_test_is_run_and_a_function_that_keeps_nothing_says_so() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    memoised(stack, &ada, "discount", module(DISCOUNT)).await;
    ada.invoke("discount", &cart(5)).await.expect(200);
    let test = json!({"input": cart(5)});

    let tested = ada
        .post("/v1/functions/discount/versions/1/test", &test)
        .await
        .expect(200)
        .json();

    assert!(tested["fuel"].as_u64().is_some_and(|fuel| fuel > 0));
    ada.deploy("plain", module("hello/hello.wasm")).await;
    let plain = ada.invoke_when_known("plain", &json!({})).await.expect(200);
    assert_eq!(cache(&plain), "off");
}

#[tokio::test]
async fn a_version_that_is_not_deterministic_is_run_each_time() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    memoised(stack, &ada, "odd", module(DISCOUNT)).await;
    // Every module that can be uploaded today is deterministic, so the report is made to say otherwise.
    sqlx::query(
        "update version set report = jsonb_set(report::jsonb, '{deterministic}', 'false')::json
        where tenant_id = (select tenant_id from tenant where slug = $1)",
    )
    .bind(&ada.slug)
    .execute(&mut stack.database().await)
    .await
    .expect("a report");

    let before = ada.invoke("odd", &cart(5)).await.expect(200);
    ada.put("/v1/functions/odd/config", &json!({"percent": 50}))
        .await
        .expect(200);

    let after = eventually("the change is known", WITHIN, async || {
        let answer = ada.invoke("odd", &cart(5)).await.expect(200);
        (answer.body != before.body).then_some(answer)
    })
    .await;

    assert_eq!(cache(&after), "off");
    let again = ada
        .patch("/v1/functions/odd", &json!({"memoise": true}))
        .await;
    assert_eq!((again.status, again.code()), (409, "conflict".to_owned()));
    assert!(again.text().contains("version 1"), "{}", again.text());
}

#[tokio::test]
async fn without_redis_an_executor_knows_what_it_ran_itself() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    memoised(&stack, &ada, "discount", module(DISCOUNT)).await;

    stack.cut(Backend::Redis);
    let first = ada.invoke("discount", &cart(7)).await.expect(200);
    let again = ada.invoke("discount", &cart(7)).await.expect(200);

    assert_eq!((cache(&first), cache(&again)), ("miss", "hit"));
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn cached_results_are_a_line_of_the_estimate() {
    let metered = Metered::new(Stack::shared().await, "hits").await;
    let mut log = MeterLog::new();
    let mut records = metered.records(400);
    for record in &mut records {
        (record.bill_class, record.fuel) = (BillClass::CacheHit, 0);
    }
    metered.send(&log.append(&records)).await.expect(200);

    let estimate = metered.ask("estimate").await.expect(200).json();

    let lines = estimate["lines"].as_array().expect("lines");
    let told: Vec<_> = lines
        .iter()
        .map(|line| (&line["description"], &line["unit"], &line["unit_price"]))
        .collect();
    assert_eq!(
        told,
        [(
            &json!("Cached results"),
            &json!("1,000,000 cached results"),
            &json!("0.1")
        )],
        "{estimate}"
    );
}
