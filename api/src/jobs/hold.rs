//! The job that holds or releases what waits for a subscription that was paused or resumed.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::claim::Held;
use crate::subscriptions;

/// How long it keeps its slot before others have theirs: a million deliveries take minutes, and compiling must not wait for them.
const TURN: Duration = Duration::from_secs(2);

pub(super) async fn perform(held: &Held, subscription_id: Uuid) -> anyhow::Result<()> {
    let turn = Instant::now();
    loop {
        let mut tx = held.tenant_tx().await?;
        if !subscriptions::hold::some(&mut tx, subscription_id).await? {
            if held.finish(&mut tx).await? {
                tx.commit().await?;
            }
            return Ok(());
        }
        tx.commit().await?;
        if turn.elapsed() > TURN {
            return Ok(held.let_go().await?);
        }
    }
}
