//! Modules that tests make: each does one thing.

/// A module whose `_start`, also callable as `$main`, is this body. It may `call $write` (`fd_write`) and `call $exit`.
pub(crate) fn doing(body: &str) -> Vec<u8> {
    with_data("{}", "", body)
}

/// A module that writes this as its output.
pub(crate) fn writing(output: &str) -> Vec<u8> {
    with_data(output, "", WRITE)
}

/// A module that counts down from here, some ten units of fuel a step, and then writes `{}`.
pub(crate) fn busy(steps: u32) -> Vec<u8> {
    let count = format!(
        "(local.set $n (i32.const {steps}))
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n)))
        {WRITE}"
    );
    with_data("{}", "(local $n i32)", &count)
}

/// A module that logs this so many times, answers `{}`, and then does what `ending` says.
pub(crate) fn logging(log: &str, times: u32, ending: &str) -> Vec<u8> {
    let (escaped, length) = (log.escape_default(), log.len());
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 32) "{{}}")
            (data (i32.const 64) "{escaped}")
            (func (export "_start") (local $n i32)
                (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {length}))
                (i32.store (i32.const 8) (i32.const 32)) (i32.store (i32.const 12) (i32.const 2))
                (local.set $n (i32.const {times}))
                (loop $again
                    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $again (local.get $n)))
                (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))
                {ending}))"#
    ))
    .expect("a module")
}

/// Write the data to standard output.
const WRITE: &str = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))";

fn with_data(data: &str, locals: &str, body: &str) -> Vec<u8> {
    let (escaped, length) = (data.replace('\\', "\\\\").replace('"', "\\22"), data.len());
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\20\00\00\00\{length:02x}\00\00\00")
            (data (i32.const 32) "{escaped}")
            (func $main (export "_start") {locals} {body}))"#
    ))
    .expect("a module")
}

/// A module that writes what it reads, up to 60,000 bytes.
pub(crate) fn echoing() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\20\00\00\00\60\ea\00\00")
            (func (export "_start")
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#,
    )
    .expect("a module")
}

/// A module that computes for far longer than a tenth of a second, well within its fuel, and then writes `{}`.
pub(crate) fn slow() -> Vec<u8> {
    let roots = "(f64.sqrt ".repeat(64) + "(local.get $x)" + &")".repeat(64);
    let count = format!(
        "(local.set $n (i32.const 900000))
        (loop $l
            (local.set $x (f64.add {roots} (f64.const 1.5)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n)))
        {WRITE}"
    );
    with_data("{}", "(local $n i32) (local $x f64)", &count)
}
