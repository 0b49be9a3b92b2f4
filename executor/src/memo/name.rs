//! What a result is kept under: a hash over all that it follows from. Whatever changes any of that finds another result, so
//! that nothing kept ever has to be taken back.

use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::TenantId;
use cartwright_domain::limits::Limits;
use cartwright_engine::Environment;
use sha2::{Digest, Sha256};

use crate::modules::Artifact;

/// The part of a result's name that is the same for all runs of a version under one configuration.
#[derive(Clone, Copy)]
pub(crate) struct Seed([u8; 32]);

/// The name of one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ResultName([u8; 32]);

impl Seed {
    /// The tenant stands first: no two tenants share a result, were their code and input the same.
    pub(crate) fn of(
        tenant: TenantId,
        artifact: &Artifact,
        target: Option<&str>,
        environment: &Environment,
    ) -> Self {
        let target = target.unwrap_or_default();
        let hash = Sha256::new()
            .chain_update(b"cw memo")
            .chain_update(tenant.as_bytes())
            .chain_update(ENGINE_EPOCH.to_le_bytes())
            .chain_update(artifact.module_sha256)
            .chain_update(environment.sha256())
            .chain_update(target.len().to_le_bytes())
            .chain_update(target);
        Self(hash.finalize().into())
    }

    /// The same for results that are held to this schema of a target. Once it changes, what was kept may break it.
    pub(crate) fn held_to(self, output_schema_sha256: &[u8; 32]) -> Self {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(output_schema_sha256);
        Self(hash.finalize().into())
    }

    /// The name of the result for this input. The limits belong to it: what ends well under one may not under another.
    pub(crate) fn name(&self, limits: &Limits, input: &[u8]) -> ResultName {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(limits.fuel.to_le_bytes())
            .chain_update(limits.memory_bytes_max.to_le_bytes())
            .chain_update(limits.output_bytes_max.to_le_bytes())
            .chain_update(limits.log_bytes_max.to_le_bytes())
            .chain_update(input);
        ResultName(hash.finalize().into())
    }
}

impl ResultName {
    pub(super) fn in_redis(&self) -> String {
        format!("cartwright:memo:{}", hex::encode(self.0))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::modules::ArtifactKey;

    pub(in crate::memo) fn some_name(n: u8) -> ResultName {
        ResultName([n; 32])
    }

    #[test]
    fn whatever_a_result_follows_from_gives_it_another_name() {
        let (ada, bob) = (TenantId::new(), TenantId::new());
        let artifact = |tenant_id, module: u8| Artifact {
            key: ArtifactKey {
                tenant_id,
                sha256: [0; 32],
            },
            module_sha256: [module; 32],
            engine_epoch: ENGINE_EPOCH,
            bytes: 1,
            signature: [0; 64],
        };
        let plain = Environment::default();
        let configured = Environment::new([("CARTWRIGHT_CONFIG", "{}")]).unwrap();
        let mut less = Limits::CEILING;
        less.fuel -= 1;
        let seeds = [
            Seed::of(ada, &artifact(ada, 1), None, &plain),
            Seed::of(bob, &artifact(bob, 1), None, &plain),
            Seed::of(ada, &artifact(ada, 2), None, &plain),
            Seed::of(ada, &artifact(ada, 1), Some("cart.discount"), &plain),
            Seed::of(ada, &artifact(ada, 1), None, &configured),
            Seed::of(ada, &artifact(ada, 1), None, &configured).held_to(&[1; 32]),
            Seed::of(ada, &artifact(ada, 1), None, &configured).held_to(&[2; 32]),
        ];
        let mut names = HashSet::new();
        for seed in seeds {
            for limits in [Limits::CEILING, less] {
                for input in ["{}", "[]"] {
                    names.insert(seed.name(&limits, input.as_bytes()));
                }
            }
        }
        assert_eq!(names.len(), seeds.len() * 4);
        let again = seeds[0].name(&less, b"[]");
        assert!(names.contains(&again));
    }
}
