//! What the signature on a compiled artifact binds together. The worker signs these bytes; the executor verifies them
//! before it maps the artifact, since mapping a forged one would run its author's machine code.

use sha2::{Digest, Sha256};

use crate::ids::TenantId;

/// The instruction set that artifacts are compiled for. An executor whose processor lacks it does not start.
pub const ISA_BASELINE: &str = "x86-64-v3";

/// The statement that a signature makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactClaim {
    /// Whose module it is: an artifact of one tenant is no artifact of another, even with equal bytes.
    pub tenant_id: TenantId,
    /// SHA-256 of the module as it was uploaded.
    pub module_sha256: [u8; 32],
    /// The engine that the artifact is for.
    pub engine_epoch: u16,
    /// SHA-256 of the artifact.
    pub artifact_sha256: [u8; 32],
}

impl ArtifactClaim {
    /// The bytes that are signed: a name for this kind of statement, then every part in one fixed order.
    #[must_use]
    pub fn to_signed_bytes(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(b"cartwright artifact 1\0");
        hash.update(ISA_BASELINE.as_bytes());
        hash.update([0]);
        hash.update(self.tenant_id.as_bytes());
        hash.update(self.module_sha256);
        hash.update(self.engine_epoch.to_be_bytes());
        hash.update(self.artifact_sha256);
        hash.finalize().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_claim_changes_what_is_signed() {
        let claim = ArtifactClaim {
            tenant_id: TenantId::from_bytes([1; 16]),
            module_sha256: [2; 32],
            engine_epoch: 3,
            artifact_sha256: [4; 32],
        };
        let others = [
            ArtifactClaim {
                tenant_id: TenantId::from_bytes([9; 16]),
                ..claim.clone()
            },
            ArtifactClaim {
                module_sha256: [9; 32],
                ..claim.clone()
            },
            ArtifactClaim {
                engine_epoch: 9,
                ..claim.clone()
            },
            ArtifactClaim {
                artifact_sha256: [9; 32],
                ..claim.clone()
            },
        ];
        for other in others {
            assert_ne!(
                claim.to_signed_bytes(),
                other.to_signed_bytes(),
                "{other:?}"
            );
        }
    }
}
