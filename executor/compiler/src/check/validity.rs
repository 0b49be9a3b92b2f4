//! Whether a module follows the rules of WebAssembly, with the features that are on here: one finding per function that does not.

use cartwright_domain::compile::{Finding, FindingCode};
use wasmparser::{Error, FuncValidatorAllocations, Parser, ValidPayload, Validator, WasmFeatures};

use super::findings::Findings;
use super::shape::Shape;

/// Validate the module. After an error outside a function nothing later can be judged.
pub(super) fn check(bytes: &[u8], features: WasmFeatures, shape: &Shape, findings: &mut Findings) {
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let valid = payload.and_then(|payload| validator.payload(&payload));
        match valid {
            Ok(ValidPayload::Func(function, body)) => {
                let mut function = function.into_validator(std::mem::take(&mut allocations));
                if let Err(error) = function.validate(&body) {
                    let place = format!(
                        "{}, at byte {:#x}",
                        shape.function_place(function.index()),
                        error.offset()
                    );
                    findings.add(finding(&error).at(place));
                }
                allocations = function.into_allocations();
            }
            Ok(_) => {}
            Err(error) => {
                findings.add(finding(&error).at(format!("byte {:#x}", error.offset())));
                return;
            }
        }
    }
}

fn finding(error: &Error) -> Finding {
    let message = error.message();
    match proposal(message) {
        Some((proposal, remedy)) => {
            let what = format!("It uses {proposal}, which is off here ({message}).");
            Finding::new(FindingCode::FeatureNotAllowed, what, remedy)
        }
        None if message.starts_with("malformed") => Finding::new(
            FindingCode::Malformed,
            format!("Its bytes do not follow the WebAssembly format: {message}."),
            "Build it anew: the file is damaged, or was made by a tool with a fault.",
        ),
        None => Finding::new(
            FindingCode::Invalid,
            format!("It breaks a rule of WebAssembly: {message}."),
            "A toolchain that makes this has a fault: build it anew, and do not edit the module by hand.",
        ),
    }
}

/// The proposal that a message says is off, and how to build without it.
fn proposal(message: &str) -> Option<(&'static str, &'static str)> {
    const OFF: [&str; 9] = [
        "not enabled",
        "must be enabled",
        "requires the",
        "disabled",
        "disallowed",
        "required for",
        "not supported without",
        "multi-memory",
        "zero byte expected",
    ];
    if !OFF.iter().any(|off| message.contains(off)) {
        return None;
    }
    const NO_THREADS: &str =
        "Build without threads (Rust: not `wasm32-wasip1-threads`; C: without `-pthread`).";
    const ONE_MEMORY: &str = "Build it as one program with one memory.";
    let lowered = message.to_lowercase();
    let known = [
        ("thread", "threads and shared memory", NO_THREADS),
        ("shared", "threads and shared memory", NO_THREADS),
        ("atomic", "threads and shared memory", NO_THREADS),
        ("memory64", "64-bit memory", "Build for `wasm32`."),
        ("64-bit", "64-bit memory", "Build for `wasm32`."),
        (
            "exception",
            "exceptions",
            "Build without exceptions (C++: `-fno-exceptions`; Rust: `panic = \"abort\"`).",
        ),
        ("tail call", "tail calls", "Build without `-mtail-call`."),
        (
            "gc",
            "garbage-collected types",
            "Build with a toolchain that brings its own garbage collector.",
        ),
        (
            "function references",
            "typed function references",
            "Build with a toolchain that does not need them.",
        ),
        ("multi-memory", "more than one memory", ONE_MEMORY),
        ("zero byte", "more than one memory", ONE_MEMORY),
        (
            "page size",
            "custom page sizes",
            "Build with pages of 64 KiB.",
        ),
        (
            "wide arithmetic",
            "wide arithmetic",
            "Build without `-mwide-arithmetic`.",
        ),
        (
            "stack switching",
            "stack switching",
            "Build with a toolchain that does not need it.",
        ),
    ];
    let found = known
        .iter()
        .find(|(word, _, _)| lowered.contains(word))
        .map(|(_, proposal, remedy)| (*proposal, *remedy));
    Some(found.unwrap_or(("a WebAssembly proposal", "Build without this proposal.")))
}
