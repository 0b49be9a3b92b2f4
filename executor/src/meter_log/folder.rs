//! A writer's folder below `meter/`: its segments and a lock that tells a living writer from a dead one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cartwright_domain::ids::WriterId;

const LOCK: &str = "lock";
/// Holds the sequence number up to which billing was last known to have the log. Only for telling how much is left
/// before billing answers, whose own cursor then decides: so it is not synced.
const ACKNOWLEDGED: &str = "acknowledged";

/// A folder that this process, and no other, may write or clear. The kernel lets go of it when the process ends, however.
pub(super) struct OwnFolder {
    path: PathBuf,
    _lock: File,
}

impl OwnFolder {
    /// A new folder for a new writer.
    pub(super) fn create(meter_dir: &Path, writer_id: WriterId) -> io::Result<Self> {
        let path = meter_dir.join(writer_id.to_string());
        fs::create_dir_all(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        File::open(meter_dir)?.sync_all()?;
        Ok(Self { path, _lock: lock })
    }

    /// Every folder whose writer is gone; those of living ones are left alone.
    pub(super) fn abandoned(meter_dir: &Path) -> io::Result<Vec<Self>> {
        let mut abandoned = Vec::new();
        for entry in fs::read_dir(meter_dir)? {
            let path = entry?.path();
            let is_writers = path.file_name().and_then(|name| name.to_str());
            if is_writers.is_none_or(|name| name.parse::<WriterId>().is_err()) {
                continue;
            }
            match Self::take_over(&path) {
                Ok(folder) => abandoned.extend(folder),
                // Another process cleared it away just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(abandoned)
    }

    fn take_over(path: &Path) -> io::Result<Option<Self>> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                path: path.to_owned(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Up to where billing was last known to have the log.
    pub(super) fn acknowledged(&self) -> u64 {
        let bytes = fs::read(self.path.join(ACKNOWLEDGED)).unwrap_or_default();
        bytes.try_into().map_or(0, u64::from_le_bytes)
    }

    /// Billing has the log up to here.
    pub(super) fn note_acknowledged(&self, next_seq: u64) {
        let noted = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.join(ACKNOWLEDGED))
            .and_then(|file| file.write_all_at(&next_seq.to_le_bytes(), 0));
        if let Err(error) = noted {
            tracing::debug!(%error, "what billing has cannot be noted beside the log");
        }
    }

    /// Remove the folder. Only when everything in it was acknowledged, or there was nothing.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn a_living_writers_folder_is_left_alone_and_a_dead_ones_is_found() {
        let meter = Folder::new();
        let (living, dead) = (WriterId::new(), WriterId::new());
        let _living = OwnFolder::create(meter.path(), living).unwrap();
        drop(OwnFolder::create(meter.path(), dead).unwrap());
        fs::create_dir(meter.path().join("something-else")).unwrap();
        let found = OwnFolder::abandoned(meter.path()).unwrap();
        assert_eq!(found[0].acknowledged(), 0);
        found[0].note_acknowledged(7);
        found[0].note_acknowledged(300);
        assert_eq!(found[0].acknowledged(), 300);
        let paths: Vec<_> = found.iter().map(OwnFolder::path).collect();
        assert_eq!(paths, [meter.path().join(dead.to_string())]);
        for folder in found {
            folder.remove().unwrap();
        }
        assert!(!meter.path().join(dead.to_string()).exists());
    }
}
