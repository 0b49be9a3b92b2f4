//! Sheds load when work waits too long for a worker thread: better some refusals at once than late answers for all.
//!
//! As in CoDel, what counts is the least wait of an interval: a burst that drains is no overload, a queue that stands is.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use cartwright_domain::outcome::Trigger;

use crate::counters::level;

/// Waits are measured as often, and judged as often.
const PROBE_EVERY: Duration = Duration::from_millis(10);
const PROBES: u32 = 10;

/// A queue that stood for so many intervals of 100 ms is shed from.
const PATIENCE: u32 = 5;

/// How fast shedding grows and shrinks in one interval, and where it ends, in parts of 1,000.
const MORE: u32 = 100;
const LESS: u32 = 50;
const MOST: u32 = 900;

/// Decides which requests are refused while the queue stands.
pub(crate) struct Shedder {
    target_ms: u64,
    /// How hard it sheds, in parts of 1,000. 0 as long as all is well, and then this is all that a request reads.
    pressure: AtomicU32,
    turn: AtomicU32,
    least_us: AtomicU64,
}

impl Shedder {
    /// A shedder that bears waits up to `target_ms`; 0 bears any.
    pub(crate) fn new(target_ms: u64) -> Arc<Self> {
        Arc::new(Self {
            target_ms,
            pressure: AtomicU32::new(0),
            turn: AtomicU32::new(0),
            least_us: AtomicU64::new(u64::MAX),
        })
    }

    /// Measure from a thread of its own, which waits for nobody, for as long as the process lives.
    pub(crate) fn watch(self: &Arc<Self>, runtime: tokio::runtime::Handle) {
        level("cartwright_shedding_ratio", 0.0);
        if self.target_ms == 0 {
            return;
        }
        let shedder = self.clone();
        let watching = std::thread::Builder::new().name("queue-wait".to_owned());
        let watching = watching.spawn(move || shedder.measure(&runtime));
        if let Err(error) = watching {
            tracing::warn!(%error, "how long work waits is not measured, and no load is shed by it");
        }
    }

    fn measure(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        let mut law = Law::default();
        loop {
            for _ in 0..PROBES {
                let (shedder, sent) = (self.clone(), Instant::now());
                runtime.spawn(async move {
                    behind_what_waits().await;
                    let waited_us = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                    shedder.least_us.fetch_min(waited_us, Ordering::Relaxed);
                });
                std::thread::sleep(PROBE_EVERY);
            }
            // When no probe came back at all, the wait is longer than the interval.
            let least_us = self.least_us.swap(u64::MAX, Ordering::Relaxed);
            let pressure = law.judge(least_us / 1_000 >= self.target_ms);
            self.pressure.store(pressure, Ordering::Relaxed);
            let shown_us = u32::try_from(least_us).unwrap_or(u32::MAX);
            level("cartwright_queue_wait_seconds", f64::from(shown_us) / 1e6);
            level("cartwright_shedding_ratio", f64::from(pressure) / 1_000.0);
        }
    }

    /// Whether to refuse a request that came so.
    pub(crate) fn sheds(&self, trigger: Trigger) -> bool {
        let pressure = self.pressure.load(Ordering::Relaxed);
        pressure > 0 && self.takes_turn(share(pressure, trigger))
    }

    /// Spread evenly: of any thousand in a row, about `part`.
    fn takes_turn(&self, part: u32) -> bool {
        // A step near the golden section spreads evenly, and a prime one meets every part.
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        turn.wrapping_mul(619) % 1_000 < part
    }

    pub(crate) fn target_ms(&self) -> u64 {
        self.target_ms
    }
}

/// To the end of the worker's own queue, where runs wait that had their slice. What comes from another thread is taken
/// before these, and would not notice how many there are.
async fn behind_what_waits() {
    let mut is_queued = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_queued, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Who waits for an answer is served longer than what can come again later by itself.
fn share(pressure: u32, trigger: Trigger) -> u32 {
    match trigger {
        Trigger::Http => (2 * pressure).saturating_sub(1_000),
        Trigger::Test | Trigger::Replay | Trigger::Event | Trigger::Schedule => {
            (2 * pressure).min(1_000)
        }
    }
}

/// How the pressure follows what is measured.
#[derive(Default)]
struct Law {
    stood: u32,
    pressure: u32,
}

impl Law {
    /// One interval is over, in which every wait was too long, or not.
    fn judge(&mut self, stands: bool) -> u32 {
        if !stands {
            self.stood = 0;
            self.pressure = self.pressure.saturating_sub(LESS);
        } else {
            self.stood += 1;
            if self.stood >= PATIENCE {
                self.pressure = (self.pressure + MORE).min(MOST);
            }
        }
        self.pressure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_sheds_nothing_a_standing_queue_more_and_more_and_relief_lets_go() {
        let mut law = Law::default();
        for _ in 0..20 {
            assert_eq!(law.judge(true), 0);
            assert_eq!(law.judge(true), 0);
            assert_eq!(law.judge(false), 0);
        }
        let rising: Vec<u32> = (0..20).map(|_| law.judge(true)).collect();
        assert_eq!(rising[..7], [0, 0, 0, 0, 100, 200, 300]);
        assert_eq!(rising[19], MOST);
        let falling: Vec<u32> = (0..20).map(|_| law.judge(false)).collect();
        assert_eq!((falling[0], falling[19]), (850, 0));
    }

    #[test]
    fn who_waits_for_an_answer_is_shed_last() {
        assert_eq!(
            (share(300, Trigger::Http), share(300, Trigger::Event)),
            (0, 600)
        );
        assert_eq!(
            (share(900, Trigger::Http), share(900, Trigger::Test)),
            (800, 1_000)
        );
        let shedder = Shedder::new(100);
        assert!((0..1_000).all(|_| !shedder.sheds(Trigger::Http)));
        shedder.pressure.store(750, Ordering::Relaxed);
        let shed = (0..10_000).filter(|_| shedder.sheds(Trigger::Http)).count();
        assert_eq!(shed, 5_000);
        // Not all in a row.
        let runs: Vec<bool> = (0..100).map(|_| shedder.sheds(Trigger::Http)).collect();
        assert!(!runs.windows(6).any(|few| few.iter().all(|shed| *shed)));
    }

    #[test]
    fn a_queue_of_many_short_slices_is_noticed() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shedder = Shedder::new(40);
        shedder.watch(runtime.handle().clone());
        // Each slice is far below the target, and a round of all of them above it.
        for _ in 0..64 {
            runtime.spawn(async {
                loop {
                    std::thread::sleep(Duration::from_millis(1));
                    behind_what_waits().await;
                }
            });
        }
        let began = Instant::now();
        while shedder.pressure.load(Ordering::Relaxed) == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "never noticed");
            std::thread::sleep(Duration::from_millis(100));
        }
        runtime.shutdown_background();
    }
}
