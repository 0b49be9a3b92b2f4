//! Hints of Postgres that there is work. Nobody depends on one: whoever waits also looks by the clock.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::database::Database;
use crate::error::ApiError;

/// How long work may lie unnoticed when its hint was lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Hints on one channel. Without a connection for them, the clock alone.
pub(crate) struct Hints {
    database: Database,
    channel: &'static str,
    listener: Option<PgListener>,
}

impl Hints {
    /// Hints on this channel.
    pub(crate) fn new(database: Database, channel: &'static str) -> Self {
        Self {
            database,
            channel,
            listener: None,
        }
    }

    /// Wait for a hint, at most [`LOOK_EVERY`].
    pub(crate) async fn next(&mut self) {
        if self.listener.is_none() {
            self.listener = self.listen().await.ok();
        }
        let hinted = async {
            match &mut self.listener {
                Some(listener) => listener.recv().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        if let Ok(false) = tokio::time::timeout(LOOK_EVERY, hinted).await {
            self.listener = None;
        }
    }

    async fn listen(&self) -> Result<PgListener, ApiError> {
        let mut listener = self.database.listener().await?;
        listener.listen(self.channel).await?;
        Ok(listener)
    }
}
