//! Whom we believe: an artifact is run only if our compiling worker signed these bytes, for this tenant, module and engine.

use std::io;

use cartwright_domain::artifact::ArtifactClaim;
use ed25519_dalek::{Signature, VerifyingKey};

use super::Artifact;

/// Why sealed bytes are not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Distrust {
    #[error("its bytes are not those of its digest")]
    Digest,
    #[error("it is not signed by our compiling worker for this tenant, module and engine")]
    Signature,
    #[error("its memory cannot be sealed: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Load(cartwright_engine::LoadError),
}

/// Whether our worker signed these bytes as this artifact.
pub(super) fn trust(
    verify_key: &VerifyingKey,
    artifact: &Artifact,
    sha256: [u8; 32],
) -> Result<(), Distrust> {
    if sha256 != artifact.key.sha256 {
        return Err(Distrust::Digest);
    }
    let claim = ArtifactClaim {
        tenant_id: artifact.key.tenant_id,
        module_sha256: artifact.module_sha256,
        engine_epoch: artifact.engine_epoch,
        artifact_sha256: sha256,
    };
    let signature = Signature::from_bytes(&artifact.signature);
    verify_key
        .verify_strict(&claim.to_signed_bytes(), &signature)
        .map_err(|_| Distrust::Signature)
}

#[cfg(test)]
mod tests {
    use cartwright_domain::engine_epoch::ENGINE_EPOCH;
    use cartwright_domain::ids::TenantId;
    use ed25519_dalek::{Signer, SigningKey};

    use super::super::ArtifactKey;
    use super::*;

    fn signed(by: &SigningKey, claim: &ArtifactClaim) -> Artifact {
        Artifact {
            key: ArtifactKey {
                tenant_id: claim.tenant_id,
                sha256: claim.artifact_sha256,
            },
            module_sha256: claim.module_sha256,
            engine_epoch: claim.engine_epoch,
            bytes: 4,
            signature: by.sign(&claim.to_signed_bytes()).to_bytes(),
        }
    }

    #[test]
    fn only_what_our_worker_signed_for_this_very_use_is_trusted() {
        let (ours, theirs) = (
            SigningKey::from_bytes(&[1; 32]),
            SigningKey::from_bytes(&[2; 32]),
        );
        let claim = ArtifactClaim {
            tenant_id: TenantId::from_bytes([3; 16]),
            module_sha256: [4; 32],
            engine_epoch: ENGINE_EPOCH,
            artifact_sha256: [5; 32],
        };
        let good = signed(&ours, &claim);
        let verify = |artifact: &Artifact, sha256| trust(&ours.verifying_key(), artifact, sha256);
        assert!(verify(&good, [5; 32]).is_ok());

        assert!(matches!(verify(&good, [6; 32]), Err(Distrust::Digest)));
        assert!(matches!(
            verify(&signed(&theirs, &claim), [5; 32]),
            Err(Distrust::Signature)
        ));
        let mut of_another = good.clone();
        of_another.key.tenant_id = TenantId::from_bytes([9; 16]);
        assert!(matches!(
            verify(&of_another, [5; 32]),
            Err(Distrust::Signature)
        ));
        let mut of_another_module = good.clone();
        of_another_module.module_sha256 = [9; 32];
        assert!(matches!(
            verify(&of_another_module, [5; 32]),
            Err(Distrust::Signature)
        ));
        let mut for_another_engine = good;
        for_another_engine.engine_epoch += 1;
        assert!(matches!(
            verify(&for_another_engine, [5; 32]),
            Err(Distrust::Signature)
        ));
    }
}
