//! The roles of a stack: their names, their commands, the variables that fix where they listen.

use std::collections::BTreeMap;

/// A process of ours that runs for as long as the stack does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The control plane.
    Api,
    /// The queue's worker, which compiles uploads.
    Worker,
    /// The data plane.
    Executor,
    /// Meter to money.
    Billing,
}

impl Role {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 4] = [Self::Billing, Self::Api, Self::Worker, Self::Executor];

    /// Its name in logs, in `dev.json` and in its credential.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Executor => "executor",
            Self::Billing => "billing",
        }
    }

    /// Its binary and the arguments that make it this role.
    pub fn command(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Api => ("cartwright-api", &["serve"]),
            Self::Worker => ("cartwright-api", &["work"]),
            Self::Executor => ("cartwright-executor", &["serve"]),
            Self::Billing => ("cartwright-billing", &["serve"]),
        }
    }

    /// The variable that fixes its public listener.
    pub fn listen_variable(self) -> &'static str {
        match self {
            Self::Api => "CARTWRIGHT_API_LISTEN",
            Self::Worker => "CARTWRIGHT_WORKER_LISTEN",
            Self::Executor => "CARTWRIGHT_EXECUTOR_LISTEN",
            Self::Billing => "CARTWRIGHT_BILLING_LISTEN",
        }
    }

    /// The variable that fixes its internal listener; the worker has none.
    pub fn internal_listen_variable(self) -> Option<&'static str> {
        match self {
            Self::Api => Some("CARTWRIGHT_API_INTERNAL_LISTEN"),
            Self::Worker => None,
            Self::Executor => Some("CARTWRIGHT_EXECUTOR_INTERNAL_LISTEN"),
            Self::Billing => Some("CARTWRIGHT_BILLING_INTERNAL_LISTEN"),
        }
    }

    /// Options of this role that have a default and that whoever starts the stack may set for it.
    pub(crate) fn optional_variables(self) -> &'static [&'static str] {
        match self {
            Self::Api | Self::Worker => &[
                "CARTWRIGHT_DATABASE_CONNECTIONS_MAX",
                "CARTWRIGHT_OUTBOUND_ALLOW",
                "CARTWRIGHT_OUTBOUND_HTTP",
                "CARTWRIGHT_OUTBOUND_PORTS",
                "CARTWRIGHT_OUTBOUND_TIMEOUT_S",
            ],
            Self::Billing => &["CARTWRIGHT_DATABASE_CONNECTIONS_MAX"],
            Self::Executor => &["CARTWRIGHT_METER_DURABILITY"],
        }
    }
}

/// Where a role listens, as `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    /// Public listeners, one a role.
    pub public: BTreeMap<Role, String>,
    /// Internal listeners of the roles that have one.
    pub internal: BTreeMap<Role, String>,
    /// The executors beside the first: public and internal listener of each.
    pub more_executors: Vec<(String, String)>,
    /// The front proxy, where there are several executors.
    pub front: Option<String>,
}

impl Listeners {
    /// The base URL of a role's public listener.
    pub fn url(&self, role: Role) -> String {
        format!(
            "http://{}",
            self.public.get(&role).map_or("", String::as_str)
        )
    }

    /// The base URL at which functions are invoked: the one executor's, or the proxy's before several.
    pub fn invoke_url(&self) -> String {
        match &self.front {
            Some(front) => format!("http://{front}"),
            None => self.url(Role::Executor),
        }
    }

    /// The base URL of a role's internal listener.
    pub fn internal_url(&self, role: Role) -> String {
        format!(
            "http://{}",
            self.internal.get(&role).map_or("", String::as_str)
        )
    }
}
