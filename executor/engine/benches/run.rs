//! What one more invocation costs in the engine, when its module is loaded: a fresh instance, the guest's work, and giving all
//! back. Budgets are for one hot module, in processor time, on the reference machine of two cores.

use bytes::Bytes;
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::{
    Compiler, Engine, EngineOptions, Environment, ReadyModule, Run, SealedArtifact,
    VerifiedArtifact,
};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

const LIMITS: Limits = Limits {
    fuel: 100_000_000,
    memory_bytes_max: 16 << 20,
    wall_ms: 1_000,
    ..Limits::CEILING
};

/// A module of `functions/`, and the input of one of its samples.
const HELLO: (&str, &str) = ("hello/hello.wasm", "hello/samples/hello.input.json");
const DISCOUNT: (&str, &str) = (
    "volume-discount-rust/volume-discount-rust.wasm",
    "volume-discount-rust/samples/lines-20.input.json",
);

fn file(path: &str) -> Vec<u8> {
    let path = format!("{}/../../functions/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn verified(artifact: &[u8]) -> VerifiedArtifact {
    let sealed = SealedArtifact::from_bytes(artifact).expect("it seals");
    sealed
        .verify(|_| Ok::<(), std::io::Error>(()))
        .expect("this bench made it")
}

fn artifact(module: &str) -> Vec<u8> {
    Compiler::new()
        .expect("it starts")
        .compile(&file(module))
        .expect("it compiles")
}

struct Ready {
    engine: Engine,
    runtime: Runtime,
    modules: Vec<ReadyModule>,
    input: Bytes,
}

/// An engine with this function loaded `copies` times, each from an artifact of its own.
fn ready((module, input): (&str, &str), copies: usize) -> Ready {
    let engine = Engine::new(&EngineOptions::default()).expect("it starts");
    let artifact = artifact(module);
    let modules = (0..copies)
        .map(|_| engine.load(&verified(&artifact)).expect("it loads"))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime starts");
    Ready {
        engine,
        runtime,
        modules,
        input: file(input).into(),
    }
}

fn run(ready: &Ready, module: &ReadyModule) -> u64 {
    let run = Run {
        target: None,
        input: ready.input.clone(),
        limits: LIMITS,
        environment: Environment::default(),
        clock_ms: 1_763_000_000_000,
        seed: [1; 32],
        output_json: true,
    };
    let finished = ready
        .runtime
        .block_on(ready.engine.run(module, run))
        .expect("the engine does not fail");
    assert_eq!(finished.outcome, Outcome::Ok, "{:?}", finished.error);
    finished.fuel_used
}

/// The smallest function there is. Budget: 5 µs.
#[divan::bench]
fn hello(bencher: divan::Bencher<'_, '_>) {
    let ready = ready(HELLO, 1);
    bencher.bench_local(|| run(&ready, &ready.modules[0]));
}

/// A real one: a cart of 2 KB in, a discount out. Budget: 25 µs.
#[divan::bench]
fn discount(bencher: divan::Bencher<'_, '_>) {
    let ready = ready(DISCOUNT, 1);
    bencher.bench_local(|| run(&ready, &ready.modules[0]));
}

/// The same function of many tenants in turn: cold code, cold heap. Budget: 120 µs for 1,000.
#[divan::bench(args = [10, 100, 1_000], sample_count = 3_000)]
fn discount_of_many_tenants(bencher: divan::Bencher<'_, '_>, tenants: usize) {
    let ready = ready(DISCOUNT, tenants);
    ready
        .modules
        .iter()
        .for_each(|module| assert!(run(&ready, module) > 0)); // the first run of a module maps its image
    let mut next = 0;
    bencher.bench_local(|| {
        next = (next + 1) % tenants;
        run(&ready, &ready.modules[next])
    });
}

/// Bring an artifact back that was put out of memory, up to where a run could begin. Budget: 200 µs.
#[divan::bench]
fn load_discount(bencher: divan::Bencher<'_, '_>) {
    let engine = Engine::new(&EngineOptions::default()).expect("it starts");
    let artifact = artifact(DISCOUNT.0);
    bencher
        .with_inputs(|| verified(&artifact))
        .bench_local_values(|artifact| engine.load(&artifact).expect("it loads"));
}
