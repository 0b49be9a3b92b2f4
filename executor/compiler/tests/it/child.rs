//! The compiler as a child process, and the engine that runs what it makes.

use std::io::{Read as _, Write as _};
use std::process::{Command, ExitStatus, Stdio};

use cartwright_domain::compile::{CompileReport, frame};
use cartwright_domain::limits::Limits;
use cartwright_engine::{Engine, EngineOptions, Environment, Finished, Run, SealedArtifact};

pub(crate) const LIMITS: Limits = Limits {
    fuel: 50_000_000,
    memory_bytes_max: 16 << 20,
    wall_ms: 5_000,
    input_bytes_max: 1 << 20,
    output_bytes_max: 256 << 10,
    log_bytes_max: 16 << 10,
    concurrency_max: 10,
};

/// A compiler of this build, in the empty environment that the worker gives it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartwright-compiler"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// Give a module to a child, and take all that it answers.
pub(crate) fn answer(module: &[u8], arguments: &[&str]) -> (ExitStatus, Vec<u8>) {
    let mut child = command(arguments).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("it was piped");
    let mut output = child.stdout.take().expect("it was piped");
    let mut answer = Vec::new();
    std::thread::scope(|scope| {
        // Writing fails when the child has read enough to refuse it.
        scope.spawn(move || drop(input.write_all(module)));
        output.read_to_end(&mut answer).expect("it can be read");
    });
    (child.wait().expect("it ends"), answer)
}

/// The report on a module, and its artifact where it was accepted.
pub(crate) fn compile(module: &[u8], arguments: &[&str]) -> (CompileReport, Option<Vec<u8>>) {
    let (status, answer) = answer(module, arguments);
    assert!(status.success(), "the compiler died: {status}");
    let (report, artifact) = frame::decode(&answer).expect("it is one whole frame");
    (report, artifact.map(<[u8]>::to_vec))
}

pub(crate) fn report(text: &str) -> CompileReport {
    compile(&wat::parse_str(text).expect("the text is a module"), &[]).0
}

pub(crate) fn engine() -> Engine {
    Engine::new(&EngineOptions {
        slots: 4,
        ..EngineOptions::default()
    })
    .expect("it starts")
}

pub(crate) fn run(engine: &Engine, artifact: &[u8], input: Vec<u8>, config: &str) -> Finished {
    let sealed = SealedArtifact::from_bytes(artifact).expect("it seals");
    let verified = sealed
        .verify(|_| Ok::<(), std::io::Error>(()))
        .expect("this test made it");
    let module = engine.load(&verified).expect("it loads");
    let run = Run {
        target: None,
        input: input.into(),
        limits: LIMITS,
        environment: Environment::new([("CARTWRIGHT_CONFIG", config)]).expect("it is good"),
        clock_ms: 1_763_000_000_000,
        seed: [3; 32],
        output_json: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime starts");
    runtime
        .block_on(engine.run(&module, run))
        .expect("the engine does not fail")
}
