//! One tenant's place in this executor's memory: the newest picture of it, and what is known of its age.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use cartwright_domain::ids::TenantId;
use tokio::sync::Mutex;

use super::tenant::Tenant;

/// A tenant that somebody asked for. Empty until it is loaded for the first time.
pub(super) struct Held {
    pub(super) id: TenantId,
    current: ArcSwapOption<Tenant>,
    /// The newest generation that was told of.
    wanted_generation: AtomicU64,
    fetched_ms: AtomicU64,
    /// When it was first told that the picture is old; 0 when it is not.
    outdated_ms: AtomicU64,
    failed_ms: AtomicU64,
    used_s: AtomicU32,
    /// Of many who need it at once, one loads it.
    pub(super) loading: Mutex<()>,
}

impl Held {
    pub(super) fn new(id: TenantId) -> Self {
        Self {
            id,
            current: ArcSwapOption::empty(),
            wanted_generation: AtomicU64::new(0),
            fetched_ms: AtomicU64::new(0),
            outdated_ms: AtomicU64::new(0),
            failed_ms: AtomicU64::new(0),
            used_s: AtomicU32::new(0),
            loading: Mutex::new(()),
        }
    }

    /// The newest picture, however old.
    pub(super) fn current(&self) -> Option<Arc<Tenant>> {
        self.current.load_full()
    }

    pub(super) fn fetched_ms(&self) -> u64 {
        self.fetched_ms.load(Ordering::Acquire)
    }

    /// Since when it is known that there is a newer one.
    pub(super) fn outdated_ms(&self) -> Option<u64> {
        Some(self.outdated_ms.load(Ordering::Acquire)).filter(|since| *since > 0)
    }

    /// The api told of this generation.
    pub(super) fn want(&self, generation: u64, now_ms: u64) {
        self.wanted_generation
            .fetch_max(generation, Ordering::AcqRel);
        if self.is_behind() {
            self.outdate(now_ms);
        }
    }

    /// Nobody can say any more whether it is the newest.
    pub(super) fn outdate(&self, now_ms: u64) {
        // The first word of it counts.
        self.outdated_ms
            .compare_exchange(0, now_ms, Ordering::AcqRel, Ordering::Acquire)
            .ok();
    }

    fn is_behind(&self) -> bool {
        let wanted = self.wanted_generation.load(Ordering::Acquire);
        self.current
            .load()
            .as_ref()
            .is_none_or(|tenant| tenant.generation < wanted)
    }

    /// Take a picture that was fetched at `fetched_ms`. An older one than the one held is dropped.
    pub(super) fn take(&self, tenant: Arc<Tenant>, fetched_ms: u64) {
        let is_older = self
            .current
            .load()
            .as_ref()
            .is_some_and(|held| held.generation > tenant.generation);
        if !is_older {
            self.current.store(Some(tenant));
        }
        self.fetched_ms.store(fetched_ms, Ordering::Release);
        self.failed_ms.store(0, Ordering::Release);
        if !self.is_behind() {
            self.outdated_ms.store(0, Ordering::Release);
        }
    }

    pub(super) fn fail(&self, now_ms: u64) {
        self.failed_ms.store(now_ms, Ordering::Release);
    }

    /// Whether the last attempt to load it failed within so many milliseconds.
    pub(super) fn failed_within(&self, ms: u64, now_ms: u64) -> bool {
        let failed_ms = self.failed_ms.load(Ordering::Acquire);
        failed_ms > 0 && now_ms.saturating_sub(failed_ms) < ms
    }

    pub(super) fn use_at(&self, now_ms: u64) {
        let now_s = u32::try_from(now_ms / 1_000).unwrap_or(u32::MAX);
        // Written once a second at most: readers on all processors share it.
        if self.used_s.load(Ordering::Relaxed) != now_s {
            self.used_s.store(now_s, Ordering::Relaxed);
        }
    }

    pub(super) fn unused_s(&self, now_ms: u64) -> u64 {
        (now_ms / 1_000).saturating_sub(self.used_s.load(Ordering::Relaxed).into())
    }
}
