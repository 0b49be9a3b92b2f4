//! Modules that are well made and behave badly.

use cartwright_domain::outcome::Outcome;

use crate::{Animal, runs, text};

/// What has no end of its own ends by fuel, or by the clock on a slow machine.
const STOPPED: &[Outcome] = &[Outcome::FuelExhausted, Outcome::DeadlineExceeded];
const TRAP: &[Outcome] = &[Outcome::Trap];
const MEMORY: &[Outcome] = &[Outcome::MemoryExceeded];
const INVALID: &[Outcome] = &[Outcome::OutputInvalid];

pub(crate) const ANIMALS: &[Animal] = &[
    runs("answers well, as a control", &[Outcome::Ok], || {
        writes("null")
    }),
    runs("loops without end", STOPPED, || start("(loop (br 0))")),
    runs("computes without end", STOPPED, || {
        start(
            "(local $n f64) (loop (local.set $n (f64.sqrt (f64.add (local.get $n) (f64.const 1.5)))) (br 0))",
        )
    }),
    runs("calls its host without end", STOPPED, || {
        start("(loop (drop (call $sched_yield)) (br 0))")
    }),
    runs("asks the time without end", STOPPED, || {
        start(
            "(loop (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0))) (br 0))",
        )
    }),
    runs("draws randomness without end", STOPPED, || {
        start("(loop (drop (call $random_get (i32.const 0) (i32.const 65536))) (br 0))")
    }),
    runs("sleeps without end", STOPPED, || {
        start(
            "(loop (drop (call $poll_oneoff (i32.const 0) (i32.const 4096) (i32.const 9) (i32.const 8000))) (br 0))",
        )
    }),
    runs("reads bad lists of buffers without end", STOPPED, || {
        start(
            "(loop (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1024) (i32.const 65535))) (br 0))",
        )
    }),
    runs("logs without end", STOPPED, || {
        start(
            "(i32.store (i32.const 4) (i32.const 60000)) (loop (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))",
        )
    }),
    runs("writes without end", &[Outcome::OutputTooLarge], || {
        start(
            "(i32.store (i32.const 4) (i32.const 60000)) (loop (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))",
        )
    }),
    runs("fills its memory without end", STOPPED, || {
        start(
            "(drop (memory.grow (i32.const 100))) (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 6000000)) (br 0))",
        )
    }),
    runs("copies its memory without end", STOPPED, || {
        start("(loop (memory.copy (i32.const 0) (i32.const 32768) (i32.const 32768)) (br 0))")
    }),
    runs("grows its table without end", STOPPED, || {
        start("(loop (drop (table.grow (ref.null func) (i32.const 100))) (br 0))")
    }),
    runs("grows its memory without end", MEMORY, || {
        start("(loop (drop (memory.grow (i32.const 1))) (br 0))")
    }),
    runs("asks for four gigabytes", MEMORY, || {
        start("(drop (memory.grow (i32.const 65535)))")
    }),
    runs(
        "calls itself without end",
        &[Outcome::StackOverflow],
        || text(r#"(module (memory (export "memory") 1) (func $f (export "_start") (call $f)))"#),
    ),
    runs(
        "calls itself in wide frames",
        &[Outcome::StackOverflow],
        || {
            let values = "(local.get $n) ".repeat(500);
            let (adds, n) = ("(i64.add) ".repeat(499), "(param $n i64) (result i64)");
            let recurses = format!(
                "(func $f {n} {values} (call $f (i64.add (local.get $n) (i64.const 1))) drop {adds})"
            );
            text(&format!(
                r#"(module (memory (export "memory") 1) {recurses} (func (export "_start") (drop (call $f (i64.const 1)))))"#
            ))
        },
    ),
    runs("gives up", TRAP, || start("unreachable")),
    runs("divides by zero", TRAP, || {
        start("(drop (i32.div_u (i32.const 1) (i32.const 0)))")
    }),
    runs("overflows a division", TRAP, || {
        start("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))")
    }),
    runs("converts what is not a number", TRAP, || {
        start("(drop (i64.trunc_f64_s (f64.const nan)))")
    }),
    runs("reads past its memory", TRAP, || {
        start("(drop (i64.load offset=0xffffffff (i32.const -1)))")
    }),
    runs("writes past its memory", TRAP, || {
        start("(i32.store (i32.const 65533) (i32.const 1))")
    }),
    runs("copies past its memory", TRAP, || {
        start("(memory.copy (i32.const 65535) (i32.const 0) (i32.const 2))")
    }),
    runs(
        "copies four gigabytes",
        &[Outcome::FuelExhausted, Outcome::Trap],
        || start("(memory.copy (i32.const 1) (i32.const 0) (i32.const -1))"),
    ),
    runs("calls a null pointer", TRAP, || {
        start("(call_indirect (i32.const 0))")
    }),
    runs("calls past its table", TRAP, || {
        start("(call_indirect (i32.const -1))")
    }),
    runs("calls a function as another", TRAP, || {
        text(
            r#"(module (memory (export "memory") 1) (table 1 funcref) (elem (i32.const 0) $f) (func $f (param i32))
            (func (export "_start") (call_indirect (i32.const 0))))"#,
        )
    }),
    runs("begins with data past its memory", TRAP, || {
        text(
            r#"(module (memory (export "memory") 1) (data (i32.const 65535) "ab") (func (export "_start")))"#,
        )
    }),
    runs("has names to break a terminal with", TRAP, || {
        let name = "\\1b[2J\\00\\u{202e}<script>".repeat(500);
        text(&format!(
            r#"(module (memory (export "memory") 1) (func $f (@name "{name}") unreachable) (func (export "_start") (call $f)))"#
        ))
    }),
    runs("ends itself with 1", &[Outcome::Exited], || {
        start("(call $proc_exit (i32.const 1))")
    }),
    runs("ends itself with -1", &[Outcome::Exited], || {
        start("(call $proc_exit (i32.const -1))")
    }),
    runs("answers nothing", INVALID, || start("")),
    runs("answers half a document", INVALID, || {
        writes("{\"discounts\":[")
    }),
    runs("answers two documents", INVALID, || writes("{}{}")),
    runs("answers with broken UTF-8", INVALID, || {
        start(
            r#"(i32.store (i32.const 8) (i32.const 0x22ff22)) (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 3))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))"#,
        )
    }),
    runs("answers after closing its output", INVALID, || {
        start(
            "(drop (call $fd_close (i32.const 1))) (i32.store (i32.const 4) (i32.const 4)) (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))",
        )
    }),
    runs(
        "answers a document that nests thirty thousand deep",
        &[Outcome::Ok, Outcome::OutputInvalid],
        || writes(&format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))),
    ),
    runs("hands over pointers to everywhere", INVALID, || {
        let calls: String = (0..32_u32)
            .map(|bit| {
                let at = (1_u32 << bit).wrapping_sub(4) as i32;
                format!(
                    "(drop (call $fd_write (i32.const 1) (i32.const {at}) (i32.const 3) (i32.const {at})))
                    (drop (call $random_get (i32.const {at}) (i32.const {at})))
                    (drop (call $poll_oneoff (i32.const {at}) (i32.const {at}) (i32.const 2) (i32.const {at})))"
                )
            })
            .collect();
        // Whatever landed on the output by chance is no document.
        start(&format!("{calls} (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1)) (i32.store8 (i32.const 64) (i32.const 123))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"))
    }),
];

/// A module with the host functions that the animals call, one page of memory, a table, and this as the body of its `_start`.
fn start(body: &str) -> Vec<u8> {
    text(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") 1)
            (table 1 funcref)
            (func (export "_start") {body}))"#
    ))
}

/// A module that writes this text and ends.
pub(crate) fn writes(output: &str) -> Vec<u8> {
    let little_endian = |number: u32| {
        number
            .to_le_bytes()
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect::<String>()
    };
    let bytes: String = output.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let length = little_endian(output.len() as u32);
    text(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 2)
            (data (i32.const 0) "\10\00\00\00{length}")
            (data (i32.const 16) "{bytes}")
            (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    ))
}
