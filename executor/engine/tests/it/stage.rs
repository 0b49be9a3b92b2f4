//! An engine with its compiler, and runs with usual limits that a test changes where it matters.

use bytes::Bytes;
use cartwright_domain::limits::Limits;
use cartwright_engine::{
    Compiler, Engine, EngineOptions, Environment, Finished, ReadyModule, Run, SealedArtifact,
};

pub(crate) const LIMITS: Limits = Limits {
    fuel: 10_000_000,
    memory_bytes_max: 16 << 20,
    wall_ms: 5_000,
    input_bytes_max: 1 << 20,
    output_bytes_max: 64 << 10,
    log_bytes_max: 4 << 10,
    concurrency_max: 10,
};

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    compiler: Compiler,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_slots(8)
    }

    pub(crate) fn with_slots(slots: u32) -> Self {
        Self::with_options(&EngineOptions {
            slots,
            ..EngineOptions::default()
        })
    }

    pub(crate) fn with_options(options: &EngineOptions) -> Self {
        Self {
            engine: Engine::new(options).expect("it starts"),
            compiler: Compiler::new().expect("it starts"),
        }
    }

    /// Compile and load a module in the text format.
    pub(crate) fn load(&self, text: &str) -> ReadyModule {
        let module = wat::parse_str(text).expect("the text is a module");
        let artifact = self.compiler.compile(&module).expect("it compiles");
        let sealed = SealedArtifact::from_bytes(&artifact).expect("it seals");
        let verified = sealed
            .verify(|_| Ok::<(), std::io::Error>(()))
            .expect("this test made it");
        self.engine.load(&verified).expect("it loads")
    }

    pub(crate) fn run(&self, module: &ReadyModule, run: Run<'_>) -> Finished {
        block_on(self.engine.run(module, run)).expect("the engine does not fail")
    }

    /// Run `_start` of a module in the text format on `input`.
    pub(crate) fn run_text(&self, text: &str, input: &'static str) -> Finished {
        self.run(&self.load(text), with_input(input))
    }
}

/// A run with the usual limits, whose output may be anything.
pub(crate) fn with_input(input: &'static str) -> Run<'static> {
    Run {
        target: None,
        input: Bytes::from_static(input.as_bytes()),
        limits: LIMITS,
        environment: Environment::default(),
        clock_ms: 1_763_000_000_123,
        seed: [7; 32],
        output_json: false,
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

/// A module that writes `text` to a descriptor, as the body of its `_start`; `before` comes first.
pub(crate) fn writes(descriptor: u32, text: &str) -> String {
    let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00{length}")
            (data (i32.const 16) "{escaped}")
            (func (export "_start")
                (drop (call $write (i32.const {descriptor}) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        length = (text.len() as u32)
            .to_le_bytes()
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect::<String>(),
    )
}

/// A module that copies its input to its output, 64 KiB at most.
pub(crate) const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\10\00\00\00\00\00\01\00")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// A module whose `_start` has this body.
pub(crate) fn start(body: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 1) (func $deep (call $deep)) (func $main (export "_start") {body}))"#
    )
}
