//! Who asks, and whether they may: the guards that stand first in every handler's arguments.
//!
//! A route's handler takes [`Tenant<P>`], [`Platform<P>`] or [`Anyone`] first; the routes table takes no handler without.

mod credential;
mod guard;
pub(crate) mod password;
mod permission;
mod store;
pub(crate) mod throttle;
pub(crate) mod token;

pub(crate) use guard::{Access, Anyone, Platform, Tenant, access_of};
pub(crate) use permission::*;
pub(crate) use store::tenant_named;

use cartwright_domain::ids::UserId;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// A person who is signed in.
    User {
        /// Who.
        id: UserId,
        /// What they are to the tenant now.
        role: Role,
    },
    /// A program with a key of the tenant.
    Key {
        /// The public part of the key.
        id: String,
        /// What the key may be used for.
        scopes: Vec<Scope>,
    },
    /// The platform, with its own key.
    Platform {
        /// The public part of the key.
        key_id: String,
    },
}

impl Caller {
    /// Who it is, as `created_by` and the audit log name them: `user:<id>`, `key:<id>` or `platform:<id>`.
    pub(crate) fn actor(&self) -> String {
        match self {
            Self::User { id, .. } => format!("user:{id}"),
            Self::Key { id, .. } => format!("key:{id}"),
            Self::Platform { key_id } => format!("platform:{key_id}"),
        }
    }

    /// Whether they have this permission.
    pub(crate) fn may(&self, permission: &Row) -> bool {
        match self {
            Self::User { role, .. } => permission.roles.contains(role),
            Self::Key { scopes, .. } => {
                scopes.iter().any(|scope| permission.scopes.contains(scope))
            }
            Self::Platform { .. } => true,
        }
    }
}
