//! Who: API keys by their id, as the api last described them. A key is fetched once, told of by `changes`, and compared in
//! constant time on every request.

mod lookups;
mod unknown;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use cartwright_domain::api_key::ApiKey;
use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::problem::Code;
use cartwright_domain::wire::KeySnapshot;
use cartwright_role::internal::Peer;
use tokio::sync::Mutex;

use crate::counters::Counters;
use crate::freshness::{Freshness, KEYS_MAX};
use crate::mint;
use crate::shared_map::SharedMap;
use lookups::Lookups;
use unknown::Unknown;

/// A key needs this scope to run functions.
const INVOKE: &str = "invoke";

/// Keys held at most; the longest unused go first.
const KEYS_HELD_MAX: usize = 100_000;

/// After a look-up that failed everyone is told so at once for so long, instead of waiting in line for the next failure.
const RETRY_AFTER_MS: u64 = 500;

/// For whom a key acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This tenant.
    Tenant(TenantId),
    /// The platform, and any tenant that it names.
    Platform,
}

/// Why a key gives no access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such key, or another text belongs to its id, or it was revoked. The caller learns no more than that.
    Invalid,
    /// Its time is over.
    Expired,
    /// It may not run functions.
    Scope,
    /// Whether it is valid cannot be known now.
    Unreachable,
    /// Too many unknown keys are being tried; a known one is not affected.
    Busy,
}

/// A key that exists.
struct Key {
    owner: Owner,
    sha256: [u8; 32],
    may_invoke: bool,
    expires_at_ms: u64,
    revoked: bool,
    fetched_ms: u64,
    used_s: AtomicU32,
}

/// The keys that this executor knows.
pub(crate) struct Keys {
    api: Peer,
    freshness: Arc<Freshness>,
    held: SharedMap<Box<str>, Arc<Key>>,
    unknown: Unknown,
    lookups: Lookups,
    /// Rises with every change told of, so that an answer that was on its way meanwhile is not kept.
    changes: AtomicU64,
    /// Of many requests with a key that is not held, one asks. Keys share these by their id's first letter.
    asking: [Mutex<()>; 64],
    /// When the api last did not answer; 0 when it did.
    failed_ms: AtomicU64,
    counters: Arc<Counters>,
}

impl Keys {
    pub(crate) fn new(api: Peer, freshness: Arc<Freshness>, counters: Arc<Counters>) -> Self {
        Self {
            api,
            freshness,
            held: SharedMap::new(),
            unknown: Unknown::default(),
            lookups: Lookups::default(),
            changes: AtomicU64::new(0),
            asking: std::array::from_fn(|_| Mutex::new(())),
            failed_ms: AtomicU64::new(0),
            counters,
        }
    }

    /// For whom this key acts, if it may run functions now.
    pub(crate) async fn owner_of(&self, key: &ApiKey) -> Result<Owner, Refused> {
        if let Some(held) = self.held(key.id()) {
            return self.check(&held, key);
        }
        let fetched = self.fetch(key.id()).await?;
        self.check(&fetched, key)
    }

    /// Forget this key, since it was revoked or changed, and ask for it anew at once if it was held: the same change is
    /// told more than once, and a key that only waited for its next use would be lost if the api went away meanwhile.
    pub(crate) fn renew(self: &Arc<Self>, key_id: &str) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.unknown.forget(key_id);
        if self.held.remove(key_id) {
            let (keys, key_id) = (self.clone(), key_id.to_owned());
            // What goes wrong is logged where it does, and asked for again with the next use.
            tokio::spawn(async move { keys.fetch(&key_id).await.ok() });
        }
    }

    /// Forget every key: nobody can say any more what changed.
    pub(crate) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.held.retain(|_, _| false);
        self.unknown.forget_all();
    }

    /// Forget what was not used for an hour, and more when there are too many.
    pub(crate) fn sweep(&self) {
        let now_s = self.now_s();
        let idle_max = if self.held.len() > KEYS_HELD_MAX {
            60
        } else {
            3_600
        };
        self.held
            .retain(|_, key| now_s.saturating_sub(key.used_s.load(Ordering::Relaxed)) <= idle_max);
    }

    fn held(&self, key_id: &str) -> Option<Arc<Key>> {
        let held = self.held.get(key_id)?;
        let now_s = self.now_s();
        // Written once a second at most: readers on all processors share it.
        if held.used_s.load(Ordering::Relaxed) != now_s {
            held.used_s.store(now_s, Ordering::Relaxed);
        }
        self.freshness
            .holds(held.fetched_ms, KEYS_MAX)
            .then_some(held)
    }

    fn check(&self, held: &Key, key: &ApiKey) -> Result<Owner, Refused> {
        if !key.has_hash(&held.sha256) || held.revoked {
            return Err(Refused::Invalid);
        }
        if held.expires_at_ms <= mint::unix_ms() {
            return Err(Refused::Expired);
        }
        if !held.may_invoke {
            return Err(Refused::Scope);
        }
        Ok(held.owner)
    }

    async fn fetch(&self, key_id: &str) -> Result<Arc<Key>, Refused> {
        if self.unknown.contains(key_id) {
            return Err(Refused::Invalid);
        }
        let _asking = self.asking[usize::from(key_id.as_bytes()[0]) % self.asking.len()]
            .lock()
            .await;
        // Another request may have asked while this one waited.
        if let Some(held) = self.held(key_id) {
            return Ok(held);
        }
        if self.unknown.contains(key_id) {
            return Err(Refused::Invalid);
        }
        let failed_ms = self.failed_ms.load(Ordering::Acquire);
        if failed_ms > 0 && self.freshness.now_ms().saturating_sub(failed_ms) < RETRY_AFTER_MS {
            return Err(Refused::Unreachable);
        }
        if !self.lookups.take() {
            return Err(Refused::Busy);
        }
        self.counters.key_lookups.increment(1);
        let changes = self.changes.load(Ordering::Acquire);
        let request_id = RequestId::from_bytes(mint::id_bytes());
        let answer: Result<KeySnapshot, _> = self
            .api
            .get_json(&format!("keys/{key_id}"), request_id)
            .await;
        let key = match answer {
            Ok(snapshot) => Arc::new(self.key_of(&snapshot).ok_or(Refused::Unreachable)?),
            Err(error) if error.code() == Some(Code::NotFound) => {
                self.unknown.insert(key_id);
                return Err(Refused::Invalid);
            }
            Err(error) => {
                tracing::warn!(%error, key.id = key_id, "a key cannot be looked up");
                self.failed_ms
                    .store(self.freshness.now_ms(), Ordering::Release);
                return Err(Refused::Unreachable);
            }
        };
        self.failed_ms.store(0, Ordering::Release);
        if self.changes.load(Ordering::Acquire) == changes {
            self.held.insert(key_id.into(), key.clone());
        }
        Ok(key)
    }

    fn key_of(&self, snapshot: &KeySnapshot) -> Option<Key> {
        let mut sha256 = [0; 32];
        if hex::decode_to_slice(&snapshot.sha256, &mut sha256).is_err() {
            tracing::error!(
                key.id = snapshot.key_id,
                "the api's answer holds no SHA-256 of the key"
            );
            return None;
        }
        Some(Key {
            owner: snapshot.tenant_id.map_or(Owner::Platform, Owner::Tenant),
            sha256,
            may_invoke: snapshot.scopes.iter().any(|scope| scope == INVOKE),
            expires_at_ms: snapshot.expires_at_ms.unwrap_or(u64::MAX),
            revoked: snapshot.revoked,
            fetched_ms: self.freshness.now_ms(),
            used_s: AtomicU32::new(self.now_s()),
        })
    }

    fn now_s(&self) -> u32 {
        let now = Duration::from_millis(self.freshness.now_ms());
        u32::try_from(now.as_secs()).unwrap_or(u32::MAX)
    }
}
