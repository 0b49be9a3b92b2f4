//! `cartwright-compiler`: the jailed child that turns a module into an artifact. It reads a module from standard input and
//! writes one frame to standard output, as `cartwright_domain::compile` says; who starts it, and signs, is the api's worker.

mod jail;
mod self_test;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use cartwright_compiler::check_and_compile;
use cartwright_domain::compile::{MODULE_BYTES_MAX, frame};
use cartwright_domain::limits::Limits;
use cartwright_engine::Compiler;
use clap::Parser;

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
    let (report, artifact) = check_and_compile(
        &compiler,
        &module,
        arguments.target.as_deref(),
        arguments.memory_bytes_max,
    );
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
