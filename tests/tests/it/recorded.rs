//! Runs that are kept, the modules that leave them, and how tests repeat them.

use std::time::Duration;

use cartwright_tests::{Answer, Stack, Tenant, eventually};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const WITHIN: Duration = Duration::from_secs(60);

/// A module with these calls at hand, a page of memory, and this as its body. Its output is what it writes to `$say`.
pub(crate) fn guest(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
            (memory (export "memory") 1)
            (func $say (param $at i32) (param $length i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $length))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
            (func $first_byte (result i32)
                (i32.store (i32.const 0) (i32.const 64))
                (i32.store (i32.const 4) (i32.const 64))
                (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load8_u (i32.const 64)))
            (func $burn (param $turns i32)
                (loop $again
                    (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
                    (br_if $again (local.get $turns))))
            (func (export "_start") (local $i i32) (local $byte i32) {body}))"#
    ))
    .expect("a module")
}

/// One that answers with its input's first byte, a digit, after burning some fuel.
pub(crate) fn echoing(turns: u32) -> Vec<u8> {
    guest(&format!(
        "(call $burn (i32.const {turns})) (drop (call $first_byte)) (call $say (i32.const 64) (i32.const 1))"
    ))
}

/// A tenant of this stack who keeps the log of every run.
pub(crate) async fn keeping(stack: &Stack, name: &str) -> Tenant {
    let tenant = stack.tenant(name).await;
    tenant
        .patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    tenant
}

/// Upload a module as the next version, and leave the aliases where they are.
pub(crate) async fn add_version(tenant: &Tenant, function: &str, module: Vec<u8>) {
    let request = tenant
        .request(Method::POST, &format!("/v1/functions/{function}/versions"))
        .header("content-type", "application/wasm");
    tenant.send(request.body(module)).await.expect(201);
}

/// The run of an answer, once its input is kept.
pub(crate) async fn kept(tenant: &Tenant, answer: &Answer) -> String {
    let id = answer.header("cartwright-invocation-id").to_owned();
    let path = format!("/v1/invocations/{id}");
    eventually("the run is kept", WITHIN, async || {
        let run = tenant.get(&path).await.json();
        (!run["input"].is_null()).then_some(())
    })
    .await;
    id
}

/// Repeat a run.
pub(crate) async fn replay(tenant: &Tenant, id: &str, how: &Value) -> Answer {
    tenant
        .post(&format!("/v1/invocations/{id}/replay"), how)
        .await
}

/// Start a batch and wait for its end.
pub(crate) async fn batch(tenant: &Tenant, function: &str, asked: &Value) -> Value {
    let path = format!("/v1/functions/{function}/replays");
    let begun = tenant.post(&path, asked).await.expect(202);
    ended(tenant, begun.header("location")).await
}

/// The batch at this place, once it has ended.
pub(crate) async fn ended(tenant: &Tenant, place: &str) -> Value {
    eventually("the batch ends", WITHIN, async || {
        let batch = tenant.get(place).await.expect(200).json();
        (!batch["ended_at"].is_null()).then_some(batch)
    })
    .await
}

/// What a page lists.
pub(crate) fn data(answer: &Answer) -> Vec<Value> {
    answer.json()["data"].as_array().cloned().expect("a list")
}
