//! No host function believes a pointer or a length, and each is paid for.

use cartwright_domain::outcome::Outcome;
use cartwright_engine::Run;
use cartwright_engine::wasi::SIGNATURES;

use crate::stage::{LIMITS, Stage, with_input};
use crate::wasi::{FAULT, call, imports, run_body};

#[test]
fn a_list_that_is_overwritten_by_its_own_first_buffer_is_checked_again() {
    // The first buffer lies over the list's second entry; the input is all 0xff, so the entry then points nowhere.
    let stage = Stage::new();
    let text = format!(
        r#"(module {} (memory (export "memory") 1)
            (data (i32.const 0) "\08\00\00\00\08\00\00\00" "\00\00\00\00\01\00\00\00")
            (func (export "_start") (call $proc_exit (call $fd_read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 64)))))"#,
        imports()
    );
    let run = Run {
        input: bytes::Bytes::from_static(&[0xff; 64]),
        ..with_input("")
    };
    let finished = stage.run(&stage.load(&text), run);
    assert_eq!(
        finished.error.and_then(|error| error.exit_code),
        Some(FAULT)
    );
}

/// Values that a careless check gets wrong: around 0, around the end of one page, around the ends of 32 and 64 bits.
const EDGES: [i64; 22] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    48,
    1024,
    1025,
    65_488,
    65_528,
    65_532,
    65_535,
    65_536,
    65_537,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff8,
    0xffff_ffff,
    i64::MAX,
    i64::MIN,
];

#[test]
fn no_function_believes_a_pointer_or_a_length() {
    let seed = std::time::UNIX_EPOCH
        .elapsed()
        .expect("the clock is past 1970")
        .as_nanos() as u64;
    println!("seed {seed}");
    let mut random = seed;
    let mut next = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize
    };
    let stage = Stage::new();
    for round in 0..8 {
        let data: String = (0..512)
            .map(|_| format!("\\{:02x}", EDGES[next() % EDGES.len()] as u8))
            .collect();
        let mut body = String::new();
        for signature in SIGNATURES.iter().filter(|signature| signature.answers) {
            for _ in 0..40 {
                // Small descriptors, or nothing would get past the first check.
                let mut first = true;
                let call = call(signature, |_| {
                    let descriptor = std::mem::take(&mut first) && next() % 2 == 0;
                    if descriptor {
                        (next() % 4) as i64
                    } else {
                        EDGES[next() % EDGES.len()]
                    }
                });
                body.push_str(&format!("(drop {call})\n"));
            }
        }
        let finished = run_body(&stage, &format!(r#"(data (i32.const 0) "{data}")"#), &body);
        let ends_well = matches!(finished.outcome, Outcome::Ok | Outcome::OutputTooLarge);
        assert!(
            ends_well,
            "round {round} of seed {seed}: {:?}",
            finished.error
        );
    }
}

#[test]
fn a_guest_without_a_memory_gets_errors() {
    let stage = Stage::new();
    let text = format!(
        r#"(module {} (func (export "_start") (call $proc_exit (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        imports()
    );
    let finished = stage.run(&stage.load(&text), with_input(""));
    assert_eq!(
        finished.error.and_then(|error| error.exit_code),
        Some(FAULT)
    );
}

#[test]
fn a_storm_of_calls_pays_for_each() {
    let stage = Stage::new();
    let body = "(loop (drop (call $random_get (i32.const 0) (i32.const 65536))) (br 0))";
    let text = format!(
        r#"(module {} (memory (export "memory") 1) (func (export "_start") {body}))"#,
        imports()
    );
    let finished = stage.run(&stage.load(&text), with_input(""));
    assert_eq!(
        (finished.outcome, finished.fuel_used),
        (Outcome::FuelExhausted, LIMITS.fuel)
    );
    assert!(
        finished.wall.as_millis() < 1_000,
        "10 million fuel of randomness took {:?}",
        finished.wall
    );
}
