//! How many streams there may be: of one tenant, and of all on this process.

use std::collections::HashMap;
use std::sync::Arc;

use cartwright_domain::ids::TenantId;
use cartwright_domain::problem::{Code, Problem};
use parking_lot::Mutex;

use crate::error::ApiError;

/// Streams of one tenant on one process.
const TENANT_MAX: usize = 10;

/// Streams of logs that a process serves.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LogStreamsConfig {
    /// Streams of live logs at the same time, of all tenants; a tenant has 10. Each may hold 1 MiB for a slow reader.
    #[arg(long, env = "CARTWRIGHT_LOG_STREAMS_MAX", default_value_t = 200)]
    pub(crate) log_streams_max: usize,
}

/// Places for streams. Clones share them.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<TenantId, usize>,
}

/// One stream's place, given back when it is dropped.
pub(super) struct Place {
    places: Places,
    tenant: TenantId,
}

impl Places {
    pub(crate) fn new(config: &LogStreamsConfig) -> Self {
        Self(Arc::new(Shared {
            max: config.log_streams_max,
            taken: Mutex::default(),
        }))
    }

    /// A place for a stream of this tenant, if there is one.
    pub(super) fn take(&self, tenant: TenantId) -> Result<Place, ApiError> {
        let mut taken = self.0.taken.lock();
        let of_tenant = taken.of.get(&tenant).copied().unwrap_or(0);
        if of_tenant >= TENANT_MAX {
            let detail = format!(
                "{of_tenant} streams of logs are open for this tenant, the most that one process serves: close one, or try again when one has ended"
            );
            return Err(full(Code::ConcurrencyLimited, &detail, TENANT_MAX));
        }
        if taken.all >= self.0.max {
            let detail = format!(
                "{} streams of logs are open on this process, the most that it serves (CARTWRIGHT_LOG_STREAMS_MAX): try again in a moment, or search the logs that are kept",
                taken.all
            );
            return Err(full(Code::Shedding, &detail, self.0.max));
        }
        taken.all += 1;
        taken.of.insert(tenant, of_tenant + 1);
        show(taken.all);
        Ok(Place {
            places: self.clone(),
            tenant,
        })
    }
}

fn full(code: Code, detail: &str, limit: usize) -> ApiError {
    ApiError::Problem(Box::new(Problem::new(code, detail).with("limit", limit)))
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred streams")]
fn show(streams: usize) {
    metrics::gauge!("cartwright_log_streams").set(streams as f64);
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.taken.lock();
        taken.all -= 1;
        show(taken.all);
        if let Some(of_tenant) = taken.of.get_mut(&self.tenant) {
            *of_tenant -= 1;
            if *of_tenant == 0 {
                taken.of.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_leaves_room_for_others_and_places_are_given_back() {
        let places = Places::new(&LogStreamsConfig {
            log_streams_max: 12,
        });
        let (ada, bob) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
        let mut hers: Vec<_> = (0..TENANT_MAX).map(|_| places.take(ada).unwrap()).collect();
        let code = |refused: Result<Place, ApiError>| match refused {
            Err(ApiError::Problem(problem)) => Some(problem.code),
            _ => None,
        };
        assert_eq!(code(places.take(ada)), Some(Code::ConcurrencyLimited));
        let _his = (places.take(bob).unwrap(), places.take(bob).unwrap());
        assert_eq!(code(places.take(bob)), Some(Code::Shedding));
        hers.pop();
        assert!(places.take(bob).is_ok());
    }
}
