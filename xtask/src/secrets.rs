//! The secrets of one stack: made once by `cartwright-api keys generate`, kept in a file that only its owner reads.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::roles::Role;

/// Name → value. The names are those of the environment variables that carry them, in lower case for our own.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Read `NAME=value` lines; others are left out.
    pub fn from_lines(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.trim().split_once('='));
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Read them from their file; none when there is no file yet.
    pub fn load(file: &Path) -> Result<Option<Self>> {
        match std::fs::read(file) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| {
                    format!("{} is not ours", file.display())
                })?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow!(error).context(format!("cannot read {}", file.display()))),
        }
    }

    /// Write them so that a crash leaves the old file or the new one, and nobody else can read either.
    pub fn save(&self, file: &Path) -> Result<()> {
        let beside = file.with_extension("new");
        let mut out = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        out.write_all(&serde_json::to_vec_pretty(self)?)?;
        out.sync_all()?;
        std::fs::rename(&beside, file).with_context(|| format!("cannot write {}", file.display()))
    }

    /// One of them, or a word about its absence.
    pub fn get(&self, name: &str) -> Result<&str> {
        let found = self.0.get(name).map(String::as_str);
        found.ok_or_else(|| anyhow!("`cartwright-api keys generate` made no {name}"))
    }

    /// One of them, if there.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Keep one more, or another value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The bearer token of a role's process, known by the role's name inside it.
    pub fn credential(&self, role: Role) -> Result<&str> {
        let prefix = format!("cw_int_{}_", role.name());
        match self.0.values().find(|value| value.starts_with(&prefix)) {
            Some(credential) => Ok(credential),
            None => bail!(
                "`cartwright-api keys generate` made no internal credential for {}",
                role.name()
            ),
        }
    }
}

/// A password for something of ours: 192 bits from the system, in hexadecimal, so that it needs no escape in a URL.
pub fn new_password() -> Result<String> {
    let mut bytes = [0_u8; 24];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
