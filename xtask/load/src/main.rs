//! The load generator of the benchmarks and of `demo crash`, and the peers that the benchmarks compare with.
//!
//! Speaks to loopback addresses only, for a bounded time.

mod cpu;
mod drive;
mod ingest;
mod metrics;
mod peer;
mod plan;
mod queue;

use clap::Parser;

#[derive(Parser)]
#[command(
    name = "cartwright-load",
    about = "Loads a server on this machine for a bounded time, and serves the peers of the benchmarks"
)]
enum Command {
    /// Send requests over keep-alive connections, and print what was measured as one line of JSON.
    Drive(drive::DriveArgs),
    /// Send events in batches, and print how many a second were accepted as one line of JSON.
    Ingest(ingest::IngestArgs),
    /// Measure the queue of deliveries, and print the figures as one line of JSON.
    Queue(queue::QueueArgs),
    /// Serve one peer until stopped; prints its address first.
    Peer(peer::PeerArgs),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Drive(args) => drive::drive(&args),
        Command::Ingest(args) => ingest::send(&args),
        Command::Queue(args) => queue::measure(&args),
        Command::Peer(args) => peer::serve(&args),
    }
}
