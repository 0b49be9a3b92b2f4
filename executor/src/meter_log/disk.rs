//! How full the disk under the data directory is: nearly full means that nothing more may run, since it could not be metered.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use cartwright_role::health::Condition;
use rustix::fs::statvfs;

/// Look as often.
const EVERY: Duration = Duration::from_secs(1);

/// Above this share of the disk, in percent, kept records that billing has are removed early.
pub(super) const TIDY_PERCENT: u8 = 90;

/// The share of the disk that is used, in percent, as last seen. Clones share it.
#[derive(Clone)]
pub(crate) struct DiskRoom {
    folder: Arc<PathBuf>,
    used_percent: Arc<AtomicU8>,
    shed_percent: u8,
}

impl DiskRoom {
    /// Watches the disk of this folder; it is nearly full from `shed_percent` on.
    pub(crate) fn new(folder: PathBuf, shed_percent: u8) -> Self {
        let room = Self {
            folder: Arc::new(folder),
            used_percent: Arc::new(AtomicU8::new(0)),
            shed_percent,
        };
        room.look();
        room
    }

    /// Whether nothing more may run.
    pub(crate) fn is_short(&self) -> bool {
        self.used_percent() >= self.shed_percent
    }

    pub(crate) fn used_percent(&self) -> u8 {
        self.used_percent.load(Ordering::Relaxed)
    }

    /// Look again and again, and say in `condition` whether there is room. Never ends.
    pub(crate) async fn watch(self, condition: Condition) {
        let mut was_short = false;
        loop {
            self.look();
            let used_percent = self.used_percent();
            if !self.is_short() {
                condition.ready();
            } else {
                condition.missing(format!("it is {used_percent} % full"));
            }
            if self.is_short() && !was_short {
                tracing::error!(
                    used_percent,
                    "the disk under CARTWRIGHT_DATA_DIR is {used_percent} % full: refusing runs, since they could not be metered"
                );
            }
            was_short = self.is_short();
            tokio::time::sleep(EVERY).await;
        }
    }

    fn look(&self) {
        match statvfs(self.folder.as_path()) {
            Ok(found) => self.used_percent.store(
                used_percent(found.f_blocks, found.f_bfree, found.f_bavail),
                Ordering::Relaxed,
            ),
            Err(error) => tracing::warn!(%error, "the disk's room cannot be seen"),
        }
    }
}

/// Used blocks among those that this user may use, as `df` counts: what is kept for root does not count as room.
fn used_percent(blocks: u64, free: u64, available: u64) -> u8 {
    let used = blocks.saturating_sub(free);
    let usable = used + available;
    match (used * 100).checked_div(usable) {
        Some(percent) => u8::try_from(percent).unwrap_or(100),
        None => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_root_is_no_room() {
        assert_eq!(used_percent(100, 10, 5), 94);
        assert_eq!(used_percent(100, 5, 0), 100);
        assert_eq!(used_percent(100, 100, 100), 0);
        assert_eq!(used_percent(0, 0, 0), 100);
    }
}
