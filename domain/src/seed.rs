//! What a run's randomness is drawn from. An executor makes it for a run, the api for one that is repeated elsewhere.

use sha2::{Digest, Sha256};

use crate::ids::InvocationId;

/// The seed of the run with this seed id: known only to who has the tenant's key, and the same again for the same id.
#[must_use]
pub fn of_run(seed_key: &[u8; 32], seed_id: InvocationId) -> [u8; 32] {
    // Key and message have fixed lengths, so hashing them one after the other is as good as an HMAC.
    Sha256::new()
        .chain_update(b"cw seed")
        .chain_update(seed_key)
        .chain_update(seed_id.as_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_depends_on_the_key_and_the_id_and_on_nothing_else() {
        let (one, other) = (
            InvocationId::from_bytes([1; 16]),
            InvocationId::from_bytes([2; 16]),
        );
        assert_eq!(of_run(&[3; 32], one), of_run(&[3; 32], one));
        assert_ne!(of_run(&[3; 32], one), of_run(&[3; 32], other));
        assert_ne!(of_run(&[3; 32], one), of_run(&[4; 32], one));
    }
}
