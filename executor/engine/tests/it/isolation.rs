//! A slot of the pool that one guest has used shows nothing of it to the next.

use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::{EngineOptions, Run};

use crate::stage::{LIMITS, Stage, with_input};

/// Grows, and fills its memory, its table and its globals with a secret that is derived from its randomness.
const WRITER: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 4)
    (table $t 64 100 funcref) (elem declare func $secret)
    (global $g (mut i64) (i64.const 0))
    (func $secret)
    (func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 28)))
        (drop (call $random (i32.const 0) (i32.const 4096)))
        (i32.store8 (i32.const 0) (i32.const 0xA5))
        (loop $more
            (memory.copy (local.get $at) (i32.const 0) (i32.const 4096))
            (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 2097152))))
        (global.set $g (i64.const -1))
        (table.fill $t (i32.const 0) (ref.func $secret) (i32.const 64))))"#;

/// Traps if one byte of its memory, one entry of its table or its global is not what a fresh instance has.
const SCANNER: &str = r#"(module
    (memory (export "memory") 4)
    (table $t 64 100 funcref)
    (global $g (mut i64) (i64.const 0))
    (data (i32.const 100000) "mine")
    (func (export "_start") (local $at i32)
        (if (i64.ne (global.get $g) (i64.const 0)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 100000)) (i32.const 0x656e696d)) (then unreachable))
        (i32.store (i32.const 100000) (i32.const 0))
        (drop (memory.grow (i32.const 28)))
        (loop $more
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
            (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 2097152))))
        (local.set $at (i32.const 0))
        (loop $entries
            (if (i32.eqz (ref.is_null (table.get $t (local.get $at)))) (then unreachable))
            (br_if $entries (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 64))))))"#;

const ROUNDS: u64 = 300;

#[test]
fn a_guest_finds_nothing_of_the_one_before_it() {
    let first_seed = std::time::UNIX_EPOCH
        .elapsed()
        .expect("the clock is past 1970")
        .as_nanos() as u64;
    println!("seed {first_seed}");
    for pagemap_scan in [true, false] {
        take_turns(
            &Stage::with_options(&EngineOptions {
                slots: 2,
                pagemap_scan,
                ..EngineOptions::default()
            }),
            first_seed,
        );
    }
}

fn take_turns(stage: &Stage, first_seed: u64) {
    let (writer, scanner) = (stage.load(WRITER), stage.load(SCANNER));
    let limits = Limits {
        fuel: 100_000_000,
        ..LIMITS
    };
    for round in 0..ROUNDS {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&first_seed.wrapping_add(round).to_le_bytes());
        // Both modules take turns in both slots, so a slot is reused by its own module as well as by the other.
        let order = if round % 3 == 0 {
            [&writer, &writer, &scanner]
        } else {
            [&writer, &scanner, &scanner]
        };
        for module in order {
            let finished = stage.run(
                module,
                Run {
                    limits,
                    seed,
                    ..with_input("")
                },
            );
            assert_eq!(
                finished.outcome,
                Outcome::Ok,
                "round {round}, seed {first_seed}: {:?}",
                finished.error
            );
        }
    }
}

#[test]
fn the_scanner_would_find_a_byte() {
    let stage = Stage::new();
    let dirty = SCANNER.replace(
        r#"(data (i32.const 100000) "mine")"#,
        r#"(data (i32.const 100000) "mine") (data (i32.const 262140) "x")"#,
    );
    assert_eq!(stage.run_text(&dirty, "").outcome, Outcome::Trap);
}

#[test]
fn each_run_begins_with_a_fresh_instance() {
    let stage = Stage::new();
    let module = stage.load(
        r#"(module (memory (export "memory") 1) (global $runs (mut i32) (i32.const 0))
            (func (export "_start")
                (if (i32.or (global.get $runs) (i32.load (i32.const 0))) (then unreachable))
                (global.set $runs (i32.const 1)) (i32.store (i32.const 0) (i32.const 1))))"#,
    );
    for _ in 0..10 {
        assert_eq!(stage.run(&module, with_input("")).outcome, Outcome::Ok);
    }
}
