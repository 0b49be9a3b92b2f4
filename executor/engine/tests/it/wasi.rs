//! WASI preview 1 as a guest meets it: what works, and what is refused.

use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::wasi::{MODULE, SIGNATURES, Signature, ValueType};
use cartwright_engine::{Environment, Finished, Run};

use crate::stage::{LIMITS, Stage, with_input};

/// The text of an import of this function, under its own name.
fn import(signature: &Signature) -> String {
    let parameters: Vec<&str> = signature.parameters.iter().map(|ty| ty.as_str()).collect();
    let result = if signature.answers {
        "(result i32)"
    } else {
        ""
    };
    let (name, parameters) = (signature.name, parameters.join(" "));
    format!(r#"(import "{MODULE}" "{name}" (func ${name} (param {parameters}) {result}))"#)
}

pub(crate) fn imports() -> String {
    SIGNATURES.iter().map(import).collect::<Vec<_>>().join("\n")
}

/// Run a module with every import and this as the body of its `_start`, one page of memory.
pub(crate) fn run_body(stage: &Stage, data: &str, body: &str) -> Finished {
    let text = format!(
        r#"(module {} (memory (export "memory") 1) {data} (func (export "_start") {body}))"#,
        imports()
    );
    stage.run(
        &stage.load(&text),
        Run {
            limits: Limits {
                fuel: 1_000_000_000,
                ..LIMITS
            },
            ..with_input("the input")
        },
    )
}

/// What one call answers, as the code that the guest exits with.
fn answer(stage: &Stage, call: &str) -> u32 {
    let finished = run_body(
        stage,
        "",
        &format!("(call $proc_exit (i32.add (i32.const 1000) {call}))"),
    );
    assert_eq!(
        finished.outcome,
        Outcome::Exited,
        "{call}: {:?}",
        finished.error
    );
    finished
        .error
        .and_then(|error| error.exit_code)
        .expect("it exits with a code")
        - 1000
}

/// The call of `signature` with these arguments.
pub(crate) fn call(signature: &Signature, mut argument: impl FnMut(ValueType) -> i64) -> String {
    let arguments: Vec<String> = signature
        .parameters
        .iter()
        .map(|ty| match ty {
            ValueType::I32 => format!("(i32.const {})", argument(*ty) as i32),
            ValueType::I64 => format!("(i64.const {})", argument(*ty)),
        })
        .collect();
    format!("(call ${} {})", signature.name, arguments.join(" "))
}

const SUCCESS: u32 = 0;
const BAD_DESCRIPTOR: u32 = 8;
pub(crate) const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NOT_DIRECTORY: u32 = 54;
const NO_POSITION: u32 = 70;

#[test]
fn what_a_pure_function_does_not_need_answers_an_error_and_does_not_trap() {
    let stage = Stage::new();
    let works_anywhere = [
        "args_get",
        "args_sizes_get",
        "environ_get",
        "environ_sizes_get",
        "poll_oneoff",
        "random_get",
        "sched_yield",
    ];
    let works_with_a_1 = [
        "clock_res_get",
        "clock_time_get",
        "fd_close",
        "fd_fdstat_get",
        "fd_write",
    ];
    for signature in SIGNATURES.iter().filter(|signature| signature.answers) {
        let with = |value| answer(&stage, &call(signature, |_| value)) == SUCCESS;
        let anywhere = works_anywhere.contains(&signature.name);
        assert_eq!(with(99), anywhere, "{} of 99", signature.name);
        assert_eq!(
            with(1),
            anywhere || works_with_a_1.contains(&signature.name),
            "{} of 1",
            signature.name
        );
    }
}

#[test]
fn errors_are_the_ones_that_wasi_names() {
    let stage = Stage::new();
    let cases = [
        (
            "(call $fd_write (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 8))",
            BAD_DESCRIPTOR,
        ),
        (
            "(call $fd_write (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))",
            BAD_DESCRIPTOR,
        ),
        (
            "(call $fd_read (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8))",
            BAD_DESCRIPTOR,
        ),
        (
            "(call $fd_write (i32.const 1) (i32.const 65536) (i32.const 1) (i32.const 8))",
            FAULT,
        ),
        (
            "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65533))",
            FAULT,
        ),
        (
            "(call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8))",
            FAULT,
        ),
        (
            "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 1025) (i32.const 8))",
            INVALID,
        ),
        (
            "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 536870913) (i32.const 8))",
            INVALID,
        ),
        ("(call $random_get (i32.const 65535) (i32.const 2))", FAULT),
        ("(call $random_get (i32.const 1) (i32.const -1))", FAULT),
        (
            "(call $clock_time_get (i32.const 4) (i64.const 0) (i32.const 8))",
            INVALID,
        ),
        (
            "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 65529))",
            FAULT,
        ),
        (
            "(call $environ_sizes_get (i32.const 65533) (i32.const 0))",
            FAULT,
        ),
        ("(call $args_get (i32.const 0) (i32.const 65530))", FAULT),
        (
            "(call $poll_oneoff (i32.const 0) (i32.const 4096) (i32.const 0) (i32.const 0))",
            INVALID,
        ),
        (
            "(call $poll_oneoff (i32.const 65500) (i32.const 4096) (i32.const 1) (i32.const 0))",
            FAULT,
        ),
        (
            "(call $poll_oneoff (i32.const 0) (i32.const 65510) (i32.const 1) (i32.const 0))",
            FAULT,
        ),
        (
            "(call $fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))",
            NO_POSITION,
        ),
        (
            "(call $fd_prestat_get (i32.const 3) (i32.const 0))",
            BAD_DESCRIPTOR,
        ),
        (
            "(call $path_unlink_file (i32.const 0) (i32.const 0) (i32.const 0))",
            NOT_DIRECTORY,
        ),
        (
            "(call $path_unlink_file (i32.const 3) (i32.const 0) (i32.const 0))",
            BAD_DESCRIPTOR,
        ),
    ];
    for (call, errno) in cases {
        assert_eq!(answer(&stage, call), errno, "{call}");
    }
}

#[test]
fn a_closed_stream_is_closed() {
    let stage = Stage::new();
    let twice = "(i32.add (i32.mul (call $fd_close (i32.const 1)) (i32.const 100)) (call $fd_close (i32.const 1)))";
    assert_eq!(answer(&stage, twice), BAD_DESCRIPTOR);
}

#[test]
fn the_environment_is_laid_out_behind_its_pointers() {
    let stage = Stage::new();
    let text = format!(
        r#"(module {} (memory (export "memory") 1) (data (i32.const 0) "\00\10\00\00\20\00\00\00") (func (export "_start")
            (drop (call $environ_get (i32.const 4096) (i32.const 4104)))
            (drop (call $environ_sizes_get (i32.const 4120) (i32.const 4124)))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        imports()
    );
    let environment = Environment::new([("A", "1"), ("BC", "x=y")]).expect("it is good");
    let finished = stage.run(
        &stage.load(&text),
        Run {
            environment,
            ..with_input("")
        },
    );
    let expected: &[u8] = b"\x08\x10\0\0\x0c\x10\0\0A=1\0BC=x=y\0\0\0\0\0\0\x02\0\0\0\x0b\0\0\0";
    assert_eq!(&finished.output[..], expected);
    assert_eq!(finished.outcome, Outcome::Ok);
}

#[test]
fn a_sleep_is_over_before_it_began() {
    let body =
        "(drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 3) (i32.const 128)))
        (i32.store (i32.const 512) (i32.const 256)) (i32.store (i32.const 516) (i32.const 96))
        (drop (call $fd_write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 8)))";
    // A clock for an hour, then input, then a descriptor that is not there, marked 1, 2 and 3.
    let mut subscriptions = [0_u8; 144];
    (subscriptions[0], subscriptions[48], subscriptions[96]) = (1, 2, 3);
    subscriptions[24..32].copy_from_slice(&3_600_000_000_000_u64.to_le_bytes());
    (subscriptions[56], subscriptions[104], subscriptions[112]) = (1, 2, 9);
    let data: String = subscriptions
        .iter()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let finished = run_body(
        &Stage::new(),
        &format!(r#"(data (i32.const 0) "{data}")"#),
        body,
    );
    let events: Vec<_> = finished
        .output
        .chunks(32)
        .map(|event| (event[0], event[8], event[10], event[16]))
        .collect();
    assert_eq!(
        events,
        [(1, 0, 0, 0), (2, 0, 1, 9), (3, BAD_DESCRIPTOR as u8, 2, 0)]
    );
}
