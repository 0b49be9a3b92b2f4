//! Shadow runs: a version on the last recorded inputs, what is different, and what it would cost.

use std::collections::HashSet;

use cartwright_tests::{Answer, Options, Role, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::recorded::{
    WITHIN, add_version, batch, data, echoing, ended, guest, keeping, kept, replay,
};

#[tokio::test]
async fn the_shadow_run_of_a_slower_version_is_the_same_in_all_but_fuel_and_quotes_it() {
    let ada = keeping(Stack::shared().await, "ada").await;
    let (rust, assemblyscript) = (
        module("volume-discount-rust/volume-discount-rust.wasm"),
        module("volume-discount-assemblyscript/volume-discount-assemblyscript.wasm"),
    );
    ada.deploy("discount", rust).await;
    add_version(&ada, "discount", assemblyscript).await;
    let mut ran = Vec::new();
    for sample in [
        "lines-1",
        "lines-3",
        "lines-20",
        "lines-200",
        "odd-text",
        "no-cents",
    ] {
        let cart = module(&format!("volume-discount-rust/samples/{sample}.input.json"));
        let cart: Value = serde_json::from_slice(&cart).expect("JSON");
        for _ in 0..2 {
            let answer = ada.invoke_when_known("discount", &cart).await.expect(200);
            ran.push(answer);
        }
    }
    for answer in &ran {
        kept(&ada, answer).await;
    }

    let done = batch(&ada, "discount", &json!({"version": 2, "last": 1000})).await;

    let counts = json!({"same": 12, "differs": 0, "newly_failing": 0, "newly_passing": 0, "not_comparable": 0});
    assert_eq!(
        (&done["status"], &done["counts"]),
        (&json!("finished"), &counts),
        "{done}"
    );
    assert_eq!((&done["inputs"], &done["done"]), (&json!(12), &json!(12)));
    assert_eq!(
        (&done["against"], &done["config_version"]),
        (&json!("recorded"), &Value::Null)
    );
    let fuel = &done["fuel"];
    let number = |value: &Value| value.as_i64().expect("a number");
    let burned: i64 = ran
        .iter()
        .map(|answer| {
            answer
                .header("cartwright-fuel")
                .parse::<i64>()
                .expect("fuel")
        })
        .sum();
    assert_eq!(number(&fuel["before"]), burned);
    assert_eq!(number(&fuel["delta"]), number(&fuel["after"]) - burned);
    assert!(number(&fuel["delta"]) > 0, "it is the slower one: {done}");
    let per_run = &fuel["per_run"];
    assert!(number(&per_run["p50"]) <= number(&per_run["p95"]));
    assert!(number(&per_run["p95"]) <= number(&per_run["max"]));

    // The volume of the last seven days is these runs, so the quote is their difference at list price.
    let quote = &done["quote"];
    assert_eq!(quote["invocations"], 12, "{done}");
    assert_eq!(number(&quote["fuel_before"]), burned);
    assert_eq!(quote["fuel_after"], fuel["after"]);
    let pico = |value: &Value| -> i128 {
        value
            .as_str()
            .expect("a decimal")
            .parse::<cartwright_domain::money::Pico>()
            .expect("an amount")
            .0
    };
    assert_eq!(
        pico(&quote["price_delta"]),
        20 * i128::from(number(&fuel["delta"]))
    );
    assert_eq!(
        pico(&quote["price_after"]),
        12 * 300_000 + 20 * i128::from(number(&fuel["after"]))
    );

    // The worst first, in pages, with both outputs.
    let place = format!(
        "/v1/functions/discount/replays/{}/results",
        done["id"].as_str().expect("an id")
    );
    let first = ada
        .get(&format!("{place}?limit=7"))
        .await
        .expect(200)
        .json();
    let next = first["next_cursor"].as_str().expect("a second page");
    let second = ada
        .get(&format!("{place}?limit=7&cursor={next}"))
        .await
        .expect(200)
        .json();
    let all: Vec<&Value> = [&first, &second]
        .into_iter()
        .flat_map(|page| page["data"].as_array().expect("a list"))
        .collect();
    let ids: HashSet<String> = all
        .iter()
        .map(|run| run["invocation_id"].to_string())
        .collect();
    assert_eq!(
        (all.len(), ids.len(), &second["next_cursor"]),
        (12, 12, &Value::Null)
    );
    let deltas: Vec<i64> = all.iter().map(|run| number(&run["fuel_delta"])).collect();
    assert!(deltas.is_sorted_by(|one, other| one >= other), "{deltas:?}");
    assert_eq!(deltas[0], number(&per_run["max"]));
    for run in all {
        assert_eq!(run["class"], "same");
        assert_eq!(run["before"]["output"], run["after"]["output"]);
        assert_eq!(
            (&run["before"]["version"], &run["after"]["version"]),
            (&json!(1), &json!(2))
        );
    }
    assert_eq!(
        data(&ada.get(&format!("{place}?class=differs")).await),
        [Value::Null; 0]
    );

    // Against the other version, run now, the numbers are the same: nothing else has changed.
    let against = batch(
        &ada,
        "discount",
        &json!({"version": 2, "against": 1, "last": 12}),
    )
    .await;
    assert_eq!(
        (&against["fuel"], &against["counts"]),
        (fuel, &counts),
        "{against}"
    );
    let listed = data(&ada.get("/v1/functions/discount/replays").await);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["id"], against["id"]);
}

#[tokio::test]
async fn a_batch_finds_what_fails_newly_what_differs_and_what_passes_now() {
    let ada = keeping(Stack::shared().await, "ada").await;
    // The first version traps on 3. The second traps on 1, answers 9 to 2, and burns what it is given on 4.
    let (first, second) = (
        guest(
            "(if (i32.eq (call $first_byte) (i32.const 51)) (then unreachable)) (call $say (i32.const 64) (i32.const 1))",
        ),
        guest(
            r"(local.set $byte (call $first_byte))
            (if (i32.eq (local.get $byte) (i32.const 49)) (then unreachable))
            (if (i32.eq (local.get $byte) (i32.const 50)) (then (i32.store8 (i32.const 64) (i32.const 57))))
            (if (i32.eq (local.get $byte) (i32.const 52)) (then (loop $for_ever (br $for_ever))))
            (call $say (i32.const 64) (i32.const 1))",
        ),
    );
    ada.deploy("picky", first).await;
    add_version(&ada, "picky", second).await;
    for input in [0, 1, 2, 3, 4] {
        let ran = ada.invoke_when_known("picky", &json!(input)).await;
        assert_eq!(ran.status == 200, input != 3, "{}", ran.text());
        kept(&ada, &ran).await;
    }

    let done = batch(&ada, "picky", &json!({"version": 2})).await;

    let counts = json!({"same": 1, "differs": 1, "newly_failing": 2, "newly_passing": 1, "not_comparable": 0});
    assert_eq!(done["counts"], counts, "{done}");
    assert_eq!(
        done["fuel"]["runs"], 2,
        "those that ended well on both sides"
    );
    let results = format!(
        "/v1/functions/picky/replays/{}/results",
        done["id"].as_str().expect("an id")
    );
    let results = data(&ada.get(&results).await.expect(200));
    let classes: Vec<&str> = results
        .iter()
        .filter_map(|run| run["class"].as_str())
        .collect();
    assert_eq!(
        classes,
        [
            "newly_failing",
            "newly_failing",
            "differs",
            "newly_passing",
            "same"
        ]
    );
    let outcomes: HashSet<&str> = results[..2]
        .iter()
        .filter_map(|run| run["after"]["outcome"].as_str())
        .collect();
    assert!(outcomes.contains("trap"), "{outcomes:?}");
    assert_eq!(
        results[2]["difference"]["places"],
        json!([{"pointer": "", "before": 2, "after": 9}])
    );

    let failed_alone = batch(&ada, "picky", &json!({"version": 2, "outcome": "trap"})).await;
    assert_eq!(
        (
            &failed_alone["inputs"],
            &failed_alone["counts"]["newly_passing"]
        ),
        (&json!(1), &json!(1))
    );
    let before_any = json!({"version": 2, "to": "2026-01-01T00:00:00Z"});
    let none = batch(&ada, "picky", &before_any).await;
    assert_eq!((&none["inputs"], &none["quote"]), (&json!(0), &Value::Null));
    let path = "/v1/functions/picky/replays";
    for (asked, status) in [
        (json!({"version": 3}), 404),
        (json!({"version": 2, "against": 2}), 400),
        (json!({"version": 2, "last": 0}), 400),
        (json!({"version": 2, "last": 1001}), 400),
        (json!({"version": 2, "against": "before"}), 400),
        (
            json!({"version": 2, "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
            400,
        ),
        (json!({}), 400),
    ] {
        let refused = ada.post(path, &asked).await;
        assert_eq!(refused.status, status, "{asked}: {}", refused.text());
    }
}

#[tokio::test]
async fn a_result_from_the_cache_is_evidence_of_the_output_and_not_of_the_fuel() {
    let ada = keeping(Stack::shared().await, "ada").await;
    ada.post("/v1/functions", &json!({"name": "echo", "memoise": true}))
        .await
        .expect(201);
    ada.upload("echo", echoing(10)).await.expect(201);
    add_version(&ada, "echo", echoing(20)).await;
    let miss = ada.invoke_when_known("echo", &json!(1)).await.expect(200);
    let hit = ada.invoke("echo", &json!(1)).await.expect(200);
    assert_eq!(hit.header("cartwright-cache"), "hit");
    kept(&ada, &miss).await;
    let hit = kept(&ada, &hit).await;

    let replayed = replay(&ada, &hit, &json!({})).await.expect(200).json();
    assert_eq!(
        (&replayed["output_identical"], &replayed["comparable"]),
        (&json!(true), &json!(false)),
        "{replayed}"
    );
    assert_eq!(replayed["why_not"][0]["code"], "answered_from_cache");

    let done = batch(&ada, "echo", &json!({"version": 2})).await;
    assert_eq!(
        (&done["counts"]["same"], &done["fuel"]["runs"]),
        (&json!(2), &json!(1)),
        "{done}"
    );
    assert_eq!(done["quote"]["invocations"], 1, "{done}");
}

#[tokio::test]
async fn a_batch_goes_on_where_a_killed_worker_left_it_and_ends_when_it_is_cancelled() {
    let stack = Stack::start(Options::default()).await;
    let ada = keeping(&stack, "ada").await;
    // Some 20 ms in the dev profile: long enough to be caught in the middle.
    ada.deploy("slow", echoing(2_000_000)).await;
    let mut ran = vec![ada.invoke_when_known("slow", &json!(1)).await.expect(200)];
    for at in 0..119 {
        ran.push(ada.invoke("slow", &json!(at % 10)).await.expect(200));
    }
    for answer in &ran {
        kept(&ada, answer).await;
    }
    let asked = json!({"version": 1, "last": 120});
    let begun = ada
        .post("/v1/functions/slow/replays", &asked)
        .await
        .expect(202);
    let place = begun.header("location").to_owned();
    let done = async || {
        ada.get(&place).await.expect(200).json()["done"]
            .as_u64()
            .expect("a number")
    };
    eventually("the batch is in its middle", WITHIN, async || {
        (done().await > 0).then_some(())
    })
    .await;

    stack.kill(Role::Worker);
    let at_the_kill = ada.get(&place).await.expect(200).json();
    assert_eq!(at_the_kill["status"], "running", "{at_the_kill}");
    stack.run(Role::Worker);

    let finished = ended(&ada, &place).await;
    assert_eq!(
        (
            &finished["status"],
            &finished["inputs"],
            &finished["counts"]["same"]
        ),
        (&json!("finished"), &json!(120), &json!(120)),
        "{finished}"
    );
    assert_eq!(finished["fuel"]["delta"], 0);

    // Without a worker batches wait, no more than five, and can be cancelled.
    stack.kill(Role::Worker);
    let asked_at_once = join_all((0..20).map(|_| ada.post("/v1/functions/slow/replays", &asked)));
    let (begun, refused): (Vec<Answer>, Vec<Answer>) = asked_at_once
        .await
        .into_iter()
        .partition(|answer| answer.status == 202);
    assert_eq!((begun.len(), refused.len()), (5, 15));
    for refused in refused {
        let refused = refused.expect(409);
        assert!(refused.text().contains("cancel one"), "{}", refused.text());
    }
    let mut waiting = Vec::new();
    for begun in begun {
        assert_eq!(begun.json()["status"], "queued");
        waiting.push(begun.header("location").to_owned());
    }
    for place in &waiting {
        let cancelled = ada
            .post(&format!("{place}/cancel"), &json!({}))
            .await
            .expect(200);
        assert_eq!(cancelled.json()["status"], "cancelled");
    }
    let again = ada
        .post(&format!("{}/cancel", waiting[0]), &json!({}))
        .await
        .expect(200);
    assert_eq!(again.json()["status"], "cancelled");

    // One that is cancelled in its middle keeps what it found out.
    stack.run(Role::Worker);
    let begun = ada
        .post("/v1/functions/slow/replays", &asked)
        .await
        .expect(202);
    let place = begun.header("location").to_owned();
    eventually("the batch is in its middle", WITHIN, async || {
        (ada.get(&place).await.json()["done"].as_u64() > Some(0)).then_some(())
    })
    .await;
    let cancelled = ada
        .post(&format!("{place}/cancel"), &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(cancelled["status"], "cancelled");
    eventually("its job ends", WITHIN, async || {
        let mut database = stack.database().await;
        let jobs: i64 = sqlx::query_scalar("select count(*) from job")
            .fetch_one(&mut database)
            .await
            .expect("a count");
        (jobs == 0).then_some(())
    })
    .await;
    let left = ada.get(&place).await.expect(200).json();
    let (inputs, done) = (left["inputs"].as_u64(), left["done"].as_u64());
    assert!(Some(0) < done && done < inputs, "{left}");
    an_upload_is_compiled_beside_a_batch(&ada).await;
    a_batch_waits_for_an_executor_and_one_replay_says_that_there_is_none(&stack, &ada).await;
}

async fn a_batch_waits_for_an_executor_and_one_replay_says_that_there_is_none(
    stack: &Stack,
    ada: &Tenant,
) {
    let ran = ada.invoke("slow", &json!(1)).await.expect(200);
    let id = kept(ada, &ran).await;
    let begun = ada
        .post(
            "/v1/functions/slow/replays",
            &json!({"version": 1, "last": 120}),
        )
        .await
        .expect(202);
    let place = begun.header("location").to_owned();
    eventually("the batch is in its middle", WITHIN, async || {
        (ada.get(&place).await.json()["done"].as_u64() > Some(0)).then_some(())
    })
    .await;

    stack.kill(Role::Executor);
    let refused = replay(ada, &id, &json!({})).await.expect(503);
    assert_eq!(refused.code(), "not_ready", "{}", refused.text());
    assert_eq!(
        ada.get(&place).await.expect(200).json()["status"],
        "running"
    );
    stack.run(Role::Executor);

    let finished = ended(ada, &place).await;
    assert_eq!(
        (&finished["status"], &finished["counts"]["same"]),
        (&json!("finished"), &json!(120)),
        "{finished}"
    );
    replay(ada, &id, &json!({})).await.expect(200);
}

/// What takes minutes is in nobody's way.
async fn an_upload_is_compiled_beside_a_batch(ada: &Tenant) {
    let asked = json!({"version": 1, "last": 120});
    let begun = ada
        .post("/v1/functions/slow/replays", &asked)
        .await
        .expect(202);
    let place = begun.header("location").to_owned();
    add_version(ada, "slow", echoing(3)).await;
    ada.post(&format!("{place}/cancel"), &json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn old_runs_of_batches_are_forgotten_with_the_run_logs_of_their_age() {
    // Its own: what it forgets is of every tenant.
    let stack = Stack::start(Options::default()).await;
    let ada = keeping(&stack, "ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let ran = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    kept(&ada, &ran).await;
    let done = batch(&ada, "hello", &json!({"version": 1})).await;
    let place = format!(
        "/v1/functions/hello/replays/{}",
        done["id"].as_str().expect("an id")
    );
    let results = async || data(&ada.get(&format!("{place}/results")).await.expect(200)).len();
    let mut worker = stack.database_as(Role::Worker).await;
    let mut forget = async |days: i32| {
        sqlx::query("select replay_runs_forget($1)")
            .bind(days)
            .execute(&mut worker)
            .await
            .expect("the worker may forget");
    };

    forget(1).await;
    assert_eq!(results().await, 1, "the control: of today");
    forget(-1).await;

    assert_eq!(results().await, 0);
    let still = ada.get(&place).await.expect(200).json();
    assert_eq!(still["counts"], done["counts"], "what it came to stays");
}
