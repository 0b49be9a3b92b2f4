//! Request bodies in memory: all together are bounded, and each tenant's, since a connection costs a sender nothing and its
//! body costs us memory. Room is taken as bytes arrive, so whoever announces much and sends little holds little.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Inputs of all tenants that are being read or run, in bytes.
const BYTES_MAX: u64 = 512 << 20;

/// Inputs of one tenant.
const TENANT_BYTES_MAX: u64 = BYTES_MAX / 8;

/// Room for inputs, and what is taken of it.
pub(crate) struct InputRoom {
    taken: AtomicU64,
    bytes_max: u64,
}

impl InputRoom {
    /// The room of the process.
    pub(crate) fn of_process() -> Arc<Self> {
        Self::new(BYTES_MAX)
    }

    /// One tenant's share of it.
    pub(crate) fn of_tenant() -> Arc<Self> {
        Self::new(TENANT_BYTES_MAX)
    }

    fn new(bytes_max: u64) -> Arc<Self> {
        let taken = AtomicU64::new(0);
        Arc::new(Self { taken, bytes_max })
    }

    fn take(&self, bytes: u64) -> bool {
        let before = self.taken.fetch_add(bytes, Ordering::AcqRel);
        let fits = before + bytes <= self.bytes_max;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// Room that one input takes, given back when it is dropped.
pub(crate) struct Taken {
    process: Arc<InputRoom>,
    tenant: Arc<InputRoom>,
    bytes: u64,
    /// The room of an input that several runs read. It is given back when the last of them is over.
    shared: Option<Arc<Self>>,
}

impl Taken {
    /// Nothing yet.
    pub(crate) fn none(process: Arc<InputRoom>, tenant: Arc<InputRoom>) -> Self {
        Self {
            process,
            tenant,
            bytes: 0,
            shared: None,
        }
    }

    /// Read an input whose room is taken, beside others.
    pub(crate) fn share(&mut self, taken: Arc<Self>) {
        self.shared = Some(taken);
    }

    /// Take room for more, if there is any.
    #[must_use]
    pub(crate) fn more(&mut self, bytes: u64) -> bool {
        if !self.tenant.take(bytes) {
            return false;
        }
        if !self.process.take(bytes) {
            self.tenant.give_back(bytes);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.tenant.give_back(self.bytes);
        self.process.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_leaves_room_for_others_and_all_of_it_is_given_back() {
        let (process, ada, bob) = (InputRoom::new(100), InputRoom::new(60), InputRoom::new(60));
        let mut hers = Taken::none(process.clone(), ada.clone());
        assert!(hers.more(50) && hers.more(10));
        assert!(!hers.more(1), "her share is taken");
        let mut his = Taken::none(process.clone(), bob.clone());
        assert!(!his.more(41), "the process has no more");
        assert!(his.more(40));
        drop((hers, his));
        let left = [process, ada, bob].map(|room| room.taken.load(Ordering::Acquire));
        assert_eq!(left, [0, 0, 0]);
    }
}
