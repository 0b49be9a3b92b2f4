//! What every handler shares: the database, the tokens, the clients of other roles. Made once, in `serve`.

use std::sync::Arc;

use cartwright_role::drain::Drain;

use crate::auth::password::Passwords;
use crate::auth::throttle::Throttle;
use crate::auth::token::Tokens;
use crate::clients::billing::Billing;
use crate::clients::executors::Executors;
use crate::clients::leases::Leases;
use crate::clients::object_store::ObjectStore;
use crate::database::Database;
use crate::fleet::Host;
use crate::logs::{Hub, Places};
use crate::outbound::Rules;
use crate::wrapping::Wrapping;

/// The state of a serving process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
}

/// What an [`App`] points at.
pub(crate) struct Shared {
    /// Postgres.
    pub(crate) database: Database,
    /// Signs and checks access tokens.
    pub(crate) tokens: Tokens,
    /// Hashes passwords.
    pub(crate) passwords: Passwords,
    /// Slows down who guesses passwords.
    pub(crate) throttle: Throttle,
    /// Wraps the keys of tenants.
    pub(crate) wrapping: Wrapping,
    /// Where messages may go.
    pub(crate) outbound: Rules,
    /// Where modules and artifacts are.
    pub(crate) object_store: ObjectStore,
    /// Run a function for whoever tests one.
    pub(crate) executors: Executors,
    /// Where executors may be, besides where they report from.
    pub(crate) executor_hosts: Vec<Host>,
    /// What executors lease of quotas, for showing it.
    pub(crate) leases: Leases,
    /// Knows meter records, usage and prices.
    pub(crate) billing: Billing,
    /// Base URL at which functions are invoked, as answers show it.
    pub(crate) invoke_url: String,
    /// The largest module that is taken in, in bytes.
    pub(crate) module_bytes_max: u64,
    /// Who watches logs on this process.
    pub(crate) logs: Hub,
    /// How many may.
    pub(crate) log_streams: Places,
    /// The end of this process, which answers that go on and on must not wait for.
    pub(crate) drain: Drain,
    /// Days for which the worker keeps run logs.
    pub(crate) run_log_days: u16,
}

impl App {
    /// Share these.
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}
