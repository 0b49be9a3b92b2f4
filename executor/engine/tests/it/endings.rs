//! Every way in which a run can end, with what it says.

use cartwright_domain::outcome::Outcome;
use cartwright_engine::{EngineFault, Run};

use crate::stage::{ECHO, LIMITS, Stage, block_on, with_input, writes};

/// A module whose `_start` has this body.
fn start(body: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 1) (func $deep (call $deep)) (func $main (export "_start") {body}))"#
    )
}

fn exits(code: u32) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const {code}))))"#
    )
}

#[test]
fn a_function_answers_its_input() {
    let finished = Stage::new().run_text(ECHO, r#"{"cart":[]}"#);
    assert_eq!(finished.outcome, Outcome::Ok, "{:?}", finished.error);
    assert_eq!(finished.output, r#"{"cart":[]}"#);
    assert_eq!(finished.memory_peak_bytes, 2 * 65536);
    assert!(finished.fuel_used > 0 && finished.error.is_none() && finished.log.is_empty());
}

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
fn a_trap_says_what_the_function_did_and_where() {
    let cases = [
        ("unreachable", "unreachable"),
        (
            "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
            "divided an integer by zero",
        ),
        ("(drop (i32.load (i32.const -4)))", "outside its memory"),
        (
            "(drop (i32.trunc_f64_s (f64.const 1e300)))",
            "integer in a division",
        ),
        (
            "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))",
            "outside its memory",
        ),
    ];
    let stage = Stage::new();
    for (body, says) in cases {
        let finished = stage.run_text(&start(body), "");
        assert_eq!(finished.outcome, Outcome::Trap, "{body}");
        let error = finished.error.expect("it says what happened");
        assert!(error.message.contains(says), "{body}: {}", error.message);
        assert_eq!(error.backtrace, ["main"], "{body}");
    }
}

#[test]
fn ending_itself_with_0_is_well_and_with_anything_else_is_not() {
    let stage = Stage::new();
    assert_eq!(stage.run_text(&exits(0), "").outcome, Outcome::Ok);
    let finished = stage.run_text(&exits(3), "");
    assert_eq!(finished.outcome, Outcome::Exited);
    assert_eq!(
        finished.error.expect("it says what happened").exit_code,
        Some(3)
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

#[test]
fn output_that_is_not_json_is_said_to_be_so_and_kept() {
    let stage = Stage::new();
    let module = stage.load(&writes(1, "{\"a\":"));
    let finished = stage.run(
        &module,
        Run {
            output_json: true,
            ..with_input("")
        },
    );
    assert_eq!(finished.outcome, Outcome::OutputInvalid);
    assert_eq!(finished.output, "{\"a\":");
    assert_eq!(stage.run(&module, with_input("")).outcome, Outcome::Ok);
}

#[test]
fn the_export_named_like_the_target_runs_and_else_start() {
    let stage = Stage::new();
    let module = stage.load(
        r#"(module (memory (export "memory") 1) (global $ready (mut i32) (i32.const 0))
            (func (export "_initialize") (global.set $ready (i32.const 1)))
            (func (export "cart.discount") (if (i32.eqz (global.get $ready)) (then unreachable)))
            (func (export "takes") (param i32))
            (func (export "_start") (if (global.get $ready) (then unreachable)) (drop (i32.const 1)) (loop (br 0))))"#,
    );
    let run = |target| {
        stage
            .run(
                &module,
                Run {
                    target,
                    ..with_input("")
                },
            )
            .outcome
    };
    assert_eq!(run(Some("cart.discount")), Outcome::Ok);
    assert_eq!(
        run(Some("takes")),
        Outcome::FuelExhausted,
        "of the wrong type, so `_start` runs"
    );
    assert_eq!(run(Some("unknown")), Outcome::FuelExhausted);
    assert_eq!(run(None), Outcome::FuelExhausted);
}

#[test]
fn a_module_with_nothing_to_run_says_so() {
    let finished = Stage::new().run_text(r#"(module (memory (export "memory") 1))"#, "");
    assert_eq!((finished.outcome, finished.fuel_used), (Outcome::Trap, 0));
    assert!(
        finished
            .error
            .expect("it says what happened")
            .message
            .contains("_start")
    );
}

#[test]
fn data_outside_the_memory_is_the_functions_fault() {
    let text = r#"(module (memory (export "memory") 1) (data (i32.const 65535) "ab") (func (export "_start")))"#;
    assert_eq!(Stage::new().run_text(text, "").outcome, Outcome::Trap);
}

#[test]
fn a_full_pool_is_our_fault_and_says_so() {
    let stage = Stage::with_slots(1);
    let module = stage.load(&start("(loop (br 0))"));
    block_on(async {
        let mut first = std::pin::pin!(stage.engine.run(&module, with_input("")));
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(first.as_mut().poll(context).is_pending())
        })
        .await;
        assert!(pending, "it has given way once, and holds the only slot");
        assert_eq!(stage.engine.slots().in_use, 1);
        assert!(matches!(
            stage.engine.run(&module, with_input("")).await,
            Err(EngineFault::Busy)
        ));
        assert_eq!(
            first.await.expect("the first goes on").outcome,
            Outcome::FuelExhausted
        );
    });
    assert_eq!(stage.engine.slots().in_use, 0);
}

#[test]
fn a_run_that_is_dropped_gives_its_slot_back() {
    let stage = Stage::with_slots(1);
    let module = stage.load(&start("(loop (br 0))"));
    block_on(async {
        let mut run = Box::pin(stage.engine.run(&module, with_input("")));
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(run.as_mut().poll(context).is_pending())
        })
        .await;
    });
    assert_eq!(stage.engine.slots().in_use, 0);
}
