//! `cartwright-compiler`: the jailed child that turns a module into an artifact. It reads a module from standard input and
//! writes one frame to standard output, as `cartwright_domain::compile` says; who starts it, and signs, is the api's worker.

mod check;
mod jail;
mod self_test;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use cartwright_domain::compile::{CompileReport, Finding, FindingCode, MODULE_BYTES_MAX, frame};
use cartwright_domain::limits::Limits;
use cartwright_engine::Compiler;
use clap::Parser;
use wasmparser::WasmFeatures;

use check::Terms;

/// Deep recursion of the compiler on hostile input meets this much stack, in bytes.
const STACK_BYTES: usize = 64 << 20;

/// Check and compile one WebAssembly module in a jail: standard input to standard output.
#[derive(Parser)]
#[command(name = "cartwright-compiler", version)]
struct Arguments {
    /// The target that the function answers: an export of this name may be what runs.
    #[arg(long)]
    target: Option<String>,
    /// Memory that a run of the module may have at most, in bytes.
    #[arg(long, default_value_t = Limits::CEILING.memory_bytes_max)]
    memory_bytes_max: u64,
    /// Prove that the jail holds: try what it forbids, outside and inside, and say what happened.
    #[arg(long)]
    self_test: bool,
    /// One attempt of the self-test, made by a child of it.
    #[arg(long, hide = true)]
    attempt: Option<self_test::Attempt>,
    /// Whether the attempt is made inside the jail.
    #[arg(long, hide = true, requires = "attempt")]
    jailed: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(attempt) = arguments.attempt {
        return self_test::attempt(attempt, arguments.jailed);
    }
    if arguments.self_test {
        return self_test::run();
    }
    jail::prepare();
    let worker = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || serve(&arguments))?;
    worker
        .join()
        .map_err(|_| anyhow::anyhow!("the compiler panicked"))??;
    Ok(ExitCode::SUCCESS)
}

/// Make everything that needs the system first, then shut the door, then read.
fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let compiler = Compiler::new()?;
    jail::enter().context("could not enter the jail")?;
    let module = read_module().context("could not read the module")?;
    let (report, artifact) = compile(&compiler, &module, arguments);
    let mut out = io::stdout().lock();
    out.write_all(&frame::encode(&report, &artifact))?;
    out.flush().context("could not write the frame")
}

/// Read the module; of one that is too large, just enough to say so.
fn read_module() -> io::Result<Vec<u8>> {
    let mut module = Vec::new();
    io::stdin()
        .lock()
        .take(MODULE_BYTES_MAX + 1)
        .read_to_end(&mut module)?;
    Ok(module)
}

fn compile(compiler: &Compiler, module: &[u8], arguments: &Arguments) -> (CompileReport, Vec<u8>) {
    let started = Instant::now();
    let terms = Terms {
        target: arguments.target.as_deref(),
        memory_bytes_max: arguments.memory_bytes_max,
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
