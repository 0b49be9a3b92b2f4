//! What comes in from the environment: one struct a concern, read once in `main`. The help of each option is its manual.

use std::net::SocketAddr;

use cartwright_domain::compile::MODULE_BYTES_MAX;
use cartwright_role::internal::{CallersConfig, InternalConfig};
use cartwright_role::telemetry::LogConfig;
use secrecy::SecretString;

use crate::clients::billing::BillingConfig;
use crate::clients::changes::RedisConfig;
use crate::clients::object_store::ObjectStoreConfig;
use crate::console::ConsoleConfig;
use crate::deliveries::work::DeliveriesConfig;
use crate::fleet::FleetConfig;
use crate::jobs::{CompilerConfig, HousekeepingConfig};
use crate::logs::LogStreamsConfig;
use crate::outbound::OutboundConfig;

/// What `serve` needs.
#[derive(clap::Args)]
pub(crate) struct ServeConfig {
    /// Where the control plane, the console and the documentation are served.
    #[arg(long, env = "CARTWRIGHT_API_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) api_listen: SocketAddr,
    /// Where other roles call.
    #[arg(
        long,
        env = "CARTWRIGHT_API_INTERNAL_LISTEN",
        default_value = "127.0.0.1:8090"
    )]
    pub(crate) api_internal_listen: SocketAddr,
    #[command(flatten)]
    pub(crate) log: LogConfig,
    #[command(flatten)]
    pub(crate) database: DatabaseConfig,
    #[command(flatten)]
    pub(crate) keys: KeysConfig,
    #[command(flatten)]
    pub(crate) object_store: ObjectStoreConfig,
    #[command(flatten)]
    pub(crate) redis: RedisConfig,
    #[command(flatten)]
    pub(crate) fleet: FleetConfig,
    #[command(flatten)]
    pub(crate) billing: BillingConfig,
    #[command(flatten)]
    pub(crate) internal: InternalConfig,
    #[command(flatten)]
    pub(crate) callers: CallersConfig,
    #[command(flatten)]
    pub(crate) console: ConsoleConfig,
    #[command(flatten)]
    pub(crate) housekeeping: HousekeepingConfig,
    #[command(flatten)]
    pub(crate) log_streams: LogStreamsConfig,
    #[command(flatten)]
    pub(crate) outbound: OutboundConfig,
    /// The largest module that an upload may be, in bytes. The compiler takes none above 4 MiB.
    #[arg(long, env = "CARTWRIGHT_MODULE_BYTES_MAX", default_value_t = MODULE_BYTES_MAX)]
    pub(crate) module_bytes_max: u64,
}

/// What `work` needs.
#[derive(clap::Args)]
pub(crate) struct WorkConfig {
    /// Where health and metrics are served.
    #[arg(
        long,
        env = "CARTWRIGHT_WORKER_LISTEN",
        default_value = "127.0.0.1:8083"
    )]
    pub(crate) worker_listen: SocketAddr,
    #[command(flatten)]
    pub(crate) log: LogConfig,
    #[command(flatten)]
    pub(crate) database: DatabaseConfig,
    #[command(flatten)]
    pub(crate) object_store: ObjectStoreConfig,
    #[command(flatten)]
    pub(crate) redis: RedisConfig,
    #[command(flatten)]
    pub(crate) billing: BillingConfig,
    #[command(flatten)]
    pub(crate) internal: InternalConfig,
    #[command(flatten)]
    pub(crate) compiler: CompilerConfig,
    #[command(flatten)]
    pub(crate) housekeeping: HousekeepingConfig,
    #[command(flatten)]
    pub(crate) outbound: OutboundConfig,
    #[command(flatten)]
    pub(crate) wrapping: WrappingConfig,
    #[command(flatten)]
    pub(crate) deliveries: DeliveriesConfig,
    /// Ed25519 seed that signs artifacts: 32 bytes, base64. Only the worker has it. `cartwright-api keys generate` makes one.
    #[arg(long, env = "CARTWRIGHT_ARTIFACT_SIGNING_KEY", hide_env_values = true)]
    pub(crate) artifact_signing_key: SecretString,
}

/// How to reach Postgres.
#[derive(clap::Args)]
pub(crate) struct DatabaseConfig {
    /// Postgres, under this role's own login: `postgres://login:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: SecretString,
    /// Connections this process may hold. All processes together stay below the server's limit.
    #[arg(
        long,
        env = "CARTWRIGHT_DATABASE_CONNECTIONS_MAX",
        default_value_t = 20
    )]
    pub(crate) database_connections_max: u32,
}

/// The keys that this process signs and wraps with.
#[derive(clap::Args)]
pub(crate) struct KeysConfig {
    /// Ed25519 seed that signs access tokens: 32 bytes, base64. `cartwright-api keys generate` makes one.
    #[arg(long, env = "CARTWRIGHT_TOKEN_SIGNING_KEY", hide_env_values = true)]
    pub(crate) token_signing_key: SecretString,
    #[command(flatten)]
    pub(crate) wrapping: WrappingConfig,
}

/// The key that secrets in the database are wrapped with.
#[derive(clap::Args)]
pub(crate) struct WrappingConfig {
    /// Key that wraps each tenant's own keys in the database: 32 bytes, base64. `cartwright-api keys generate` makes one.
    #[arg(long, env = "CARTWRIGHT_SECRETS_KEY", hide_env_values = true)]
    pub(crate) secrets_key: SecretString,
}
