//! Who may call what between roles: one fixed table.

use serde::{Deserialize, Serialize};

/// A role, as one caller of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// `cartwright-api serve`.
    Api,
    /// `cartwright-api work`.
    Worker,
    /// `cartwright-executor serve`.
    Executor,
    /// `cartwright-billing serve`.
    Billing,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Api, Self::Worker, Self::Executor, Self::Billing];

    /// The role's name in configuration and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Executor => "executor",
            Self::Billing => "billing",
        }
    }
}

/// The whole table: who is called, the first segment of the path below `/internal/v1/`, and who calls.
const TABLE: &[(Role, &str, &[Role])] = &[
    (Role::Api, "changes", &[Role::Executor]),
    (Role::Api, "tenants", &[Role::Executor]),
    (Role::Api, "keys", &[Role::Executor]),
    (Role::Api, "artifacts", &[Role::Executor]),
    (Role::Api, "run-logs", &[Role::Executor]),
    (Role::Api, "executors", &[Role::Executor]),
    // By the executor's own token, which the worker has of the api.
    (Role::Executor, "run", &[Role::Api]),
    (Role::Billing, "writers", &[Role::Executor]),
    (Role::Billing, "batches", &[Role::Executor]),
    (Role::Billing, "tenants", &[Role::Api, Role::Worker]),
];

/// Whether `caller` may call this path of `callee`. `path` is below `/internal/v1/`. What the table does not name is refused.
#[must_use]
pub fn may_call(caller: Role, callee: Role, path: &str) -> bool {
    let segment = path.split('/').next().unwrap_or_default();
    TABLE.iter().any(|(offers, route, callers)| {
        *offers == callee && *route == segment && callers.contains(&caller)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_opens_a_route() {
        assert!(may_call(Role::Executor, Role::Billing, "batches"));
        assert!(!may_call(Role::Executor, Role::Billing, "tenants/1/usage"));
        assert!(!may_call(Role::Billing, Role::Api, "keys/1"));
        assert!(!may_call(Role::Executor, Role::Billing, "batchesx"));
        assert!(!may_call(Role::Executor, Role::Billing, ""));
    }
}
