//! Artifacts: what was tampered with on the way from the compiler never runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, eventually, module};
use serde_json::json;
use xtask::test_servers::TestServers;

use crate::invoke::refused;

#[tokio::test]
async fn an_artifact_that_was_tampered_with_never_runs() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);

    // On the executor's own disk: it is noticed, and fetched anew from the store.
    let on_disk = files_below(&stack.folder.join("executor/artifacts"));
    assert!(!on_disk.is_empty(), "the artifact is kept on disk");
    on_disk.iter().for_each(|file| flip_a_byte(file));
    stack.restart(Role::Executor).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);

    // In the store: it is refused.
    let servers = TestServers::from_env().expect("the servers of the tests");
    let bucket = servers.buckets.join(&stack.wiring.object_store.bucket);
    files_below(&stack.folder.join("executor/artifacts"))
        .iter()
        .for_each(|file| std::fs::remove_file(file).expect("it is ours"));
    let in_store = files_below(&bucket);
    in_store.iter().for_each(|file| flip_a_byte(file));
    stack.restart(Role::Executor).await;
    let answer = ada.invoke("hello", &json!({})).await;
    assert_eq!(refused(&answer), (503, "not_ready".to_owned()));
    assert!(stack.log(Role::Executor).contains("ALARM"));
    in_store.iter().for_each(|file| flip_a_byte(file));
    eventually(
        "the mended artifact runs",
        Duration::from_secs(15),
        async || Some(ada.invoke("hello", &json!({})).await).filter(|answer| answer.status == 200),
    )
    .await;
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

fn flip_a_byte(file: &Path) {
    let mut bytes = std::fs::read(file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("it can be written");
}
