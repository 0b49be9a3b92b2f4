//! What: the tenants that this executor knows, each loaded from the api on first use and renewed when the api tells of a
//! change. Who asks is left to `keys`.

mod changes;
mod held;
mod schemas;
mod target;
mod tenant;

use std::sync::Arc;

use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::names::TenantSlug;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::TenantSnapshot;
use cartwright_role::internal::{CallError, Peer};

pub(crate) use changes::Watch;
pub(crate) use target::{Binding, Target};
pub(crate) use tenant::{Absent, Function, NoTarget, Tenant, Version};

use crate::counters::Counters;
use crate::freshness::{Freshness, ROUTES_MAX};
use crate::mint;
use crate::modules::Modules;
use crate::quotas::Desk;
use crate::shared_map::SharedMap;
use held::Held;
use schemas::Schemas;

/// After a failed load everyone is told so at once for so long, instead of waiting in line for the next failure.
const RETRY_AFTER_MS: u64 = 500;

/// Somebody asks for what is not there: it may be new, unless the picture is as young as this.
const LOOK_AGAIN_AFTER_MS: u64 = 1_000;

/// A tenant that nobody called for so long is forgotten, and its modules with it.
const IDLE_MAX_S: u64 = 3_600;

/// Why there is no picture of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// There is no such tenant.
    Unknown,
    /// The api cannot be asked, and what is held is too old, or nothing is.
    Unreachable,
}

/// The tenants that were called for.
pub(crate) struct Tenants {
    api: Peer,
    freshness: Arc<Freshness>,
    modules: Arc<Modules>,
    schemas: Schemas,
    held: SharedMap<TenantId, Arc<Held>>,
    ids: SharedMap<TenantSlug, TenantId>,
    counters: Arc<Counters>,
    desk: Arc<Desk>,
}

impl Tenants {
    pub(crate) fn new(
        api: Peer,
        freshness: Arc<Freshness>,
        modules: Arc<Modules>,
        counters: Arc<Counters>,
        desk: Arc<Desk>,
    ) -> Self {
        Self {
            api,
            freshness,
            modules,
            schemas: Schemas::default(),
            held: SharedMap::new(),
            ids: SharedMap::new(),
            counters,
            desk,
        }
    }

    /// The tenant with this id.
    pub(crate) async fn by_id(&self, id: TenantId) -> Result<Arc<Tenant>, Unavailable> {
        if let Some(held) = self.held.get(&id)
            && let Some(tenant) = self.usable(&held)
        {
            return Ok(tenant);
        }
        self.at_least(id, 0).await
    }

    /// The tenant with this name.
    pub(crate) async fn by_slug(&self, slug: &TenantSlug) -> Result<Arc<Tenant>, Unavailable> {
        if let Some(id) = self.ids.get(slug) {
            let tenant = self.by_id(id).await?;
            if tenant.slug == *slug {
                return Ok(tenant);
            }
            self.ids.remove(slug);
        }
        let fetched_ms = self.freshness.now_ms();
        let snapshot = self
            .fetch(slug.as_str())
            .await
            .map_err(|error| self.why(slug.as_str(), &error))?;
        let id = snapshot.tenant_id;
        let held = self
            .held
            .get_or_insert_with(&id, || Arc::new(Held::new(id)));
        self.ids.insert(slug.clone(), id);
        self.take(&held, snapshot, fetched_ms)
    }

    /// The tenant with this id, in a picture of at least this generation.
    pub(crate) async fn at_least(
        &self,
        id: TenantId,
        generation: u64,
    ) -> Result<Arc<Tenant>, Unavailable> {
        let held = self
            .held
            .get_or_insert_with(&id, || Arc::new(Held::new(id)));
        let is_enough = |tenant: &Arc<Tenant>| tenant.generation >= generation;
        if let Some(tenant) = self.usable(&held).filter(is_enough) {
            return Ok(tenant);
        }
        let _loading = held.loading.lock().await;
        // Another request may have loaded it, or failed to, while this one waited.
        if let Some(tenant) = self.usable(&held).filter(is_enough) {
            return Ok(tenant);
        }
        if held.failed_within(RETRY_AFTER_MS, self.freshness.now_ms()) {
            return Err(Unavailable::Unreachable);
        }
        self.load(&held).await
    }

    /// A picture that is newer than this one, if there is one. Looks once a second at most, however often it is asked.
    pub(crate) async fn newer_than(&self, tenant: &Tenant) -> Option<Arc<Tenant>> {
        let held = self.held.get(&tenant.id)?;
        let _loading = held.loading.lock().await;
        let age_ms = self.freshness.now_ms().saturating_sub(held.fetched_ms());
        if age_ms >= LOOK_AGAIN_AFTER_MS
            && !held.failed_within(RETRY_AFTER_MS, self.freshness.now_ms())
        {
            self.load(&held).await.ok()?;
        }
        held.current()
            .filter(|current| current.generation > tenant.generation)
    }

    /// The api told that this tenant's snapshot is now of this generation. Who is held is renewed at once.
    async fn renew(&self, id: TenantId, generation: u64) {
        let Some(held) = self.held.get(&id) else {
            return;
        };
        held.want(generation, self.freshness.now_ms());
        if held.outdated_ms().is_none() {
            return;
        }
        let _loading = held.loading.lock().await;
        if held.outdated_ms().is_some() {
            // What fails now is tried again with the next word of it; until then the old picture serves.
            self.load(&held).await.ok();
        }
    }

    /// Nobody can say any more what changed: renew everyone.
    async fn renew_all(&self) {
        for held in self.held.values() {
            held.outdate(self.freshness.now_ms());
        }
        self.renew_outdated().await;
    }

    /// Renew who is known to be old, as after an attempt that failed.
    async fn renew_outdated(&self) {
        for held in self.held.values() {
            if held.outdated_ms().is_some() && held.current().is_some() {
                let _loading = held.loading.lock().await;
                if matches!(self.load(&held).await, Err(Unavailable::Unreachable)) {
                    return;
                }
            }
        }
    }

    /// Forget who was not called for a long time.
    pub(crate) fn sweep(&self) {
        let now_ms = self.freshness.now_ms();
        self.held
            .retain(|_, held| held.unused_s(now_ms) <= IDLE_MAX_S);
        self.ids.retain(|_, id| self.held.get(id).is_some());
    }

    /// Tenants held now.
    pub(crate) fn count(&self) -> usize {
        self.held.len()
    }

    /// The held picture, unless it is too old to be used.
    fn usable(&self, held: &Held) -> Option<Arc<Tenant>> {
        let tenant = held.current()?;
        held.use_at(self.freshness.now_ms());
        let is_known_old = held.outdated_ms().is_some_and(|since| {
            u128::from(self.freshness.now_ms() - since) > ROUTES_MAX.as_millis()
        });
        let holds = !is_known_old && self.freshness.holds(held.fetched_ms(), ROUTES_MAX);
        holds.then_some(tenant)
    }

    async fn load(&self, held: &Held) -> Result<Arc<Tenant>, Unavailable> {
        let fetched_ms = self.freshness.now_ms();
        match self.fetch(&held.id.to_string()).await {
            Ok(snapshot) => self.take(held, snapshot, fetched_ms),
            Err(error) => {
                let why = self.why(&held.id.to_string(), &error);
                match why {
                    Unavailable::Unknown => {
                        self.held.remove(&held.id);
                    }
                    Unavailable::Unreachable => held.fail(self.freshness.now_ms()),
                }
                Err(why)
            }
        }
    }

    async fn fetch(&self, id_or_slug: &str) -> Result<TenantSnapshot, CallError> {
        self.counters.snapshots_loaded.increment(1);
        let request_id = RequestId::from_bytes(mint::id_bytes());
        self.api
            .get_json(&format!("tenants/{id_or_slug}/snapshot"), request_id)
            .await
    }

    fn take(
        &self,
        held: &Held,
        snapshot: TenantSnapshot,
        fetched_ms: u64,
    ) -> Result<Arc<Tenant>, Unavailable> {
        let (id, before) = (snapshot.tenant_id, held.current());
        let tenant = Tenant::new(
            snapshot,
            before.as_deref(),
            &self.modules,
            &self.schemas,
            &self.desk,
        );
        let tenant = tenant.map_err(|error| {
            tracing::error!(tenant.id = %id, "the api's picture of a tenant cannot be used: {error:#}");
            held.fail(self.freshness.now_ms());
            Unavailable::Unreachable
        })?;
        held.use_at(fetched_ms);
        held.take(Arc::new(tenant), fetched_ms);
        held.current().ok_or(Unavailable::Unreachable)
    }

    fn why(&self, id_or_slug: &str, error: &CallError) -> Unavailable {
        if error.code() == Some(Code::NotFound) {
            return Unavailable::Unknown;
        }
        let source = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::warn!(
            tenant = id_or_slug,
            "the api gives no picture of a tenant: {error} {source}"
        );
        Unavailable::Unreachable
    }
}
