//! What every handler shares: the database, the tokens, the clients of other roles. Made once, in `serve`.

use std::sync::Arc;

use crate::auth::token::Tokens;
use crate::database::Database;

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
