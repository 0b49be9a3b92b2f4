//! What a module is, whether it may run, and its machine code: the checks of an upload, without the jail. The binary of this
//! package puts them into a jail, for strangers' modules; the command line makes the same ones on its author's own.

mod check;

use std::time::Instant;

use cartwright_domain::compile::{CompileReport, Finding, FindingCode, frame};
use cartwright_engine::Compiler;
use wasmparser::WasmFeatures;

use check::Terms;

/// Check a module and compile it. The artifact is empty when the report has findings.
///
/// `target` is the one that the function answers, if it has one; `memory_bytes_max` what a run may have, in bytes.
#[must_use]
pub fn check_and_compile(
    compiler: &Compiler,
    module: &[u8],
    target: Option<&str>,
    memory_bytes_max: u64,
) -> (CompileReport, Vec<u8>) {
    let started = Instant::now();
    let terms = Terms {
        target,
        memory_bytes_max,
        features: features(compiler),
    };
    let mut report = check::check(module, &terms);
    let mut artifact = Vec::new();
    if report.accepted() {
        match compiler.compile(module) {
            Ok(compiled) if compiled.len() <= frame::ARTIFACT_BYTES_MAX => artifact = compiled,
            Ok(compiled) => report.findings.push(artifact_too_large(compiled.len())),
            Err(error) => report.findings.push(refused(&error.to_string())),
        }
    }
    report.compile_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
    (report, artifact)
}

/// What compiles, without typed references: wasmtime has no switch for them in a build without garbage collection.
fn features(compiler: &Compiler) -> WasmFeatures {
    WasmFeatures::from_bits_retain(compiler.feature_bits())
        .difference(WasmFeatures::FUNCTION_REFERENCES | WasmFeatures::GC)
}

fn artifact_too_large(bytes: usize) -> Finding {
    let what = "Its machine code is too large.";
    Finding::new(
        FindingCode::CompileFailed,
        what,
        "Build with optimisation for size and without unused code.",
    )
    .over(
        format!("{} bytes", frame::ARTIFACT_BYTES_MAX),
        format!("{bytes} bytes"),
    )
}

fn refused(message: &str) -> Finding {
    let message: String = message.chars().take(500).collect();
    Finding::new(
        FindingCode::CompileFailed,
        format!("The compiler refused it: {message}."),
        "Build it with another toolchain or version.",
    )
}
