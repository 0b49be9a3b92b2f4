//! The process' log: one line per event on standard error, as text or JSON. What is logged is left to who logs it.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

/// What is logged, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct LogConfig {
    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`), or directives such as `info,cartwright_api=debug`.
    #[arg(long = "log", env = "CARTWRIGHT_LOG", default_value = "info")]
    pub filter: String,
    /// How it is written.
    #[arg(
        long = "log-format",
        env = "CARTWRIGHT_LOG_FORMAT",
        default_value = "text"
    )]
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Begin to log. Call it once, first thing in `main`.
///
/// # Errors
/// When the filter cannot be read, or the process logs already.
pub fn init(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("CARTWRIGHT_LOG is not a filter: {}", config.filter))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_timer(SystemTime);
    let begun = match config.format {
        LogFormat::Text => log
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| anyhow::anyhow!("the log cannot begin: {error}"))
}
