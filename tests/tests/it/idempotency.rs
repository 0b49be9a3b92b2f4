//! `Idempotency-Key` on an invocation: one run, one bill and one answer, whatever is sent again and whatever dies.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use cartwright_tests::{Answer, Backend, Options, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::Row;

use crate::guests::{busy, doing};
use crate::invoke::{ada_with_hello, refused};

const WITHIN: Duration = Duration::from_secs(30);

const REPLAY: &str = "cartwright-idempotent-replay";

async fn keyed(tenant: &Tenant, function: &str, key: &str, body: &str) -> Answer {
    let call = tenant.invocation(function).header("Idempotency-Key", key);
    tenant.send(call.body(body.to_owned())).await
}

/// The runs of a tenant that billing has: how many in all, and how many are billed.
async fn runs(stack: &Stack, tenant: &Tenant) -> (i64, i64) {
    let row = sqlx::query(
        "select count(*) as runs, count(*) filter (where bill_class = 1) as billed
        from meter_record join tenant using (tenant_id) where slug = $1",
    )
    .bind(&tenant.slug)
    .fetch_one(&mut stack.database().await)
    .await
    .expect("the records of the tenant");
    (row.get("runs"), row.get("billed"))
}

async fn has_runs(stack: &Stack, tenant: &Tenant, wanted: (i64, i64)) {
    eventually("so many runs, so many billed", WITHIN, async || {
        let now = runs(stack, tenant).await;
        assert!(now <= wanted, "{now:?} where {wanted:?} is all");
        (now == wanted).then_some(())
    })
    .await;
}

/// The runs that billing has once no more arrive: for ten times as long as a record takes that is on its way.
async fn settled(stack: &Stack, tenant: &Tenant) -> (i64, i64) {
    let (mut before, mut since) = (runs(stack, tenant).await, Instant::now());
    eventually("no more records arrive", WITHIN, async || {
        let now = runs(stack, tenant).await;
        if now != before {
            (before, since) = (now, Instant::now());
        }
        (since.elapsed() > Duration::from_millis(2_500)).then_some(now)
    })
    .await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_is_neither_run_nor_billed() {
    let (stack, ada) = ada_with_hello().await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let input = r#"{"name":"Ada"}"#;

    let first = keyed(&ada, "hello", "order-1", input).await.expect(200);
    assert_eq!(first.header(REPLAY), "");
    // The draft of the standard writes a key in quotes; it is the same key.
    for key in ["order-1", "\"order-1\"", "order-1"] {
        let again = keyed(&ada, "hello", key, input).await.expect(200);
        assert_eq!(again.header(REPLAY), "true");
        assert_eq!(again.body, first.body);
        for name in [
            "content-type",
            "cartwright-invocation-id",
            "cartwright-version",
            "cartwright-fuel",
            "cartwright-memory-peak",
            "cartwright-duration-us",
            "cartwright-cost",
        ] {
            assert!(!first.header(name).is_empty());
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        let request_id = "cartwright-request-id";
        assert_ne!(again.header(request_id), first.header(request_id));
    }
    let other = keyed(&ada, "hello", "order-2", input).await.expect(200);
    let id = "cartwright-invocation-id";
    assert_ne!(other.header(id), first.header(id));

    // Two keys, and the call without one.
    has_runs(stack, &ada, (3, 3)).await;
}

#[tokio::test]
async fn a_hundred_equal_calls_at_once_run_once() {
    let (stack, ada) = ada_with_hello().await;
    ada.create_function("busy").await;
    ada.upload("busy", busy(1_000_000)).await.expect(201);
    ada.invoke_when_known("busy", &json!({})).await.expect(200);

    let calls = (0..100).map(|_| keyed(&ada, "busy", "once", "{}"));
    let answers = join_all(calls).await;

    let ids: HashSet<_> = answers
        .iter()
        .map(|answer| {
            assert!(answer.status == 200 || answer.code() == "idempotency_in_progress");
            answer.header("cartwright-invocation-id").to_owned()
        })
        .filter(|id| !id.is_empty())
        .collect();
    assert_eq!(ids.len(), 1);
    has_runs(stack, &ada, (2, 2)).await;
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_refused() {
    let (_, ada) = ada_with_hello().await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    keyed(&ada, "hello", "k", "{}").await.expect(200);

    for (function, body) in [("hello", "{\"a\":1}"), ("hello?version=1", "{}")] {
        let answer = keyed(&ada, function, "k", body).await;
        assert_eq!(refused(&answer), (422, "idempotency_mismatch".to_owned()));
        assert!(answer.text().contains("new key"), "{}", answer.text());
    }
    // Another function, and another tenant, have keys of their own.
    ada.create_function("other").await;
    ada.upload("other", module("hello/hello.wasm"))
        .await
        .expect(201);
    ada.invoke_when_known("other", &json!({})).await.expect(200);
    let (stack, bob) = ada_with_hello().await;
    bob.invoke_when_known("hello", &json!({})).await.expect(200);
    for (tenant, function) in [(&ada, "other"), (&bob, "hello")] {
        let answer = keyed(tenant, function, "k", "{\"a\":1}").await.expect(200);
        assert_eq!(answer.header(REPLAY), "");
    }
    has_runs(stack, &bob, (2, 2)).await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_nothing_runs() {
    let (stack, ada) = ada_with_hello().await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let long = "k".repeat(256);
    for (key, says) in [
        ("", "it is empty"),
        ("two words", "without quotes"),
        ("\"open", "closing quote is missing"),
        (long.as_str(), "longer than 255"),
    ] {
        let answer = keyed(&ada, "hello", key, "{}").await;
        assert_eq!(refused(&answer), (400, "invalid_request".to_owned()));
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(says), "{key}: {detail}");
    }
    has_runs(stack, &ada, (1, 1)).await;
}

#[tokio::test]
async fn how_a_function_failed_is_repeated_too_and_a_refusal_is_not() {
    let (stack, ada) = ada_with_hello().await;
    ada.create_function("traps").await;
    ada.upload("traps", doing("unreachable")).await.expect(201);
    let first = eventually("the executor knows it", WITHIN, async || {
        let answer = keyed(&ada, "traps", "k", "{}").await;
        // What was refused while the function was not known yet is not what the key stands for.
        (answer.status != 404).then_some(answer)
    })
    .await;

    let again = keyed(&ada, "traps", "k", "{}").await;

    assert_eq!((first.status, first.code()), (422, "trap".to_owned()));
    assert_eq!((again.status, &again.body), (422, &first.body));
    assert_eq!(again.header("content-type"), "application/problem+json");
    assert_eq!(again.header(REPLAY), "true");
    // Refused for its input: the key is still free for the right one.
    let refusal = keyed(&ada, "traps", "j", "{").await;
    assert_eq!(refused(&refusal), (400, "invalid_request".to_owned()));
    let right = keyed(&ada, "traps", "j", "{}").await;
    assert_eq!((right.status, right.header(REPLAY)), (422, ""));
    has_runs(stack, &ada, (2, 2)).await;
}

#[tokio::test]
async fn a_repeat_that_follows_a_promotion_gets_the_first_answer() {
    let (_, ada) = ada_with_hello().await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let first = keyed(&ada, "hello", "k", "{}").await.expect(200);
    ada.upload("hello", doing("unreachable")).await.expect(201);
    eventually("the new version is live", WITHIN, async || {
        (ada.invoke("hello", &json!({})).await.status == 422).then_some(())
    })
    .await;

    let again = keyed(&ada, "hello", "k", "{}").await.expect(200);

    assert_eq!(again.body, first.body);
    assert_eq!(again.header("cartwright-version"), "1");
}

#[tokio::test]
async fn a_result_too_large_to_keep_is_made_again_and_not_billed_again() {
    let (stack, ada) = ada_with_hello().await;
    // A number after 300 KB of spaces.
    let module = doing(
        "(memory.fill (i32.const 256) (i32.const 32) (i32.const 61440))
        (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 61440))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (i32.store8 (i32.const 256) (i32.const 55)) (i32.store (i32.const 4) (i32.const 1))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))",
    );
    ada.create_function("large").await;
    ada.upload("large", module).await.expect(201);
    ada.invoke_when_known("large", &json!({})).await.expect(200);

    let first = keyed(&ada, "large", "k", "{}").await.expect(200);
    let again = keyed(&ada, "large", "k", "{}").await.expect(200);
    let other = keyed(&ada, "large", "k", "{\"a\":1}").await;

    assert!(first.body.len() > 256 << 10);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header(REPLAY), "");
    assert_eq!(refused(&other), (422, "idempotency_mismatch".to_owned()));
    has_runs(stack, &ada, (3, 2)).await;
}

#[tokio::test]
async fn without_redis_repeats_run_and_one_of_them_is_billed() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let before = keyed(&ada, "hello", "before", "{}").await.expect(200);

    stack.cut(Backend::Redis);
    for _ in 0..5 {
        let answer = keyed(&ada, "hello", "during", "{}").await.expect(200);
        assert_eq!(answer.header(REPLAY), "");
        assert_eq!(answer.body, before.body);
    }
    has_runs(&stack, &ada, (7, 3)).await;

    stack.mend(Backend::Redis);
    let again = eventually("Redis is asked again", WITHIN, async || {
        let answer = keyed(&ada, "hello", "before", "{}").await.expect(200);
        (answer.header(REPLAY) == "true").then_some(answer)
    })
    .await;
    let id = "cartwright-invocation-id";
    assert_eq!(again.header(id), before.header(id));
    assert_eq!(settled(&stack, &ada).await.1, 3, "nothing more is billed");
}

#[tokio::test]
async fn a_caller_who_leaves_finds_the_answer_when_it_comes_back() {
    // So many that they cannot all have their answers before they leave, on however many processors.
    const CALLERS: usize = 40;
    let (stack, ada) = ada_with_hello().await;
    ada.create_function("busy").await;
    ada.upload("busy", busy(12_000_000)).await.expect(201);
    ada.invoke_when_known("busy", &json!({})).await.expect(200);

    let impatient = (0..CALLERS).map(|caller| {
        let call = ada
            .invocation("busy")
            .header("Idempotency-Key", format!("caller-{caller}"));
        ada.try_send(call.body("{}").timeout(Duration::from_millis(30)))
    });
    let answers: Vec<_> = join_all(impatient).await;

    let left: Vec<_> = (0..CALLERS)
        .filter(|caller| answers[*caller].is_err())
        .collect();
    assert!(!left.is_empty(), "the function is too fast for this test");
    for caller in &left {
        let key = format!("caller-{caller}");
        eventually("the answer is kept", WITHIN, async || {
            let answer = keyed(&ada, "busy", &key, "{}").await;
            (answer.status == 200 && answer.header(REPLAY) == "true").then_some(())
        })
        .await;
    }
    let (ran, billed) = settled(stack, &ada).await;
    let count = |runs: usize| i64::try_from(runs).expect("a small number");
    assert_eq!(
        billed,
        count(1 + CALLERS),
        "each is billed once, whether its caller stayed or not"
    );
    // A machine so busy that Redis seems away runs one again. Were runs lost with their callers, all would run again.
    let left = count(left.len());
    assert!(
        (billed..billed + left).contains(&ran),
        "{ran} runs, {left} callers left"
    );
}

/// What a hundred callers of one keyed request got, each asking one executor after the other until one answers.
async fn hundred(stack: &Stack, ada: &Tenant, key: &str, first_at: usize) -> Vec<Answer> {
    let ask = async |caller: usize| {
        let mut at = if caller == 0 { first_at } else { caller };
        eventually("an answer", WITHIN, async || {
            at += 1;
            let url = stack.executor_url((at - 1) % stack.executors());
            let call = ada
                .invocation_at(url, "busy")
                .header("Idempotency-Key", key);
            let answer = ada.try_send(call.body("{}")).await.ok()?;
            match answer.status {
                // A process that has just begun knows neither the key nor the function yet.
                404 | 409 | 503 => None,
                _ => Some(answer.expect(200)),
            }
        })
        .await
    };
    join_all((0..100).map(ask)).await
}

/// How often is told by `CARTWRIGHT_IDEMPOTENCY_TRIES`.
#[tokio::test]
async fn a_hundred_equal_calls_over_three_executors_with_a_kill_are_one_bill_and_one_answer() {
    let tries: usize = std::env::var("CARTWRIGHT_IDEMPOTENCY_TRIES")
        .map_or(5, |tries| tries.parse().expect("a number of tries"));
    let stack = Stack::start(Options {
        more_executors: 2,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", busy(12_000_000)).await;
    for number in 0..stack.executors() {
        eventually("every executor knows it", WITHIN, async || {
            let call = ada.invocation_at(stack.executor_url(number), "busy");
            let answer = ada.try_send(call.body("{}")).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }
    let warm = settled(&stack, &ada).await;

    for turn in 0..tries {
        let victim = turn % stack.executors();
        let key = format!("turn-{turn}");
        let kill = async {
            // Another moment of the run each time.
            let moment = 2 + u64::try_from(turn).expect("a small number") * 7 % 60;
            tokio::time::sleep(Duration::from_millis(moment)).await;
            stack.kill_executor(victim);
            stack.run_executor(victim);
        };
        let (answers, ()) = tokio::join!(hundred(&stack, &ada, &key, victim), kill);
        let ids: HashSet<_> = answers
            .iter()
            .map(|answer| answer.header("cartwright-invocation-id"))
            .collect();
        let bodies: HashSet<_> = answers.iter().map(|answer| &answer.body).collect();
        assert_eq!((ids.len(), bodies.len()), (1, 1), "{key}: one answer");
        stack.executor_ready(victim).await;
    }

    let tries = i64::try_from(tries).expect("a small number");
    let (ran, billed) = settled(&stack, &ada).await;
    println!(
        "{tries} keys of 100 calls each: {} runs, {} billed",
        ran - warm.0,
        billed - warm.1
    );
    assert_eq!(billed, warm.1 + tries, "one bill for each key");
    let usage = ada.get("/v1/usage").await.expect(200).json();
    let rows = usage["data"].as_array().expect("rows");
    let sum: Option<i64> = rows
        .iter()
        .map(|row| row["billable_invocations"].as_i64())
        .sum();
    assert_eq!(sum, Some(billed), "{usage}");
}
