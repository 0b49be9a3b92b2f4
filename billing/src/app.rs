//! What every handler shares: the database and the price sheets. Made once, in `serve`.

use std::sync::Arc;

use anyhow::Result;

use crate::config::DatabaseConfig;
use crate::database::Database;
use crate::plans::Sheets;

/// The state of the process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) sheets: Arc<Sheets>,
}

impl App {
    pub(crate) fn new(config: &DatabaseConfig) -> Result<Self> {
        Ok(Self {
            database: Database::new(config)?,
            sheets: Arc::default(),
        })
    }
}
