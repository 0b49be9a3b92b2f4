//! Versions: uploaded, compiled, refused with their findings, tested; and what becomes of one whose worker dies.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use cartwright_tests::{Answer, Options, Role, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// A module that runs and does nothing, different for each number.
fn noop(number: u32) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory (export "memory") 1) (global i32 (i32.const {number})) (func (export "_start")))"#
    ))
    .expect("a module")
}

/// A module with three things wrong.
fn broken() -> Vec<u8> {
    wat::parse_str(
        r#"(module (import "env" "one" (func)) (import "env" "two" (func)) (memory (export "memory") 1))"#,
    )
    .expect("a module")
}

async fn upload(tenant: &Tenant, module: impl Into<Vec<u8>>) -> Answer {
    let request = tenant
        .request(Method::POST, "/v1/functions/f/versions")
        .header("content-type", "application/wasm");
    tenant.send(request.body(module.into())).await
}

async fn versions(tenant: &Tenant) -> Vec<Value> {
    let page = tenant
        .get("/v1/functions/f/versions?limit=100")
        .await
        .expect(200)
        .json();
    page["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn an_upload_becomes_a_version_with_its_report() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    let bytes = module("volume-discount-rust/volume-discount-rust.wasm");

    let answer = upload(&ada, bytes.clone()).await.expect(201);

    let version = answer.json();
    assert_eq!(answer.header("location"), "/v1/functions/f/versions/1");
    assert_eq!(version["version"], 1);
    assert_eq!(version["status"], "ready");
    assert_eq!(version["abi"], "wasi");
    assert_eq!(version["deterministic"], true);
    assert_eq!(version["size_bytes"], bytes.len());
    assert_eq!(version["findings"], json!([]));
    assert_eq!(
        version["settings_schema"]["properties"]["percent"]["maximum"],
        100
    );
    let names: Vec<_> = version["settings_schema"]["properties"]
        .as_object()
        .expect("properties")
        .keys()
        .collect();
    assert_eq!(
        names,
        ["percent", "from_quantity", "title"],
        "in the order of the schema's author"
    );
    assert!(
        version["imports"]
            .as_array()
            .is_some_and(|imports| !imports.is_empty())
    );
    assert_eq!(version["aliases"], json!([]));
    let read = ada.get("/v1/functions/f/versions/1").await.expect(200);
    assert_eq!(read.json(), version);
    assert_eq!(versions(&ada).await[0]["sha256"], version["sha256"]);
}

#[tokio::test]
async fn the_same_bytes_twice_are_one_version_of_each_function() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    ada.create_function("g").await;

    let (first, second) = (upload(&ada, noop(1)).await, upload(&ada, noop(1)).await);
    let other = ada.upload("g", noop(1)).await;

    assert_eq!((first.status, second.status, other.status), (201, 200, 201));
    assert_eq!(first.json()["created_at"], second.json()["created_at"]);
    assert_eq!(versions(&ada).await.len(), 1);
}

#[tokio::test]
async fn numbers_have_no_gaps_however_many_upload_at_once() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;

    // Every module twice.
    let answers = join_all((0..12).map(|at| upload(&ada, noop(at % 6)))).await;

    for answer in &answers {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    }
    let mut numbers: Vec<_> = versions(&ada)
        .await
        .iter()
        .map(|each| each["version"].as_u64())
        .collect();
    numbers.reverse();
    assert_eq!(numbers, (1..=6).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_module_that_cannot_run_is_refused_with_every_finding_and_keeps_its_report() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;

    let refused = ada.upload("f", broken()).await.expect(422);

    assert_eq!(refused.code(), "module_invalid");
    let problem = refused.json();
    let findings = problem["errors"].as_array().expect("findings");
    let codes: Vec<_> = findings
        .iter()
        .map(|finding| finding["code"].as_str())
        .collect();
    assert_eq!(
        codes
            .iter()
            .filter(|code| **code == Some("import_unknown"))
            .count(),
        2,
        "{problem}"
    );
    assert!(codes.contains(&Some("entry_missing")), "{problem}");
    for finding in findings {
        for member in ["what", "do"] {
            assert!(
                finding[member]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{finding}"
            );
        }
    }
    let kept = ada
        .get("/v1/functions/f/versions/1")
        .await
        .expect(200)
        .json();
    assert_eq!(kept["status"], "refused");
    assert_eq!(kept["findings"], problem["errors"]);
    assert_eq!(ada.get("/v1/functions/f").await.json()["live"], Value::Null);
    // A number once given stays given.
    assert_eq!(upload(&ada, noop(1)).await.expect(201).json()["version"], 2);
}

#[tokio::test]
async fn what_is_no_upload_is_refused_and_leaves_nothing() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    let path = "/v1/functions/f/versions";
    let wasm = |path: &str| {
        ada.request(Method::POST, path)
            .header("content-type", "application/wasm")
    };

    let empty = ada.send(wasm(path)).await.expect(400);
    assert_eq!(empty.code(), "invalid_request");
    let json = ada
        .send(ada.request(Method::POST, path).json(&json!({})))
        .await;
    assert_eq!(json.expect(415).code(), "unsupported_media_type");
    let large = ada
        .send(wasm(path).body(vec![0; (4 << 20) + 1]))
        .await
        .expect(413);
    assert_eq!(
        (large.code().as_str(), &large.json()["limit"]),
        ("input_too_large", &json!(4 << 20))
    );
    // Without a length in front, the limit is met on the way.
    let chunks =
        futures_util::stream::iter((0..80).map(|_| Ok::<_, std::io::Error>(vec![0u8; 64 << 10])));
    let streamed = ada
        .send(wasm(path).body(reqwest::Body::wrap_stream(chunks)))
        .await;
    assert_eq!(streamed.expect(413).code(), "input_too_large");
    let nowhere = ada
        .send(wasm("/v1/functions/g/versions").body(noop(1)))
        .await;
    assert_eq!(nowhere.expect(404).code(), "not_found");
    ada.send(wasm("/v1/functions/f/versions?promote=Live").body(noop(1)))
        .await
        .expect(400);
    ada.send(wasm("/v1/functions/f/versions?promote_to=live").body(noop(1)))
        .await
        .expect(400);
    for version in ["1", "0", "-1", "99999999999", "x"] {
        let missing = ada.get(&format!("{path}/{version}")).await;
        assert!(
            matches!(missing.status, 400 | 404),
            "{version}: {}",
            missing.text()
        );
    }

    assert_eq!(versions(&ada).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_test_runs_a_version_before_it_is_live_and_is_billed_to_nobody() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("f").await;
    let version = upload(
        &ada,
        module("volume-discount-rust/volume-discount-rust.wasm"),
    )
    .await
    .expect(201);
    let path = "/v1/functions/f/versions/1/test";

    let run = ada
        .post(path, &json!({"input": version.json()["sample"]}))
        .await
        .expect(200)
        .json();
    assert_eq!(run["outcome"], "ok", "{run}");
    assert!(run["output"]["discounts"].is_array(), "{run}");
    assert!(run["fuel"].as_u64().is_some_and(|fuel| fuel > 0));
    let cut = ada
        .post(path, &json!({"input": {}, "limits": {"fuel": 10}}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&cut["outcome"], &cut["fuel_limit"]),
        (&json!("fuel_exhausted"), &json!(10))
    );
    assert!(
        cut["error"]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    ada.post(path, &json!({})).await.expect(400);
    ada.post("/v1/functions/f/versions/2/test", &json!({"input": 1}))
        .await
        .expect(404);

    eventually(
        "both tests are metered",
        Duration::from_secs(10),
        async || {
            let usage = ada
                .get("/v1/usage?group_by=trigger")
                .await
                .expect(200)
                .json();
            let row = &usage["data"][0];
            (row["invocations"] == 2).then(|| assert_eq!(row["billable_invocations"], 0, "{usage}"))
        },
    )
    .await;
}

/// A program in the stack's folder that is run in the compiler's place.
fn stand_in(folder: &std::path::Path, script: &str) -> String {
    let file = folder.join("compiler.sh");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a script");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
    file.display().to_string()
}

#[tokio::test]
async fn a_job_whose_worker_was_killed_is_done_by_the_next() {
    let scratch = tempfile::tempdir().expect("a folder");
    let compiler = xtask::place::binary("cartwright-compiler");
    let slow = stand_in(
        scratch.path(),
        &format!("/bin/sleep 2; exec {} \"$@\"", compiler.display()),
    );
    let stack = Stack::start(Options {
        environment: vec![(Role::Worker, "CARTWRIGHT_COMPILER", slow)],
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;

    let kill = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stack.restart(Role::Worker).await;
    };
    let (answer, ()) = tokio::join!(ada.upload("f", module("hello/hello.wasm")), kill);

    assert!(matches!(answer.status, 201 | 202), "{}", answer.text());
    let version = eventually(
        "the version is ready",
        Duration::from_secs(40),
        async || {
            let version = ada
                .get("/v1/functions/f/versions/1")
                .await
                .expect(200)
                .json();
            (version["status"] == "ready").then_some(version)
        },
    )
    .await;
    assert_eq!(version["aliases"], json!(["live"]));
    let moves = ada.get("/v1/functions/f/aliases/live/moves").await.json();
    assert_eq!(moves["data"].as_array().map(Vec::len), Some(1), "{moves}");
}

#[tokio::test]
async fn a_compiler_that_the_module_kills_refuses_it_and_one_that_is_not_there_is_waited_for() {
    let scratch = tempfile::tempdir().expect("a folder");
    let bomb = stand_in(scratch.path(), "kill -SEGV $$");
    let stack = Stack::start(Options {
        environment: vec![(Role::Worker, "CARTWRIGHT_COMPILER", bomb.clone())],
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.create_function("f").await;

    let refused = upload(&ada, noop(1)).await.expect(422);
    assert_eq!(
        refused.json()["errors"][0]["code"],
        "compile_memory_exceeded"
    );

    std::fs::remove_file(&bomb).expect("the stand-in");
    let repair = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let compiler = xtask::place::binary("cartwright-compiler");
        std::os::unix::fs::symlink(compiler, &bomb).expect("a link");
    };
    // The same bytes again are judged again, under the same number.
    let (answer, ()) = tokio::join!(upload(&ada, noop(1)), repair);
    assert_eq!(answer.expect(200).json()["version"], 1);
}
