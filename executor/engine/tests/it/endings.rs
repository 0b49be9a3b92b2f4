//! Every way in which a run can end other than by a limit, with what it says.

use cartwright_domain::outcome::Outcome;
use cartwright_engine::{EngineFault, Run};

use crate::stage::{ECHO, Stage, block_on, start, with_input, writes};

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
