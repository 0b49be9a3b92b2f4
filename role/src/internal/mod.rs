//! How roles call each other: `/internal/v1/…`, a credential per process, one fixed table of who may call what.

mod callers;
mod client;

pub use callers::{Callers, CallersError, Credential, guarded};
pub use client::{CallError, Client, Peer};

use secrecy::SecretString;

/// Every internal route begins so.
pub const PREFIX: &str = "/internal/v1";

/// How this process calls others.
#[derive(Debug, Clone, clap::Args)]
pub struct InternalConfig {
    /// This process' own secret for calling other roles, as `cartwright-api keys generate` makes it.
    #[arg(long, env = "CARTWRIGHT_INTERNAL_CREDENTIAL", hide_env_values = true)]
    pub internal_credential: SecretString,
}

/// Who may call this process.
#[derive(Debug, Clone, clap::Args)]
pub struct CallersConfig {
    /// The SHA-256 of each role's credential, hexadecimal: `executor=<hex>,api=<hex>,worker=<hex>,billing=<hex>`.
    #[arg(long, env = "CARTWRIGHT_INTERNAL_CALLERS")]
    pub internal_callers: Callers,
}
