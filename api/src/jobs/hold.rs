//! The job that holds or releases what waits for a subscription that was paused or resumed.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::Task;
use super::claim::Held;
use crate::deliveries::held::Came;
use crate::subscriptions;

/// How long it keeps its slot before others have theirs: a million deliveries take minutes, and compiling must not wait for them.
const TURN: Duration = Duration::from_secs(2);

pub(super) async fn perform(
    held: &Held,
    subscription_id: Uuid,
    mut after_key: Option<String>,
) -> anyhow::Result<()> {
    let turn = Instant::now();
    loop {
        let mut tx = held.tenant_tx().await?;
        let came = subscriptions::hold::some(&mut tx, subscription_id, after_key.as_deref());
        let is_held = match came.await? {
            Came::ToTheEnd => {
                if held.finish(&mut tx).await? {
                    tx.commit().await?;
                }
                return Ok(());
            }
            Came::UpTo(key) if key == after_key => true,
            Came::UpTo(key) => {
                after_key = key;
                let rest = Task::HoldDeliveries {
                    subscription_id,
                    after_key: after_key.clone(),
                };
                held.go_on_with(&mut tx, &rest).await?
            }
        };
        if !is_held {
            return Ok(());
        }
        tx.commit().await?;
        if turn.elapsed() > TURN {
            return Ok(held.let_go().await?);
        }
    }
}
