//! Every limit stops a run, names itself, and the run gives way to others until then.

use cartwright_domain::outcome::Outcome;
use cartwright_engine::Run;

use crate::stage::{LIMITS, Stage, block_on, start, with_input, writes};

#[test]
fn an_endless_loop_uses_all_its_fuel_and_not_more() {
    let finished = Stage::new().run_text(&start("(loop (br 0))"), "");
    assert_eq!(finished.outcome, Outcome::FuelExhausted);
    assert_eq!(finished.fuel_used, LIMITS.fuel);
    let error = finished.error.expect("it says what happened");
    assert_eq!(
        (error.limit, error.used),
        (Some(LIMITS.fuel), Some(LIMITS.fuel))
    );
    assert_eq!(error.backtrace, ["main"]);
}

#[test]
fn an_endless_loop_with_fuel_to_spare_ends_at_its_deadline() {
    let stage = Stage::new();
    let module = stage.load(&start("(loop (br 0))"));
    let limits = cartwright_domain::limits::Limits {
        fuel: u64::MAX >> 1,
        wall_ms: 50,
        ..LIMITS
    };
    let finished = stage.run(
        &module,
        Run {
            limits,
            ..with_input("")
        },
    );
    assert_eq!(finished.outcome, Outcome::DeadlineExceeded);
    assert!(finished.wall.as_millis() >= 50, "{:?}", finished.wall);
    assert!(
        finished.fuel_used > 1_000_000,
        "what it used is known: {}",
        finished.fuel_used
    );
    assert_eq!(
        finished.error.expect("it says what happened").limit,
        Some(50)
    );
}

#[test]
fn calling_the_host_without_end_ends_at_the_deadline_too() {
    let stage = Stage::new();
    let module = stage.load(
        r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (memory (export "memory") 1) (func (export "_start") (loop (drop (call $yield)) (br 0))))"#,
    );
    let limits = cartwright_domain::limits::Limits {
        fuel: u64::MAX >> 1,
        wall_ms: 50,
        ..LIMITS
    };
    let finished = stage.run(
        &module,
        Run {
            limits,
            ..with_input("")
        },
    );
    assert_eq!(finished.outcome, Outcome::DeadlineExceeded);
    assert!(
        finished.wall.as_millis() < 2_000,
        "it gave way in time: {:?}",
        finished.wall
    );
}

#[test]
fn a_guest_that_calls_the_host_gives_way_to_others() {
    let stage = Stage::new();
    // A little computing before each call: neither the engine's slice nor the host's charge may be reset by the other.
    let module = stage.load(
        r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (memory (export "memory") 1)
            (func (export "_start") (local $i i32)
                (loop $outer
                    (local.set $i (i32.const 100000))
                    (loop $inner (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                    (drop (call $yield))
                    (br $outer))))"#,
    );
    let limits = cartwright_domain::limits::Limits {
        fuel: 50_000_000,
        ..LIMITS
    };
    let polls = std::cell::Cell::new(0_u32);
    let run = stage.engine.run(
        &module,
        Run {
            limits,
            ..with_input("")
        },
    );
    let mut run = std::pin::pin!(run);
    let finished = block_on(std::future::poll_fn(|context| {
        polls.set(polls.get() + 1);
        run.as_mut().poll(context)
    }))
    .expect("the engine does not fail");
    assert_eq!(finished.outcome, Outcome::FuelExhausted);
    assert!(
        polls.get() >= 40,
        "50 million fuel in slices of a million: it gave way {} times",
        polls.get()
    );
}

#[test]
fn growing_past_the_limit_names_the_limit_and_the_size_asked_for() {
    let finished = Stage::new().run_text(&start("(drop (memory.grow (i32.const 256)))"), "");
    assert_eq!(finished.outcome, Outcome::MemoryExceeded);
    let error = finished.error.expect("it says what happened");
    assert_eq!(
        (error.limit, error.used),
        (Some(16 << 20), Some(257 * 65536))
    );
    assert_eq!(finished.memory_peak_bytes, 65536);
}

#[test]
fn a_memory_that_begins_past_the_limit_ends_the_run_before_it_begins() {
    let finished = Stage::new().run_text(
        r#"(module (memory (export "memory") 300) (func (export "_start")))"#,
        "",
    );
    assert_eq!(finished.outcome, Outcome::MemoryExceeded);
    assert_eq!(
        finished.error.expect("it says what happened").used,
        Some(300 * 65536)
    );
}

#[test]
fn a_maximum_of_the_modules_own_answers_as_webassembly_says() {
    let text = r#"(module (memory (export "memory") 1 2) (func (export "_start")
        (if (i32.ne (memory.grow (i32.const 5)) (i32.const -1)) (then unreachable))))"#;
    assert_eq!(Stage::new().run_text(text, "").outcome, Outcome::Ok);
}

#[test]
fn growing_costs_fuel_by_the_page() {
    let stage = Stage::new();
    let fuel = |pages: u32| {
        stage
            .run_text(
                &start(&format!("(drop (memory.grow (i32.const {pages})))")),
                "",
            )
            .fuel_used
    };
    assert_eq!(
        fuel(101) - fuel(1),
        100 * u64::from(cartwright_engine::fuel::MEMORY_GROW_PER_PAGE)
    );
}

#[test]
fn an_endless_recursion_overflows_its_stack() {
    let finished = Stage::new().run_text(&start("(call $deep)"), "");
    assert_eq!(finished.outcome, Outcome::StackOverflow);
    let error = finished.error.expect("it says what happened");
    assert!(
        error.backtrace.len() <= 32 && error.backtrace.iter().all(|name| name == "deep"),
        "{:?}",
        error.backtrace
    );
}

#[test]
fn output_past_its_limit_ends_the_run_at_once() {
    let stage = Stage::new();
    let module = stage.load(&writes(1, &"x".repeat(1000)));
    let limits = cartwright_domain::limits::Limits {
        output_bytes_max: 999,
        ..LIMITS
    };
    let finished = stage.run(
        &module,
        Run {
            limits,
            ..with_input("")
        },
    );
    assert_eq!(finished.outcome, Outcome::OutputTooLarge);
    assert!(finished.output.is_empty());
    let error = finished.error.expect("it says what happened");
    assert_eq!((error.limit, error.used), (Some(999), Some(1000)));
    let limits = cartwright_domain::limits::Limits {
        output_bytes_max: 1000,
        ..LIMITS
    };
    assert_eq!(
        stage
            .run(
                &module,
                Run {
                    limits,
                    ..with_input("")
                }
            )
            .output
            .len(),
        1000
    );
}

#[test]
fn a_log_past_its_limit_is_cut_and_the_cut_is_counted() {
    let stage = Stage::new();
    let module = stage.load(&writes(2, &"x".repeat(1000)));
    let limits = cartwright_domain::limits::Limits {
        log_bytes_max: 600,
        ..LIMITS
    };
    let finished = stage.run(
        &module,
        Run {
            limits,
            ..with_input("")
        },
    );
    assert_eq!(finished.outcome, Outcome::Ok);
    assert_eq!(
        (
            finished.log.len(),
            finished.log_bytes_dropped,
            finished.log_truncated()
        ),
        (600, 400, true)
    );
}
