//! `cartwright run`: one invocation on this machine.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use cartwright_domain::limits::{LimitOverrides, Limits};
use cartwright_domain::names::TargetName;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::{
    Compiler, Engine, EngineOptions, Environment, Finished, ReadyModule, Run, SealedArtifact,
};

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;

/// The limits of the plan `standard`, which a new tenant has.
const LIMITS: Limits = Limits {
    fuel: 100_000_000,
    memory_bytes_max: 16 << 20,
    wall_ms: 1_000,
    input_bytes_max: 1 << 20,
    output_bytes_max: 1 << 20,
    log_bytes_max: 64 << 10,
    concurrency_max: 1,
};

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// The module, a `.wasm` file.
    module: PathBuf,
    /// The input, JSON. `-` reads standard input.
    #[arg(long, short, default_value = "-")]
    input: PathBuf,
    /// The function's configuration, a JSON file: it reaches the function as `CARTWRIGHT_CONFIG`.
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// The target to run; without it, or where the module exports no such function, `_start` runs.
    #[arg(long, short)]
    target: Option<TargetName>,
    /// Lower the limit on fuel.
    #[arg(long)]
    fuel: Option<u64>,
    /// Milliseconds since the Unix epoch that every clock of the function shows. Now, by default.
    #[arg(long)]
    clock_ms: Option<u64>,
}

/// Run it, print the output, and say on standard error how it ended and what it used.
pub(crate) fn run(start: &Start, args: &RunArgs) -> Result<Ending, Failure> {
    let finished = finish(args)?;
    if start.output.json {
        start.output.document(&document(&finished)?)?;
    } else {
        print_plain(start.output, &finished)?;
    }
    Ok(match finished.outcome {
        Outcome::Ok => Ending::Done,
        _ => Ending::FunctionFailed,
    })
}

fn finish(args: &RunArgs) -> anyhow::Result<Finished> {
    let input = read_input(args)?;
    let config = args.config.as_ref().map(read_config).transpose()?;
    let variables = config
        .as_deref()
        .map(|config| ("CARTWRIGHT_CONFIG", config));
    let limits = LIMITS.lowered_by(&LimitOverrides {
        fuel: args.fuel,
        ..Default::default()
    });
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock stands before 1970")?
        .as_millis();

    let engine = Engine::new(&EngineOptions {
        slots: 1,
        ..EngineOptions::default()
    })?;
    let module = load(&engine, &args.module)?;
    let run = Run {
        target: args.target.as_ref().map(TargetName::as_str),
        input: input.into(),
        limits,
        environment: Environment::new(variables)?,
        clock_ms: args.clock_ms.unwrap_or(u64::try_from(now_ms)?),
        seed: [0; 32],
        output_json: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    Ok(runtime.block_on(engine.run(&module, run))?)
}

fn read_input(args: &RunArgs) -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    if args.input.as_os_str() == "-" {
        std::io::stdin()
            .read_to_end(&mut input)
            .context("read standard input")?;
    } else {
        input = std::fs::read(&args.input)
            .with_context(|| format!("read the input {}", args.input.display()))?;
    }
    ensure!(
        input.len() <= LIMITS.input_bytes_max as usize,
        "the input has {} bytes; the limit is {}",
        input.len(),
        LIMITS.input_bytes_max
    );
    if let Err(error) = serde_json::from_slice::<serde_json::Value>(&input) {
        bail!("the input is not JSON: {error}");
    }
    Ok(input)
}

fn read_config(path: &PathBuf) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read the configuration {}", path.display()))?;
    let config: serde_json::Value = serde_json::from_str(&text)
        .with_context(|| format!("the configuration {} is not JSON", path.display()))?;
    Ok(config.to_string())
}

/// Compile and load on this machine: the one place besides the jailed child where both are done, on the developer's own code.
fn load(engine: &Engine, path: &PathBuf) -> anyhow::Result<ReadyModule> {
    let module =
        std::fs::read(path).with_context(|| format!("read the module {}", path.display()))?;
    let artifact = Compiler::new()?
        .compile(&module)
        .with_context(|| format!("{} does not compile", path.display()))?;
    let sealed = SealedArtifact::from_bytes(&artifact)?;
    // Made in this process a moment ago: there is nobody else to vouch for it.
    let verified = sealed.verify(|_digest| Ok::<(), std::io::Error>(()))?;
    Ok(engine.load(&verified)?)
}

fn print_plain(output: Output, finished: &Finished) -> Result<(), Failure> {
    // A log is bytes of the function's own; whoever has closed standard error does not want them.
    std::io::stderr().lock().write_all(&finished.log).ok();
    if let Some(error) = &finished.error {
        output.say(format_args!("{}: {}", finished.outcome, error.message));
        for function in &error.backtrace {
            output.say(format_args!("    in {function}"));
        }
    } else {
        output.bytes(&finished.output)?;
    }
    output.say(format_args!(
        "fuel {}, memory {} KiB, {} µs",
        finished.fuel_used,
        finished.memory_peak_bytes / 1024,
        finished.wall.as_micros()
    ));
    Ok(())
}

fn document(finished: &Finished) -> anyhow::Result<serde_json::Value> {
    let output: serde_json::Value =
        serde_json::from_slice(&finished.output).unwrap_or(serde_json::Value::Null);
    Ok(serde_json::json!({
        "outcome": finished.outcome.as_str(),
        "output": output,
        "log": String::from_utf8_lossy(&finished.log),
        "fuel": finished.fuel_used,
        "memory_peak_bytes": finished.memory_peak_bytes,
        "duration_us": u64::try_from(finished.wall.as_micros())?,
        "error": finished.error.as_ref().map(|error| serde_json::json!({"message": error.message, "backtrace": error.backtrace})),
    }))
}
