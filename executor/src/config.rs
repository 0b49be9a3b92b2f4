//! What an operator may set, one struct per concern, read once in `main`. The doc comments are the manual that `--help` prints.

use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartwright_engine::EngineOptions;
use cartwright_role::internal::InternalConfig;
use cartwright_role::telemetry::LogConfig;
use ed25519_dalek::VerifyingKey;
use secrecy::SecretString;

use crate::fleet::AdvertiseConfig;

/// Options of `cartwright-executor serve`.
#[derive(clap::Args)]
pub(crate) struct ServeConfig {
    #[command(flatten)]
    pub(crate) listen: ListenConfig,
    #[command(flatten)]
    pub(crate) advertise: AdvertiseConfig,
    #[command(flatten)]
    pub(crate) peers: PeersConfig,
    #[command(flatten)]
    pub(crate) internal: InternalConfig,
    #[command(flatten)]
    pub(crate) engine: EngineConfig,
    #[command(flatten)]
    pub(crate) modules: ModulesConfig,
    #[command(flatten)]
    pub(crate) meter: MeterConfig,
    #[command(flatten)]
    pub(crate) run_logs: RunLogsConfig,
    #[command(flatten)]
    pub(crate) memo: MemoConfig,
    #[command(flatten)]
    pub(crate) quotas: QuotasConfig,
    #[command(flatten)]
    pub(crate) log: LogConfig,
}

/// Quotas, which the fleet shares over Redis, and load above what the process can take.
#[derive(clap::Args)]
pub(crate) struct QuotasConfig {
    /// Executors that share a quota while Redis has not told how many there are: an executor that starts without Redis
    /// keeps to one part in so many of each.
    #[arg(long, env = "CARTWRIGHT_QUOTA_EXECUTORS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) quota_executors: u64,
    /// Shed load (503 `shedding`) while work waits longer than this for a worker thread, in milliseconds, for half a
    /// second on end. 0 never sheds.
    #[arg(long, env = "CARTWRIGHT_SHED_DELAY_MS", default_value_t = 20)]
    pub(crate) shed_delay_ms: u64,
}

/// Where the process listens.
#[derive(clap::Args)]
pub(crate) struct ListenConfig {
    /// Address of the data plane: `POST /v1/invoke/{function}`, health and metrics.
    #[arg(
        long,
        env = "CARTWRIGHT_EXECUTOR_LISTEN",
        default_value = "127.0.0.1:8081"
    )]
    pub(crate) listen: SocketAddr,
    /// Address for other roles: `/internal/v1/…`. Keep it off the internet.
    #[arg(
        long,
        env = "CARTWRIGHT_EXECUTOR_INTERNAL_LISTEN",
        default_value = "127.0.0.1:8091"
    )]
    pub(crate) internal_listen: SocketAddr,
}

/// Whom the process calls.
#[derive(clap::Args)]
pub(crate) struct PeersConfig {
    /// Base URL of the api's internal listener, such as `http://127.0.0.1:8090`.
    #[arg(long, env = "CARTWRIGHT_API_INTERNAL_URL")]
    pub(crate) api_internal_url: String,
    /// Base URL of billing's internal listener, such as `http://127.0.0.1:8092`.
    #[arg(long, env = "CARTWRIGHT_BILLING_INTERNAL_URL")]
    pub(crate) billing_internal_url: String,
    /// Redis, such as `redis://127.0.0.1:6379`: tells of changes at once. Without it they arrive within 5 s.
    #[arg(long, env, hide_env_values = true)]
    pub(crate) redis_url: SecretString,
}

/// The pool of instances.
#[derive(clap::Args)]
pub(crate) struct EngineConfig {
    /// Runs at the same time. More than the number of hot functions keeps each one's memory image in place, which saves
    /// some 26 µs a run. A slot reserves 4 GiB of address space (not memory).
    #[arg(long, env = "CARTWRIGHT_ENGINE_SLOTS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) engine_slots: u32,
    /// Bytes kept in memory for each idle slot. What a function touches beyond it costs page faults on every run.
    #[arg(long, env = "CARTWRIGHT_ENGINE_KEEP_RESIDENT_BYTES", default_value_t = 2 << 20)]
    pub(crate) engine_keep_resident_bytes: usize,
    /// Ask the kernel which pages a run touched, and reset only those (Linux 6.7 or newer; ignored elsewhere).
    #[arg(long, env = "CARTWRIGHT_ENGINE_PAGEMAP_SCAN", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) engine_pagemap_scan: bool,
}

impl EngineConfig {
    pub(crate) fn options(&self) -> EngineOptions {
        EngineOptions {
            slots: self.engine_slots,
            keep_resident_bytes: self.engine_keep_resident_bytes,
            pagemap_scan: self.engine_pagemap_scan,
            ..EngineOptions::default()
        }
    }
}

/// Which artifacts are trusted, and how many are kept at hand.
#[derive(clap::Args)]
pub(crate) struct ModulesConfig {
    /// The Ed25519 public key that artifacts are signed under, base64 of 32 bytes. An artifact without its signature never runs.
    #[arg(long, env = "CARTWRIGHT_ARTIFACT_VERIFY_KEY", value_parser = verify_key)]
    pub(crate) artifact_verify_key: VerifyingKey,
    /// Loaded modules at the same time. Each takes about four memory mappings, and Linux allows 65,530 of them by default.
    #[arg(long, env = "CARTWRIGHT_MODULES_MAX", default_value_t = 12_000)]
    pub(crate) modules_max: usize,
    /// Bytes of loaded modules, all together.
    #[arg(long, env = "CARTWRIGHT_MODULES_BYTES_MAX", default_value_t = 1 << 30)]
    pub(crate) modules_bytes_max: u64,
    /// Bytes of artifacts kept on the local disk.
    #[arg(long, env = "CARTWRIGHT_ARTIFACTS_DISK_BYTES_MAX", default_value_t = 10 << 30)]
    pub(crate) artifacts_disk_bytes_max: u64,
}

fn verify_key(text: &str) -> Result<VerifyingKey, String> {
    let wrong = "it must be the base64 of an Ed25519 public key of 32 bytes, as `cartwright-api keys generate` prints it";
    let bytes = STANDARD.decode(text.trim()).map_err(|_| wrong)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong)?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| wrong.to_owned())
}

/// When an answer may leave, as seen from the meter log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Durability {
    /// Answer when the record is written. A killed process loses nothing; a power loss may leave the last 5 ms unbilled.
    Relaxed,
    /// Answer when the record is on the disk. A power loss loses nothing either; each run waits for the disk.
    Strict,
}

/// The meter log, and the disk under it.
#[derive(clap::Args)]
pub(crate) struct MeterConfig {
    /// Folder of the meter log (`meter/`) and of cached artifacts (`artifacts/`). It must survive the process; several
    /// processes may share it.
    #[arg(long, env = "CARTWRIGHT_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// When an answer may leave.
    #[arg(long, env = "CARTWRIGHT_METER_DURABILITY", value_enum, default_value_t = Durability::Relaxed)]
    pub(crate) meter_durability: Durability,
    /// Hours that a segment of the log is kept after billing has it, so that billing can be restored from a backup without loss.
    #[arg(long, env = "CARTWRIGHT_METER_RETENTION_HOURS", default_value_t = 24)]
    pub(crate) meter_retention_hours: u64,
    /// Bytes of such segments kept for one writer, at most: the oldest go first.
    #[arg(long, env = "CARTWRIGHT_METER_RETENTION_BYTES_MAX", default_value_t = 20 << 30)]
    pub(crate) meter_retention_bytes_max: u64,
    /// Refuse runs (503 `shedding`) while the disk is this full, in percent: nothing runs that could not be metered.
    #[arg(long, env = "CARTWRIGHT_DISK_SHED_PERCENT", default_value_t = 95, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) disk_shed_percent: u8,
}

/// Run logs on their way to the api.
#[derive(clap::Args)]
pub(crate) struct RunLogsConfig {
    /// Bytes of run logs held until the api has them. When they are full, logs are dropped and counted; runs go on.
    #[arg(long, env = "CARTWRIGHT_RUN_LOGS_BYTES_MAX", default_value_t = 8 << 20)]
    pub(crate) run_logs_bytes_max: usize,
}

/// Results of functions that let them be kept.
#[derive(clap::Args)]
pub(crate) struct MemoConfig {
    /// Bytes of results kept in this process. What has no room here is still found in Redis.
    #[arg(long, env = "CARTWRIGHT_MEMO_BYTES_MAX", default_value_t = 64 << 20)]
    pub(crate) memo_bytes_max: usize,
}
