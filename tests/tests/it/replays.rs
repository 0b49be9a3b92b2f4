//! Replays: a recorded run once more, equal or with the reason why not.

use cartwright_tests::{Stack, eventually, module};
use reqwest::Method;
use serde_json::{Value, json};

use crate::recorded::{WITHIN, add_version, batch, data, echoing, guest, keeping, kept, replay};

#[tokio::test]
async fn a_replay_of_every_template_gives_the_same_output_and_the_same_fuel() {
    let ada = keeping(Stack::shared().await, "ada").await;
    let templates = [
        "hello",
        "volume-discount-rust",
        "volume-discount-assemblyscript",
        "volume-discount-c",
        "payment-method-filter",
        "shipping-rule",
    ];
    for name in templates {
        ada.deploy(name, module(&format!("{name}/{name}.wasm")))
            .await;
        let sample = ada
            .get(&format!("/v1/functions/{name}/versions/1"))
            .await
            .json()["sample"]
            .clone();
        for input in [sample, json!({"no": "cart"})] {
            let ran = ada.invoke_when_known(name, &input).await;
            let id = kept(&ada, &ran).await;

            let replayed = replay(&ada, &id, &json!({})).await.expect(200).json();

            for promised in [
                "output_equal",
                "output_identical",
                "fuel_equal",
                "comparable",
            ] {
                assert_eq!(replayed[promised], true, "{name}: {promised}: {replayed}");
            }
            assert_eq!(replayed["why_not"], json!([]));
            assert_eq!(replayed["difference"], json!({"places": [], "more": false}));
            let (recorded, now) = (&replayed["recorded"], &replayed["replayed"]);
            assert_eq!(recorded["invocation_id"], id.as_str());
            for equal in [
                "outcome",
                "output",
                "fuel",
                "memory_peak_bytes",
                "log",
                "version",
                "error",
            ] {
                assert_eq!(recorded[equal], now[equal], "{name}: {equal}: {replayed}");
            }
            assert_ne!(recorded["invocation_id"], now["invocation_id"]);
            if ran.status == 200 {
                assert_eq!(now["output"], ran.json());
                assert_eq!(now["fuel"].to_string(), ran.header("cartwright-fuel"));
            }
        }
    }
}

#[tokio::test]
async fn a_replay_sees_the_clock_and_the_randomness_of_the_run_that_it_repeats() {
    let ada = keeping(Stack::shared().await, "ada").await;
    // Eight bytes of time and sixteen of randomness, each as a letter, in quotes.
    let reading = guest(
        r"(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 100)))
        (drop (call $random_get (i32.const 108) (i32.const 16)))
        (i32.store8 (i32.const 99) (i32.const 34)) (i32.store8 (i32.const 124) (i32.const 34))
        (loop $again
            (local.set $byte (i32.load8_u (i32.add (local.get $i) (i32.const 100))))
            (i32.store8 (i32.add (local.get $i) (i32.const 100))
                (i32.add (i32.const 97) (i32.and (local.get $byte) (i32.const 15))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 24))))
        (call $say (i32.const 99) (i32.const 26))",
    );
    ada.deploy("dice", reading).await;
    let first = ada.invoke_when_known("dice", &json!({})).await.expect(200);
    let second = ada.invoke("dice", &json!({})).await.expect(200);
    assert_ne!(first.text(), second.text(), "the control: two runs differ");
    let id = kept(&ada, &first).await;

    let replayed = replay(&ada, &id, &json!({})).await.expect(200).json();
    assert_eq!(replayed["replayed"]["output"], first.json());
    assert_eq!(replayed["output_identical"], true);

    // And so does a replay of the replay.
    let again = replayed["invocation_id"].as_str().expect("an id");
    eventually("the replay is kept", WITHIN, async || {
        let run = ada.get(&format!("/v1/invocations/{again}")).await.json();
        (!run["input"].is_null()).then_some(())
    })
    .await;
    let again = replay(&ada, again, &json!({})).await.expect(200).json();
    assert_eq!(again["replayed"]["output"], first.json());
}

#[tokio::test]
async fn a_replay_has_the_configuration_of_its_run_unless_the_newest_is_asked_for() {
    let ada = keeping(Stack::shared().await, "ada").await;
    let discount = module("volume-discount-rust/volume-discount-rust.wasm");
    ada.deploy("discount", discount).await;
    let cart = ada.get("/v1/functions/discount/versions/1").await.json()["sample"].clone();
    ada.put("/v1/functions/discount/config", &json!({"percent": 50}))
        .await
        .expect(200);
    let ran = ada.invoke_when_known("discount", &cart).await.expect(200);
    let id = kept(&ada, &ran).await;
    ada.put("/v1/functions/discount/config", &json!({"percent": 10}))
        .await
        .expect(200);

    let as_it_was = replay(&ada, &id, &json!({})).await.expect(200).json();
    assert_eq!(as_it_was["comparable"], true, "{as_it_was}");
    assert_eq!(as_it_was["output_identical"], true, "{as_it_was}");
    assert_eq!(as_it_was["replayed"]["config_version"], 1);

    let now = json!({"configuration": "current"});
    let now = replay(&ada, &id, &now).await.expect(200).json();
    assert_eq!(now["comparable"], false);
    assert_eq!(now["why_not"][0]["code"], "configuration_changed");
    assert_eq!(now["output_equal"], false, "{now}");
    assert_eq!(now["replayed"]["config_version"], 2);
    let places = now["difference"]["places"].as_array().expect("places");
    assert!(
        places.iter().any(|place| place["pointer"] == "/total"),
        "{now}"
    );
}

#[tokio::test]
async fn a_limit_that_stopped_a_run_stops_its_replay_and_one_that_is_lower_now_is_the_reason() {
    let ada = keeping(Stack::shared().await, "ada").await;
    ada.post(
        "/v1/functions",
        &json!({"name": "burner", "limits": {"fuel": 20_000}}),
    )
    .await
    .expect(201);
    ada.upload("burner", echoing(100_000)).await.expect(201);
    let short = ada.invoke_when_known("burner", &json!(1)).await.expect(422);
    assert_eq!(short.code(), "fuel_exhausted");
    let short = kept(&ada, &short).await;
    let limit = async |limits: Value| {
        ada.patch("/v1/functions/burner", &json!({"limits": limits}))
            .await
            .expect(200);
    };

    limit(json!({})).await;
    let replayed = replay(&ada, &short, &json!({})).await.expect(200).json();
    assert_eq!(replayed["outcome"], "fuel_exhausted");
    assert_eq!(
        (&replayed["comparable"], &replayed["fuel_equal"]),
        (&json!(true), &json!(true)),
        "{replayed}"
    );

    let enough = eventually("the new limit holds", WITHIN, async || {
        Some(ada.invoke("burner", &json!(1)).await).filter(|ran| ran.status == 200)
    })
    .await;
    let enough = kept(&ada, &enough).await;
    limit(json!({"fuel": 10_000})).await;
    let replayed = replay(&ada, &enough, &json!({})).await.expect(200).json();
    assert_eq!(replayed["outcome"], "fuel_exhausted");
    assert_eq!(replayed["comparable"], false);
    assert_eq!(
        replayed["why_not"][0]["code"], "limits_changed",
        "{replayed}"
    );
}

#[tokio::test]
async fn fuel_that_another_engine_counted_does_not_compare_and_two_versions_run_now_do() {
    let stack = Stack::shared().await;
    let ada = keeping(stack, "ada").await;
    ada.deploy("echo", echoing(10)).await;
    add_version(&ada, "echo", echoing(20)).await;
    let ran = ada.invoke_when_known("echo", &json!(1)).await.expect(200);
    let id = kept(&ada, &ran).await;
    let mut database = stack.database().await;
    let updated =
        sqlx::query("update meter_record set engine_epoch = 0 where invocation_id = $1::uuid")
            .bind(&id)
            .execute(&mut database)
            .await
            .expect("the record is of an older engine");
    assert_eq!(updated.rows_affected(), 1);

    let replayed = replay(&ada, &id, &json!({})).await.expect(200).json();
    assert_eq!(
        (&replayed["comparable"], &replayed["output_equal"]),
        (&json!(false), &json!(true)),
        "{replayed}"
    );
    let why = &replayed["why_not"][0];
    assert_eq!(why["code"], "engine_changed");
    assert!(why["detail"].to_string().contains("`against`"), "{why}");

    let recorded = batch(&ada, "echo", &json!({"version": 2})).await;
    assert_eq!(
        (&recorded["counts"]["not_comparable"], &recorded["quote"]),
        (&json!(1), &Value::Null),
        "{recorded}"
    );
    let now = batch(&ada, "echo", &json!({"version": 2, "against": 1})).await;
    assert_eq!(now["counts"]["same"], 1, "{now}");
    assert!(now["fuel"]["delta"].as_i64() > Some(0), "{now}");
}

#[tokio::test]
async fn what_was_not_kept_or_is_not_ones_own_is_refused_with_what_to_do() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let forgotten = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    let forgotten = forgotten.header("cartwright-invocation-id").to_owned();
    let path = format!("/v1/invocations/{forgotten}");
    eventually("the run is listed", WITHIN, async || {
        (ada.get(&path).await.status == 200).then_some(())
    })
    .await;

    let refused = replay(&ada, &forgotten, &json!({})).await.expect(409);
    assert_eq!(refused.code(), "conflict");
    assert_eq!(refused.json()["log_status"], "off");
    let detail = refused.json()["detail"].to_string();
    assert!(
        detail.contains("run_log_retention") && detail.contains("`all`"),
        "{detail}"
    );

    // A run that failed is kept by default.
    ada.deploy("broken", guest("unreachable")).await;
    let failed = ada
        .invoke_when_known("broken", &json!({}))
        .await
        .expect(422);
    let failed = kept(&ada, &failed).await;
    let without_body = ada.request(Method::POST, &format!("/v1/invocations/{failed}/replay"));
    ada.send(without_body).await.expect(200);
    for (how, status) in [
        (json!({"version": 7}), 404),
        (json!({"version": "1"}), 400),
        (json!({"verison": 1}), 400),
        (json!({"configuration": "old"}), 400),
    ] {
        replay(&ada, &failed, &how).await.expect(status);
    }
    assert_eq!(
        replay(&bob, &failed, &json!({})).await.expect(404).code(),
        "not_found"
    );
    let viewer = ada
        .post("/v1/api-keys", &json!({"name": "r", "scopes": ["read"]}))
        .await
        .expect(201)
        .json();
    let request = ada
        .anonymous(Method::POST, &format!("/v1/invocations/{failed}/replay"))
        .bearer_auth(viewer["key"].as_str().expect("a key"));
    ada.send(request).await.expect(403);

    ada.delete("/v1/functions/broken").await.expect(204);
    let gone = replay(&ada, &failed, &json!({})).await.expect(409);
    assert!(gone.text().contains("deleted"), "{}", gone.text());
}

#[tokio::test]
async fn tests_and_replays_are_listed_by_their_trigger_and_cost_nothing() {
    let ada = keeping(Stack::shared().await, "ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let ran = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    let id = kept(&ada, &ran).await;
    ada.post(
        "/v1/functions/hello/versions/1/test",
        &json!({"input": {"name": "Ada"}}),
    )
    .await
    .expect(200);
    replay(&ada, &id, &json!({})).await.expect(200);
    let done = batch(&ada, "hello", &json!({"version": 1})).await;
    assert_eq!(
        done["counts"]["same"], 1,
        "neither a test nor a replay is evidence: {done}"
    );

    for (trigger, count) in [("http", 1), ("test", 1), ("replay", 2)] {
        let what = format!("{trigger}: {count}");
        let runs = eventually(&what, WITHIN, async || {
            let listed = ada.get(&format!("/v1/invocations?trigger={trigger}")).await;
            Some(data(&listed)).filter(|runs| runs.len() == count)
        })
        .await;
        for run in runs {
            assert_eq!(run["billed"], trigger == "http", "{run}");
            assert_eq!(run["cost"] == "0 USD", trigger != "http", "{run}");
        }
    }
    let usage = ada.get("/v1/usage").await.expect(200).json();
    let sums = &usage["data"][0];
    assert_eq!(
        (&sums["invocations"], &sums["billable_invocations"]),
        (&json!(4), &json!(1))
    );
}
