//! The sign-ins that this machine keeps: one file, readable by its owner alone, replaced whole and under a lock.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The profile that is used when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// Where a profile leads, and as whom.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The control plane. What is stored below is sent there and to `invoke_url`, and nowhere else.
    pub(crate) api_url: String,
    /// The data plane, as the control plane named it at sign-in.
    pub(crate) invoke_url: String,
    /// The tenant, by its name.
    pub(crate) tenant: String,
    /// The session of a person who signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<Session>,
    /// The key that was stored instead, or the one that was made for invoking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<ApiKey>,
}

/// A person's session.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// When the access token ends, by this machine's clock.
    pub(crate) expires_at: DateTime<Utc>,
}

/// An API key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) key: String,
    /// Its id, if this command line made it and will revoke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_id: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    profiles: BTreeMap<String, Profile>,
}

/// The file, be it there or not.
#[derive(Clone)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of whoever runs this: `$XDG_CONFIG_HOME/cartwright`, or `~/.config/cartwright`.
    pub(crate) fn of_user() -> Result<Self> {
        let base = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            // The XDG specification has relative paths ignored.
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .context("no place for credentials: neither XDG_CONFIG_HOME nor HOME is set")?;
        Ok(Self {
            folder: base.join("cartwright"),
        })
    }

    /// The file's path, for messages.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("credentials.json")
    }

    /// A profile as it is stored now.
    pub(crate) fn profile(&self, name: &str) -> Result<Option<Profile>> {
        Ok(self.read()?.profiles.remove(name))
    }

    /// Hold the lock: two commands must not exchange one refresh token, since a second exchange ends the session.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .with_context(|| format!("make the folder {}", self.folder.display()))?;
        let path = self.folder.join("credentials.lock");
        let lock = private(&path).with_context(|| format!("open {}", path.display()))?;
        lock.lock()
            .with_context(|| format!("lock {}", path.display()))?;
        Ok(Locked { store: self, lock })
    }

    fn read(&self) -> Result<Stored> {
        let file = self.file();
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} cannot be understood; remove it and sign in again",
                    file.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Stored::default()),
            Err(error) => Err(error).with_context(|| format!("read {}", file.display())),
        }
    }
}

/// The store while nobody else changes it.
pub(crate) struct Locked<'a> {
    store: &'a Store,
    lock: File,
}

impl Locked<'_> {
    /// A profile as it is stored now.
    pub(crate) fn profile(&self, name: &str) -> Result<Option<Profile>> {
        self.store.profile(name)
    }

    /// Store a profile, or forget it.
    pub(crate) fn put(&self, name: &str, profile: Option<Profile>) -> Result<()> {
        let mut stored = self.store.read()?;
        match profile {
            Some(profile) => stored.profiles.insert(name.to_owned(), profile),
            None => stored.profiles.remove(name),
        };
        let (file, fresh) = (
            self.store.file(),
            self.store.folder.join("credentials.json.new"),
        );
        let write = || -> Result<()> {
            // Made anew, so that its mode is ours whatever was left behind.
            fs::remove_file(&fresh).ok();
            let mut writer = private(&fresh)?;
            writer.write_all(&serde_json::to_vec_pretty(&stored)?)?;
            writer.sync_all()?;
            Ok(fs::rename(&fresh, &file)?)
        };
        write().with_context(|| format!("write {}", file.display()))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Closing would do it as well; this says when.
        self.lock.unlock().ok();
    }
}

/// A file that only its owner may read.
fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_profile_is_kept_for_its_owner_alone_and_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store {
            folder: folder.path().join("cartwright"),
        };
        let profile = Profile {
            api_url: "http://127.0.0.1:1".into(),
            invoke_url: "http://127.0.0.1:2".into(),
            tenant: "ada".into(),
            session: None,
            api_key: None,
        };
        assert!(store.profile("default").unwrap().is_none());

        store.lock().unwrap().put("default", Some(profile)).unwrap();

        assert_eq!(store.profile("default").unwrap().unwrap().tenant, "ada");
        let mode = fs::metadata(store.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        store.lock().unwrap().put("default", None).unwrap();
        assert!(store.profile("default").unwrap().is_none());
    }
}
