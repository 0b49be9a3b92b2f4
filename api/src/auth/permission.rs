//! Every permission, and which roles and which scopes of API keys grant it. What this table does not grant is refused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// May do everything, and is the only one who makes owners.
    Owner,
    /// May do everything but make or unmake owners.
    Admin,
    /// Builds, deploys and reads functions.
    Developer,
    /// Sees usage and money.
    Billing,
    /// Sees, and changes nothing.
    Viewer,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Developer,
        Self::Billing,
        Self::Viewer,
    ];

    /// The role's word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What an API key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Run functions, on an executor.
    Invoke,
    /// Read functions, runs, usage and the bill.
    Read,
    /// Create functions, upload versions, move aliases, put configurations, run tests.
    Deploy,
}

impl Scope {
    /// Every scope.
    pub(crate) const ALL: [Self; 3] = [Self::Invoke, Self::Read, Self::Deploy];

    /// The scope's word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Read => "read",
            Self::Deploy => "deploy",
        }
    }

    /// The scope with this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A permission, as a handler's guard names it.
pub(crate) trait Permission: Send + Sync + 'static {
    /// The row of the table.
    const ROW: &'static Row;
}

/// Who has a permission. The platform's key has every one.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name, such as `function:write`.
    pub(crate) name: &'static str,
    /// Roles of people that have it.
    pub(crate) roles: &'static [Role],
    /// Scopes of the tenant's keys that have it.
    pub(crate) scopes: &'static [Scope],
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $word:literal: [$($role:ident)*] [$($scope:ident)*];)*) => {
        $(
            $(#[$doc])*
            pub(crate) enum $name {}

            impl Permission for $name {
                const ROW: &'static Row = &Row {
                    name: $word,
                    roles: &[$(Role::$role),*],
                    scopes: &[$(Scope::$scope),*],
                };
            }
        )*

        /// Every row.
        const TABLE: &[&Row] = &[$($name::ROW),*];
    };
}

permissions! {
    /// See the tenant and its settings.
    TenantRead = "tenant:read": [Owner Admin Developer Billing Viewer] [Read Deploy];
    /// Change the tenant's settings.
    TenantWrite = "tenant:write": [Owner Admin] [];
    /// See who the members are. Not for keys: addresses are personal data.
    MemberRead = "member:read": [Owner Admin Developer Billing Viewer] [];
    /// Invite, change and remove members.
    MemberWrite = "member:write": [Owner Admin] [];
    /// See the API keys, without their secrets.
    KeyRead = "key:read": [Owner Admin Developer] [];
    /// Create and revoke API keys. Not for keys: a stolen one must not make another.
    KeyWrite = "key:write": [Owner Admin Developer] [];
    /// Read the audit log.
    AuditRead = "audit:read": [Owner Admin] [];
    /// See functions, versions, aliases and configurations.
    FunctionRead = "function:read": [Owner Admin Developer Billing Viewer] [Read Deploy];
    /// Create, change and delete functions, and put their configurations.
    FunctionWrite = "function:write": [Owner Admin Developer] [Deploy];
    /// Upload versions and move aliases.
    FunctionDeploy = "function:deploy": [Owner Admin Developer] [Deploy];
    /// Run a version on a sample input.
    FunctionTest = "function:test": [Owner Admin Developer] [Deploy];
    /// See runs, with their input, output and log.
    InvocationRead = "invocation:read": [Owner Admin Developer Viewer] [Read Deploy];
    /// Run recorded runs again, one by one or in batches.
    InvocationReplay = "invocation:replay": [Owner Admin Developer] [Deploy];
    /// See event types, events, sources and subscriptions.
    EventRead = "event:read": [Owner Admin Developer Viewer] [Read Deploy];
    /// Create, change and delete sources and subscriptions, and send an event again.
    EventWrite = "event:write": [Owner Admin Developer] [Deploy];
    /// Say what an alias asks of a version before it moves, and go over that. Not for keys: who deploys is who is asked.
    GateWrite = "gate:write": [Owner Admin] [];
    /// See schedules, with their inputs.
    ScheduleRead = "schedule:read": [Owner Admin Developer Viewer] [Read Deploy];
    /// Create, change, run, pause and delete schedules.
    ScheduleWrite = "schedule:write": [Owner Admin Developer] [Deploy];
    /// See endpoints, without their secrets.
    EndpointRead = "endpoint:read": [Owner Admin Developer Viewer] [Read Deploy];
    /// Create, change, test and delete endpoints, rotate their secrets, and send messages again.
    EndpointWrite = "endpoint:write": [Owner Admin Developer] [Deploy];
    /// See messages, with their payloads, which may be outputs of functions.
    MessageRead = "message:read": [Owner Admin Developer Viewer] [Read Deploy];
    /// See usage.
    UsageRead = "usage:read": [Owner Admin Developer Billing Viewer] [Read];
    /// See the plan and what the month has cost so far.
    BillingRead = "billing:read": [Owner Admin Billing] [];
    /// See and change every tenant. The platform's alone.
    PlatformTenants = "platform:tenants": [] [];
    /// See the executors, drain and forget them. The platform's alone.
    PlatformFleet = "platform:fleet": [] [];
    /// Define, change and delete targets. The platform's alone.
    PlatformTargets = "platform:targets": [] [];
    /// Send events to tenants, and define event types. The platform's alone.
    PlatformEvents = "platform:events": [] [];
}

/// The names of every permission that this caller has in the tenant.
pub(crate) fn permissions_of(caller: &super::Caller) -> Vec<&'static str> {
    let had = TABLE.iter().filter(|row| caller.may(row));
    had.map(|row| row.name).collect()
}
