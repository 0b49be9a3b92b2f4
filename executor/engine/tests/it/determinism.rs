//! The same module on the same run: one output, one fuel, however often, however many at once.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use cartwright_engine::Run;

use crate::stage::{Stage, with_input};

/// Draws randomness, reads the clock, computes a NaN, grows, loops by its input's length, and writes all of it.
const EVERYTHING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\00\10\00\00\00\10\00\00" "\00\01\00\00\00\01\00\00")
    (func (export "_start") (local $i i32)
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (drop (call $random (i32.const 256) (i32.const 100)))
        (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 360)))
        (f64.store (i32.const 368) (f64.div (f64.const 0) (f64.const 0)))
        (i32.store (i32.const 376) (memory.grow (i32.const 3)))
        (local.set $i (i32.mul (i32.load (i32.const 16)) (i32.const 100)))
        (loop $more
            (i32.store (i32.const 380) (i32.add (i32.load (i32.const 380)) (local.get $i)))
            (br_if $more (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0))))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))"#;

#[test]
fn ten_thousand_runs_have_one_output_and_one_fuel() {
    let stage = Arc::new(Stage::with_slots(16));
    let module = Arc::new(stage.load(EVERYTHING));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .expect("a runtime starts");
    let results: HashSet<(Bytes, u64, u64)> = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (stage, module) = (Arc::clone(&stage), Arc::clone(&module));
            tasks.spawn(async move {
                let mut results = HashSet::new();
                for _ in 0..1_250 {
                    let finished = stage
                        .engine
                        .run(&module, with_input("twenty bytes of input"))
                        .await
                        .expect("it runs");
                    assert!(finished.error.is_none(), "{:?}", finished.error);
                    results.insert((
                        finished.output,
                        finished.fuel_used,
                        finished.memory_peak_bytes,
                    ));
                }
                results
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    });
    assert_eq!(
        results.len(),
        1,
        "10,000 equal runs had {} different results",
        results.len()
    );
}

#[test]
fn another_seed_clock_or_input_is_another_answer() {
    let stage = Stage::new();
    let module = stage.load(EVERYTHING);
    let outputs: HashSet<Bytes> = [
        with_input("input"),
        Run {
            seed: [8; 32],
            ..with_input("input")
        },
        Run {
            clock_ms: 1,
            ..with_input("input")
        },
        with_input("other input"),
    ]
    .into_iter()
    .map(|run| stage.run(&module, run).output)
    .collect();
    assert_eq!(outputs.len(), 4);
}

/// This number belongs to the engine epoch. Where it changes, fuel is no longer comparable: raise the epoch.
#[test]
fn the_fuel_of_one_module_is_pinned_to_the_epoch() {
    let stage = Stage::new();
    let finished = stage.run(&stage.load(EVERYTHING), with_input("twenty bytes of input"));
    assert_eq!(
        (
            cartwright_domain::engine_epoch::ENGINE_EPOCH,
            finished.fuel_used
        ),
        (1, 30_794)
    );
}
