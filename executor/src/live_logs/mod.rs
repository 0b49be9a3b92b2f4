//! Live logs: what watched functions log leaves over Redis as they run. A function that nobody watches costs one look at
//! a number; what is watched is bounded, may be lost, and a run never waits for it.

mod pending;
mod publisher;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartwright_domain::wire::Watched;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::admission::Done;
use pending::{LoggedRun, Pending};
pub(crate) use publisher::publish;
pub(crate) use watching::listen;

/// The live logs of this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct LiveLogs(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How many functions are watched: all that a run looks at while it is none.
    watched: AtomicUsize,
    pending: Mutex<Pending>,
    /// Something waits to be published.
    waits: Notify,
}

impl LiveLogs {
    /// Tell whoever watches what a run logged.
    pub(crate) fn tell(&self, done: &Done) {
        if self.0.watched.load(Ordering::Relaxed) > 0 {
            self.tell_watchers(done);
        }
    }

    #[cold]
    fn tell_watchers(&self, done: &Done) {
        let which = Watched {
            tenant_id: done.granted.resolved.tenant.id,
            function_id: done.granted.resolved.function.id,
        };
        if !self.0.pending.lock().is_watched(which) {
            return;
        }
        // Made outside the lock, which the runs of all tenants pass.
        let run = LoggedRun::of(done);
        let has_begun_to_wait = self.0.pending.lock().push(which, run);
        if has_begun_to_wait {
            self.0.waits.notify_one();
        }
    }

    /// Change what is watched or waits, and count again.
    fn update<T>(&self, change: impl FnOnce(&mut Pending) -> T) -> T {
        let mut pending = self.0.pending.lock();
        let changed = change(&mut pending);
        self.0.watched.store(pending.watched(), Ordering::Relaxed);
        changed
    }
}
