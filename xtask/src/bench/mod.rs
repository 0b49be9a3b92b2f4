//! `cargo xtask bench`: what a request costs, as processor time and as a ratio to a peer measured in the same minute,
//! and how exactly a fleet keeps to its quotas.

mod equal_runs;
mod events;
mod hot_path;
mod peers;
mod quotas;
mod rows;
mod same_fuel;
mod stage;

use anyhow::Result;

/// Which benchmark, and how long.
#[derive(clap::Args)]
pub struct Options {
    /// The benchmark.
    #[arg(value_enum, default_value = "hot-path")]
    name: Name,
    /// How often every case is measured; the cases take turns.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one measurement takes, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    measure_ms: u64,
    /// How many different functions stand behind the case of many tenants.
    #[arg(long, default_value_t = 1_000)]
    functions: usize,
    /// Deliveries of the backlog in the benchmark of events; a million shows all of it.
    #[arg(long, default_value_t = 100_000)]
    backlog: u64,
    /// For how long the benchmark of events holds a transaction open, in seconds; 600 shows all of it.
    #[arg(long, default_value_t = 30)]
    hold_s: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Name {
    /// One invocation through the whole data plane: hello, a discount, a discount of a thousand functions.
    HotPath,
    /// A fleet of executors under quotas, on a clock of its own: what is let in, and what a decision costs.
    Quotas,
    /// Deliveries of events: how many a second, what each costs, and how long a quiet tenant waits beside a backlog.
    Events,
}

/// Run it, print its table, and write it to `target/bench/`.
pub fn bench(options: &Options) -> Result<()> {
    match options.name {
        Name::HotPath => hot_path::run(options),
        Name::Quotas => quotas::run(),
        Name::Events => events::run(options),
    }
}
