//! The one configuration of wasmtime, shared by compiling and running so that the two cannot drift apart.

use cartwright_domain::limits::Limits;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::fuel;

/// Native stack of one guest, in bytes. Deeper calls end as `stack_overflow`.
pub(crate) const STACK_BYTES_MAX: usize = 512 << 10;

/// Elements in one table: the largest table that the instance pool holds.
pub const TABLE_ELEMENTS_MAX: u32 = 10_000;

/// Function names in a backtrace.
const BACKTRACE_FRAMES_MAX: std::num::NonZeroUsize =
    std::num::NonZeroUsize::new(32).expect("32 is not 0");

/// What an operator may choose about the pool of instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// Instances that may live at the same time. Each reserves some 4 GiB of *address space* (not memory). More slots than
    /// hot modules keep a slot's last image in place: without, a run costs some 26 µs more.
    pub slots: u32,
    /// Memory kept in each unused slot, in bytes: what a guest touches below this is reset by copying instead of page faults.
    pub keep_resident_bytes: usize,
    /// Ask the kernel which pages a guest touched (Linux 6.7 or newer; ignored elsewhere), and reset only those.
    pub pagemap_scan: bool,
    /// How much a backtrace shows. It must be what the artifacts were compiled with.
    pub backtraces: Backtraces,
}

/// How much a backtrace shows. Fuel is the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backtraces {
    /// Functions by name. Production runs this way: an artifact without tables of lines is a third smaller, and nothing is
    /// looked up in a stranger's debug information.
    #[default]
    Functions,
    /// Functions, inlined ones too, with file and line where the module carries DWARF: for its author.
    Lines,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            slots: 1024,
            keep_resident_bytes: 2 << 20,
            pagemap_scan: true,
            backtraces: Backtraces::Functions,
        }
    }
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The processor lacks an instruction set that artifacts are compiled for.
    #[error(
        "this processor has no {missing}: functions are compiled for {}, and this machine cannot run them",
        cartwright_domain::artifact::ISA_BASELINE
    )]
    Processor {
        /// The missing instruction set.
        missing: &'static str,
    },
    /// The pool of instances could not be reserved.
    #[error(
        "could not reserve {slots} instance slots (some {} GiB of address space): set fewer slots, or lift the limit on \
         address space (`ulimit -v`)",
        u64::from(*slots) * 4
    )]
    Pool {
        /// The slots asked for.
        slots: u32,
        /// What the system said.
        #[source]
        source: wasmtime::Error,
    },
    /// The engine refused its configuration: a fault of this build.
    #[error("the WebAssembly engine refused its configuration")]
    Configuration(#[source] wasmtime::Error),
}

/// The configuration that artifacts are compiled under and run under.
pub(crate) fn base(backtraces: Backtraces) -> Result<Config, StartError> {
    let lines = backtraces == Backtraces::Lines;
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .operator_cost(fuel::operator_cost())
        .epoch_interruption(false)
        .relaxed_simd_deterministic(true)
        .wasm_relaxed_simd(true)
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_extended_const(true)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .gc_support(false)
        .concurrency_support(false)
        .memory_init_cow(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .async_stack_size(2 * STACK_BYTES_MAX)
        .wasm_backtrace_details(if lines {
            wasmtime::WasmBacktraceDetails::Enable
        } else {
            wasmtime::WasmBacktraceDetails::Disable
        })
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES_MAX))
        .generate_address_map(lines)
        .native_unwind_info(cfg!(windows));
    if let Some(triple) = TARGET {
        config.target(triple).map_err(StartError::Configuration)?;
    }
    Ok(config)
}

/// The base configuration with the pool of instances.
pub(crate) fn pooled(options: &EngineOptions) -> Result<Config, StartError> {
    let mut pool = PoolingAllocationConfig::new();
    let memory_bytes_max =
        usize::try_from(Limits::CEILING.memory_bytes_max).expect("the ceiling fits an address");
    pool.total_core_instances(options.slots)
        .total_memories(options.slots)
        .total_tables(options.slots)
        .total_stacks(options.slots)
        .max_unused_warm_slots(options.slots)
        .max_memory_size(memory_bytes_max)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .table_elements(TABLE_ELEMENTS_MAX as usize)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .linear_memory_keep_resident(options.keep_resident_bytes)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(0)
        .pagemap_scan(if options.pagemap_scan {
            Enabled::Auto
        } else {
            Enabled::No
        });
    let mut config = base(options.backtraces)?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(config)
}

/// Bookkeeping of one instance: functions, globals and imports of the largest module that the compiler lets through.
const INSTANCE_BYTES_MAX: usize = 1 << 20;

/// On the tested platform artifacts are made for a named target and instruction set, so that they load on another machine;
/// elsewhere for the machine at hand.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
const TARGET: Option<&str> = Some("x86_64-unknown-linux-gnu");
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "musl"))]
const TARGET: Option<&str> = Some("x86_64-unknown-linux-musl");
#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    any(target_env = "gnu", target_env = "musl")
)))]
const TARGET: Option<&str> = None;

/// The compiler's half of the configuration. It changes what code is made, never what a loaded artifact must match.
#[cfg(feature = "compile")]
pub(crate) fn compiling(backtraces: Backtraces) -> Result<Config, StartError> {
    let mut config = base(backtraces)?;
    config
        .strategy(wasmtime::Strategy::Cranelift)
        .cranelift_opt_level(wasmtime::OptLevel::Speed)
        .cranelift_nan_canonicalization(true);
    if TARGET.is_some() {
        #[expect(
            unsafe_code,
            reason = "wasmtime marks every Cranelift flag as unsafe, since a wrong one could break its invariants"
        )]
        // SAFETY: the preset only names instruction sets that the code may use. A machine without them is refused twice:
        // by `check_processor` when an engine starts, and by wasmtime when it loads an artifact.
        unsafe {
            config.cranelift_flag_enable(cartwright_domain::artifact::ISA_BASELINE);
        }
    }
    Ok(config)
}

/// Refuse to start on a processor that would stop at the first newer instruction.
pub(crate) fn check_processor() -> Result<(), StartError> {
    #[cfg(target_arch = "x86_64")]
    {
        let needed = [
            ("SSE4.2", std::arch::is_x86_feature_detected!("sse4.2")),
            ("POPCNT", std::arch::is_x86_feature_detected!("popcnt")),
            ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
            ("BMI1", std::arch::is_x86_feature_detected!("bmi1")),
            ("BMI2", std::arch::is_x86_feature_detected!("bmi2")),
            ("FMA", std::arch::is_x86_feature_detected!("fma")),
            ("LZCNT", std::arch::is_x86_feature_detected!("lzcnt")),
        ];
        if let Some((missing, _)) = needed.into_iter().find(|(_, present)| !present) {
            return Err(StartError::Processor { missing });
        }
    }
    Ok(())
}
