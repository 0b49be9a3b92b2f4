//! How an executor learns that what it holds is old.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;

/// One thing that changed, as published over Redis and listed in [`Changes`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// A tenant's snapshot is now of this generation.
    Tenant {
        /// Whose.
        tenant_id: TenantId,
        /// Rises by one with every change of the tenant's snapshot.
        generation: u64,
    },
    /// A key was revoked or changed: forget it.
    Key {
        /// The public part of the key.
        key_id: String,
    },
}

/// Answer to `GET changes?since=`: what changed since the cursor. A change may be told twice, never not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Everything that changed, oldest first.
    pub changes: Vec<Change>,
    /// Where to go on. Opaque to the caller.
    pub cursor: String,
    /// The cursor was too old to say what changed since: forget everything held.
    pub reset: bool,
}
