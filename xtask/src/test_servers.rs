//! The servers that `cargo xtask test` starts for whole-stack tests, as it tells the tests of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::secrets::Secrets;
use crate::wiring::ObjectStore;

/// The variable that names the file in which the servers are described.
pub const VARIABLE: &str = "CARTWRIGHT_TEST_SERVERS";

/// The variable that gives the executor's own tests a Redis.
pub const REDIS_VARIABLE: &str = "CARTWRIGHT_TEST_REDIS_URL";

/// One Postgres, one Redis and one object store for all stacks of a test run, each stack with its own share of them.
#[derive(Clone, Serialize, Deserialize)]
pub struct TestServers {
    /// The owner's login, on the server's own database.
    pub database_url: String,
    /// A migrated database to clone.
    pub template: String,
    /// Redis, without a database number.
    pub redis_url: String,
    /// The object store; its bucket is not for tests.
    pub object_store: ObjectStore,
    /// The folder in which a folder is a bucket.
    pub buckets: PathBuf,
    /// What the roles are started with.
    pub secrets: Secrets,
    /// The built console, if there is one.
    pub console_dir: Option<PathBuf>,
    /// Where stacks put their logs and data.
    pub scratch: PathBuf,
}

impl TestServers {
    /// Write the description for the tests to come.
    pub fn save(&self, file: &Path) -> Result<()> {
        std::fs::write(file, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Read the description that the environment points at.
    pub fn from_env() -> Result<Self> {
        let hint = "no servers to test against: run `cargo xtask test`, which starts them (`cargo xtask test stack -- <filter>` runs some of these tests only)";
        let file = std::env::var_os(VARIABLE).context(hint)?;
        Ok(serde_json::from_slice(
            &std::fs::read(&file).context(hint)?,
        )?)
    }
}
