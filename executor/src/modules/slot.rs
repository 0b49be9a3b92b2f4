//! The place of one artifact among the loaded: empty, or with the module that is ready to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use cartwright_domain::ids::TenantId;
use cartwright_engine::ReadyModule;
use parking_lot::Mutex;

use super::LoadRefusal;

/// After a failed attempt everyone is told the same for so long, so that a broken artifact costs no more than that.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Which artifact. One tenant's is never another's, even with equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ArtifactKey {
    pub(crate) tenant_id: TenantId,
    pub(crate) sha256: [u8; 32],
}

/// Shared by every version that runs this artifact.
pub(crate) struct ModuleSlot {
    pub(super) key: ArtifactKey,
    loaded: ArcSwapOption<ReadyModule>,
    used_s: AtomicU32,
    /// Of many who need it at once, one loads it.
    pub(super) loading: tokio::sync::Mutex<()>,
    failed: Mutex<Option<(Instant, LoadRefusal)>>,
}

impl ModuleSlot {
    pub(super) fn new(key: ArtifactKey) -> Self {
        Self {
            key,
            loaded: ArcSwapOption::empty(),
            used_s: AtomicU32::new(0),
            loading: tokio::sync::Mutex::new(()),
            failed: Mutex::new(None),
        }
    }

    /// The module, if it is loaded; and the slot counts as used now.
    pub(super) fn get(&self, now_s: u32) -> Option<Arc<ReadyModule>> {
        let loaded = self.loaded.load_full()?;
        if self.used_s.load(Ordering::Relaxed) != now_s {
            self.used_s.store(now_s, Ordering::Relaxed);
        }
        Some(loaded)
    }

    pub(super) fn fill(&self, module: Arc<ReadyModule>, now_s: u32) {
        self.used_s.store(now_s, Ordering::Relaxed);
        *self.failed.lock() = None;
        self.loaded.store(Some(module));
    }

    /// Give the module back. Runs that hold it finish with it.
    pub(super) fn empty(&self) {
        self.loaded.store(None);
    }

    #[cfg(test)]
    pub(super) fn touch(&self, now_s: u32) {
        self.used_s.store(now_s, Ordering::Relaxed);
    }

    pub(super) fn used_s(&self) -> u32 {
        self.used_s.load(Ordering::Relaxed)
    }

    pub(super) fn recent_failure(&self) -> Option<LoadRefusal> {
        let failed = self.failed.lock();
        failed
            .as_ref()
            .filter(|(at, _)| at.elapsed() < RETRY_AFTER)
            .map(|(_, refusal)| refusal.clone())
    }

    pub(super) fn fail(&self, refusal: LoadRefusal) {
        *self.failed.lock() = Some((Instant::now(), refusal));
    }
}
