//! Hints that deliveries were queued. Without a connection for them, the clock alone.

use std::time::Duration;

use cartwright_domain::ids::TenantId;
use tokio::sync::mpsc;

use crate::database::Database;
use crate::deliveries::enqueue::HINT_CHANNEL;
use crate::error::ApiError;

/// How long to leave a database alone that does not answer.
const AWAY: Duration = Duration::from_secs(1);

/// Tell whose deliveries were queued, for as long as somebody listens.
pub(super) async fn listen(database: Database, tell: mpsc::Sender<TenantId>) {
    while !tell.is_closed() {
        if let Err(error) = pass_on(&database, &tell).await {
            tracing::debug!("no hints at the moment: {error}");
        }
        tokio::time::sleep(AWAY).await;
    }
}

async fn pass_on(database: &Database, tell: &mpsc::Sender<TenantId>) -> Result<(), ApiError> {
    let mut listener = database.listener().await?;
    listener.listen(HINT_CHANNEL).await?;
    loop {
        let hint = listener.recv().await?;
        // When it is full, the clock finds what these were about.
        if let Ok(tenant_id) = hint.payload().parse()
            && tell.try_send(tenant_id).is_err()
            && tell.is_closed()
        {
            return Ok(());
        }
    }
}
