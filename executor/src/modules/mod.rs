//! Artifacts on their way to being run: the loaded ones, the local disk, the object store. Nothing is loaded whose
//! signature was not verified over the very bytes that are mapped. Where a version comes from is left to `tenants`.

mod disk;
mod fetch;
mod loaded;
mod slot;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use anyhow::{Context, Result};
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::wire::TierReport;
use cartwright_engine::{Engine, ReadyModule, SealedArtifact};
use cartwright_role::internal::Peer;
use ed25519_dalek::VerifyingKey;
use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use crate::config::ModulesConfig;
use crate::counters::Counters;
use disk::DiskCache;
use fetch::Fetcher;
use loaded::Loaded;
pub(crate) use slot::{ArtifactKey, ModuleSlot};
use trust::{Distrust, trust};

/// All that is needed to fetch an artifact and to trust it.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) key: ArtifactKey,
    pub(crate) module_sha256: [u8; 32],
    pub(crate) engine_epoch: u16,
    pub(crate) bytes: u64,
    pub(crate) signature: [u8; 64],
}

/// Where a module was found, from the nearest place to the farthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Memory,
    Disk,
    Store,
}

impl Tier {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Disk, Self::Store];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Store => "store",
        }
    }
}

/// Why a module is not ready. Never the function's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadRefusal {
    /// It was compiled for another engine, and is being compiled anew.
    #[error("the version is being recompiled for a newer engine; try again in a few seconds")]
    OtherEpoch,
    /// Its bytes or its signature are wrong.
    #[error("the version's compiled artifact was refused; the operator has been alarmed")]
    Untrusted,
    /// It could not be fetched.
    #[error("the version's compiled artifact cannot be fetched at the moment; try again")]
    Unreachable,
    /// It is trusted and still cannot be loaded.
    #[error("the version's compiled artifact cannot be loaded; the operator has been alarmed")]
    Broken,
}

/// The modules of this process.
pub(crate) struct Modules {
    engine: Engine,
    verify_key: VerifyingKey,
    fetcher: Fetcher,
    disk: Arc<DiskCache>,
    loaded: Loaded,
    /// Every slot that a held tenant's version points at. Only a look-up table: the versions own the slots.
    slots: Mutex<HashMap<ArtifactKey, Weak<ModuleSlot>>>,
    began: Instant,
    counters: Arc<Counters>,
}

impl Modules {
    pub(crate) fn new(
        config: &ModulesConfig,
        data_dir: &std::path::Path,
        engine: Engine,
        api: Peer,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let folder = data_dir.join("artifacts");
        let disk = DiskCache::open(folder.clone(), config.artifacts_disk_bytes_max)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self {
            engine,
            verify_key: config.artifact_verify_key,
            fetcher: Fetcher::new(api)?,
            disk: Arc::new(disk),
            loaded: Loaded::new(config.modules_max.max(1), config.modules_bytes_max),
            slots: Mutex::default(),
            began: Instant::now(),
            counters,
        })
    }

    /// The slot of an artifact, the same for everyone who asks while somebody holds it.
    pub(crate) fn slot(&self, key: ArtifactKey) -> Arc<ModuleSlot> {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(&key).and_then(Weak::upgrade) {
            return slot;
        }
        if slots.len() == slots.capacity() {
            slots.retain(|_, slot| slot.strong_count() > 0);
        }
        let slot = Arc::new(ModuleSlot::new(key));
        slots.insert(key, Arc::downgrade(&slot));
        slot
    }

    /// The module, ready to run, and where it was found.
    pub(crate) async fn ready(
        &self,
        slot: &Arc<ModuleSlot>,
        artifact: &Artifact,
    ) -> Result<(Arc<ReadyModule>, Tier), LoadRefusal> {
        if let Some(module) = slot.get(self.now_s()) {
            return Ok((module, Tier::Memory));
        }
        if artifact.engine_epoch != ENGINE_EPOCH {
            return Err(LoadRefusal::OtherEpoch);
        }
        let _loading = slot.loading.lock().await;
        // Another request may have loaded it, or failed to, while this one waited.
        if let Some(module) = slot.get(self.now_s()) {
            return Ok((module, Tier::Memory));
        }
        if let Some(refusal) = slot.recent_failure() {
            return Err(refusal);
        }
        let loaded = self.load(artifact).await;
        match &loaded {
            Ok((module, _)) => {
                slot.fill(module.clone(), self.now_s());
                let evicted = self.loaded.insert(slot, module.code_bytes() as u64);
                self.counters.modules_evicted.increment(evicted as u64);
            }
            Err(refusal) => slot.fail(refusal.clone()),
        }
        loaded
    }

    /// Modules loaded now, and their bytes.
    pub(crate) fn loaded(&self) -> (usize, u64) {
        self.loaded.count_and_bytes()
    }

    /// What the tier of so many hits holds. The object store's is not ours to measure.
    pub(crate) fn tier(&self, tier: Tier, hits: u64) -> TierReport {
        let bytes = match tier {
            Tier::Memory => self.loaded().1,
            Tier::Disk => self.disk.bytes(),
            Tier::Store => 0,
        };
        TierReport { hits, bytes }
    }

    async fn load(&self, artifact: &Artifact) -> Result<(Arc<ReadyModule>, Tier), LoadRefusal> {
        let (disk, sha256) = (self.disk.clone(), artifact.key.sha256);
        let on_disk = spawn_blocking(move || disk.read(&sha256))
            .await
            .ok()
            .flatten();
        if let Some(bytes) = on_disk {
            match self.verify_and_load(artifact, bytes, false).await {
                Ok(module) => return Ok((module, Tier::Disk)),
                // What lies on our disk may be damaged; the store has the original.
                Err(LoadRefusal::Untrusted) => self.disk.remove(&sha256),
                Err(refusal) => return Err(refusal),
            }
        }
        let bytes = self.fetcher.fetch(artifact).await.map_err(|error| {
            tracing::warn!(tenant.id = %artifact.key.tenant_id, artifact = hex::encode(sha256), "an artifact cannot be fetched: {error:#}");
            LoadRefusal::Unreachable
        })?;
        let module = self.verify_and_load(artifact, bytes, true).await?;
        Ok((module, Tier::Store))
    }

    /// Seal the bytes, verify digest and signature over what is sealed, and map just that. `keep` puts them on the disk.
    async fn verify_and_load(
        &self,
        artifact: &Artifact,
        bytes: Vec<u8>,
        keep: bool,
    ) -> Result<Arc<ReadyModule>, LoadRefusal> {
        let (engine, disk, verify_key, key) = (
            self.engine.clone(),
            self.disk.clone(),
            self.verify_key,
            artifact.key,
        );
        let artifact = artifact.clone();
        let loading = spawn_blocking(move || {
            let sealed = SealedArtifact::from_bytes(&bytes).map_err(Distrust::Io)?;
            let verified = sealed.verify(|sha256| trust(&verify_key, &artifact, sha256))?;
            if keep {
                disk.write(&artifact.key.sha256, &bytes);
            }
            engine.load(&verified).map_err(Distrust::Load)
        });
        let loaded = loading.await.map_err(|_| LoadRefusal::Broken)?;
        loaded.map(Arc::new).map_err(|why| match why {
            Distrust::Digest | Distrust::Signature => {
                self.counters.artifacts_refused.increment(1);
                tracing::error!(tenant.id = %key.tenant_id, artifact = hex::encode(key.sha256), "ALARM: an artifact was refused: {why}");
                LoadRefusal::Untrusted
            }
            Distrust::Io(_) | Distrust::Load(_) => {
                tracing::error!(tenant.id = %key.tenant_id, artifact = hex::encode(key.sha256), "an artifact cannot be loaded: {why}");
                LoadRefusal::Broken
            }
        })
    }

    fn now_s(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_secs()).unwrap_or(u32::MAX)
    }
}
