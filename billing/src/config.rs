//! What comes in from the environment: one struct a concern, read once in `main`. The help of each option is its manual.

use std::net::SocketAddr;

use cartwright_role::internal::CallersConfig;
use cartwright_role::telemetry::LogConfig;
use secrecy::SecretString;

/// Billing: takes in what executors metered, and tells records, usage and estimates.
#[derive(clap::Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or SIGINT.
    Serve(ServeConfig),
}

/// What `serve` needs.
#[derive(clap::Args)]
pub(crate) struct ServeConfig {
    /// Where health and metrics are served.
    #[arg(
        long,
        env = "CARTWRIGHT_BILLING_LISTEN",
        default_value = "127.0.0.1:8082"
    )]
    pub(crate) billing_listen: SocketAddr,
    /// Where other roles call.
    #[arg(
        long,
        env = "CARTWRIGHT_BILLING_INTERNAL_LISTEN",
        default_value = "127.0.0.1:8092"
    )]
    pub(crate) billing_internal_listen: SocketAddr,
    #[command(flatten)]
    pub(crate) database: DatabaseConfig,
    #[command(flatten)]
    pub(crate) callers: CallersConfig,
    #[command(flatten)]
    pub(crate) internal: cartwright_role::internal::InternalConfig,
    #[command(flatten)]
    pub(crate) log: LogConfig,
}

/// How to reach Postgres.
#[derive(clap::Args)]
pub(crate) struct DatabaseConfig {
    /// Postgres, under billing's own login: `postgres://cartwright_billing:password@host:port/database`.
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
