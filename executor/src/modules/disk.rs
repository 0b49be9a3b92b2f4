//! Artifacts on the local disk, by their digest. A cache: what is lost or wrong here is fetched again, so a full disk or a
//! failing one slows loading down and breaks nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::mint;

/// When the disk cache is too large, it is cut to this share of its bound, in percent.
const CUT_TO_PERCENT: u64 = 90;

/// A folder of artifacts.
pub(super) struct DiskCache {
    folder: PathBuf,
    bytes_max: u64,
    /// An estimate: other processes may share the folder. Every cut counts anew.
    bytes: AtomicU64,
    cutting: Mutex<()>,
}

impl DiskCache {
    pub(super) fn open(folder: PathBuf, bytes_max: u64) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let cache = Self {
            folder,
            bytes_max,
            bytes: AtomicU64::new(0),
            cutting: Mutex::new(()),
        };
        cache.cut_down();
        Ok(cache)
    }

    /// The artifact's bytes, if they are here. Whether they are right is for the caller to check.
    pub(super) fn read(&self, sha256: &[u8; 32]) -> Option<Vec<u8>> {
        let path = self.path(sha256);
        let bytes = fs::read(&path).ok()?;
        // Its age is what decides who goes first. That it was used is worth knowing, not worth failing for.
        if let Ok(file) = File::options().write(true).open(&path) {
            file.set_modified(SystemTime::now()).ok();
        }
        Some(bytes)
    }

    /// Keep an artifact. Nobody ever sees half of it: it gets its name when it is whole.
    pub(super) fn write(&self, sha256: &[u8; 32], bytes: &[u8]) {
        if let Err(error) = self.try_write(sha256, bytes) {
            tracing::warn!(%error, "an artifact could not be kept on disk; it will be fetched again when it is needed");
            return;
        }
        let all = self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
        if all > self.bytes_max {
            self.cut_down();
        }
    }

    /// About how many bytes it holds: other processes may share the folder.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Its bytes were not what its name says.
    pub(super) fn remove(&self, sha256: &[u8; 32]) {
        fs::remove_file(self.path(sha256)).ok();
    }

    fn try_write(&self, sha256: &[u8; 32], bytes: &[u8]) -> io::Result<()> {
        let path = self.path(sha256);
        let unfinished = path.with_extension(format!("{}.part", hex::encode(mint::id_bytes())));
        let written = File::create(&unfinished)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            fs::remove_file(&unfinished).ok();
        }
        written
    }

    /// Remove the oldest until the rest fits, and count anew.
    fn cut_down(&self) {
        let Some(_cutting) = self.cutting.try_lock() else {
            return;
        };
        let mut files = files_of(&self.folder);
        files.sort_unstable_by_key(|(_, modified, _)| *modified);
        let mut bytes: u64 = files.iter().map(|(.., length)| length).sum();
        if bytes > self.bytes_max {
            let target = self.bytes_max / 100 * CUT_TO_PERCENT;
            for (path, _, length) in files {
                if bytes <= target {
                    break;
                }
                if fs::remove_file(path).is_ok() {
                    bytes -= length;
                }
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        self.folder.join(hex::encode(sha256))
    }
}

fn files_of(folder: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some((entry.path(), found.modified().ok()?, found.len()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn what_was_kept_is_read_back_after_a_restart() {
        let folder = Folder::new();
        let open = || DiskCache::open(folder.path().to_owned(), 1_000).unwrap();
        open().write(&[1; 32], b"artifact");
        assert_eq!(
            open().read(&[1; 32]).as_deref(),
            Some(b"artifact".as_slice())
        );
        assert_eq!(open().read(&[2; 32]), None);
        open().remove(&[1; 32]);
        assert_eq!(open().read(&[1; 32]), None);
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let folder = Folder::new();
        let cache = DiskCache::open(folder.path().to_owned(), 1_000).unwrap();
        for n in 1..=4_u8 {
            cache.write(&[n; 32], &[0; 250]);
            let file = File::options()
                .write(true)
                .open(cache.path(&[n; 32]))
                .unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(n.into()))
                .unwrap();
        }
        assert!(cache.read(&[1; 32]).is_some(), "using it makes it young");
        cache.write(&[5; 32], &[0; 250]);
        let left: Vec<u8> = (1..=5).filter(|n| cache.path(&[*n; 32]).exists()).collect();
        assert_eq!(left, [1, 4, 5]);
    }

    #[test]
    fn a_disk_that_cannot_be_written_is_no_failure() {
        let folder = Folder::new();
        let cache = DiskCache::open(folder.path().join("artifacts"), 1_000).unwrap();
        fs::remove_dir(folder.path().join("artifacts")).unwrap();
        cache.write(&[1; 32], b"artifact");
        assert_eq!(cache.read(&[1; 32]), None);
    }
}
