//! Aliases: where they point, their moves, and how fast executors follow.

use std::time::{Duration, Instant};

use cartwright_tests::{Options, Role, Stack, Tenant, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// A module that answers with a number.
fn answering(number: u32) -> Vec<u8> {
    let text = format!("\\{:02x}", b'0' + u8::try_from(number).expect("one digit"));
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\08\00\00\00\01\00\00\00{text}")
            (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#
    ))
    .expect("a module")
}

async fn upload(tenant: &Tenant, number: u32) {
    let request = tenant
        .request(Method::POST, "/v1/functions/f/versions")
        .header("content-type", "application/wasm");
    tenant
        .send(request.body(answering(number)))
        .await
        .expect(201);
}

async fn promote(tenant: &Tenant, version: u32) -> cartwright_tests::Answer {
    tenant
        .put("/v1/functions/f/aliases/live", &json!({"version": version}))
        .await
}

#[tokio::test]
async fn live_is_there_from_the_start_and_runs_nothing_before_the_first_promote() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;

    let aliases = ada.get("/v1/functions/f/aliases").await.expect(200).json();
    assert_eq!(aliases["data"][0]["alias"], "live");
    assert_eq!(aliases["data"][0]["version"], Value::Null);

    upload(&ada, 1).await;
    let refused = eventually(
        "the executor knows the function, without a live version",
        Duration::from_secs(6),
        async || {
            let answer = ada.invoke("f", &json!({})).await;
            answer.text().contains("live").then_some(answer)
        },
    )
    .await;
    assert_eq!(refused.expect(404).code(), "not_found");
}

#[tokio::test]
async fn a_promote_is_followed_at_once_and_a_rollback_is_a_move_like_any_other() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    upload(&ada, 1).await;
    upload(&ada, 2).await;
    promote(&ada, 1).await.expect(200);
    assert_eq!(
        ada.invoke_when_known("f", &json!({}))
            .await
            .expect(200)
            .text(),
        "1"
    );

    let mut slowest = Duration::ZERO;
    for (version, output) in [(2, "2"), (1, "1"), (2, "2")] {
        let moved = promote(&ada, version).await.expect(200).json();
        assert_eq!(moved["version"], version);
        let begun = Instant::now();
        eventually("the executor follows", Duration::from_secs(6), async || {
            Some(ada.invoke("f", &json!({})).await).filter(|answer| answer.text() == output)
        })
        .await;
        slowest = slowest.max(begun.elapsed());
    }
    // 100 ms is promised; a machine that builds something beside may take longer to let a message through.
    assert!(
        slowest < Duration::from_secs(2),
        "a promote took {slowest:?}"
    );

    // To where it points already: nothing moves.
    promote(&ada, 2).await.expect(200);
    let moves = ada
        .get("/v1/functions/f/aliases/live/moves")
        .await
        .expect(200)
        .json();
    let steps: Vec<_> = moves["data"]
        .as_array()
        .expect("moves")
        .iter()
        .map(|each| (each["from"].as_u64(), each["to"].as_u64()))
        .collect();
    let expected = [
        (Some(1), Some(2)),
        (Some(2), Some(1)),
        (Some(1), Some(2)),
        (None, Some(1)),
    ];
    assert_eq!(steps, expected);
    assert!(
        moves["data"][0]["moved_by"]
            .as_str()
            .is_some_and(|by| by.starts_with("user:"))
    );
}

#[tokio::test]
async fn an_alias_points_only_at_what_can_run() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    upload(&ada, 1).await;
    ada.upload("f", b"no module".as_slice()).await.expect(422);

    let refused = promote(&ada, 2).await.expect(409);
    assert!(
        refused.json()["detail"]
            .as_str()
            .is_some_and(|text| text.contains("refused"))
    );
    promote(&ada, 3).await.expect(404);
    let path = "/v1/functions/f/aliases/live";
    for body in [
        json!({}),
        json!({"version": "1"}),
        json!({"split": []}),
        json!({"version": 1, "sticky": "x"}),
    ] {
        ada.put(path, &body).await.expect(400);
    }
    ada.put("/v1/functions/f/aliases/Live", &json!({"version": 1}))
        .await
        .expect(400);
    ada.put("/v1/functions/g/aliases/live", &json!({"version": 1}))
        .await
        .expect(404);
    assert_eq!(ada.get("/v1/functions/f").await.json()["live"], Value::Null);

    ada.put("/v1/functions/f/aliases/staging", &json!({"version": 1}))
        .await
        .expect(200);
    let staged = eventually(
        "the new alias reaches the executor",
        Duration::from_secs(6),
        async || {
            let request = ada.invocation("f?alias=staging").json(&json!({}));
            Some(ada.send(request).await).filter(|answer| answer.status == 200)
        },
    )
    .await;
    assert_eq!(staged.text(), "1");
}

/// Send a module for an alias, and hang up as soon as it is a version: nobody compiles it yet.
async fn leave_to_compile(tenant: &Tenant, number: u32) {
    let path = format!("/v1/functions/f/versions/{number}");
    let taken_in = eventually(
        "the upload is a version",
        Duration::from_secs(20),
        async || (tenant.get(&path).await.status == 200).then_some(()),
    );
    tokio::select! {
        answer = tenant.upload("f", answering(number)) => panic!("answered {}: {}", answer.status, answer.text()),
        () = taken_in => {}
    }
}

#[tokio::test]
async fn a_version_that_compiles_for_long_does_not_undo_a_later_move() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;
    upload(&ada, 1).await;
    upload(&ada, 2).await;
    promote(&ada, 2).await.expect(200);
    stack.kill(Role::Worker);

    leave_to_compile(&ada, 3).await;
    let for_another = ada
        .request(Method::POST, "/v1/functions/f/versions?promote=staging")
        .header("content-type", "application/wasm")
        .body(answering(3));
    let refused = ada.send(for_another).await.expect(409);
    assert_eq!(refused.code(), "conflict");
    promote(&ada, 1).await.expect(200);
    // What is so already, and is asked for once more, is the later wish too.
    leave_to_compile(&ada, 4).await;
    promote(&ada, 1).await.expect(200);
    stack.run(Role::Worker);

    for version in [3, 4] {
        let path = format!("/v1/functions/f/versions/{version}");
        let what = format!("version {version} is compiled");
        let compiled = eventually(&what, Duration::from_secs(40), async || {
            let compiled = ada.get(&path).await.expect(200).json();
            (compiled["status"] == "ready").then_some(compiled)
        })
        .await;
        assert_eq!(compiled["aliases"], json!([]), "{compiled}");
    }
    let aliases = ada.get("/v1/functions/f/aliases").await.expect(200).json();
    assert_eq!(aliases["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(aliases["data"][0]["version"], 1, "{aliases}");
    let live = ada.upload("f", answering(4)).await.expect(200).json();
    assert_eq!(live["aliases"], json!(["live"]), "{live}");
}
