//! The job that makes the deliveries of a batch of replays, at the rate that was asked for.

use std::time::Duration;

use cartwright_role::drain::Drain;
use tokio::time::Instant;
use uuid::Uuid;

use super::claim::Held;
use crate::deliveries::replays::{Step, fail, step};
use crate::error::ApiError;

/// How long a batch keeps its slot before others have theirs.
const TURN: Duration = Duration::from_secs(30);

/// How long a batch rests of which so many wait that no more are made: its subscription may be paused.
const REST: Duration = Duration::from_secs(2);

/// Make deliveries from where the batch stands. What tells of the moment, such as a database that is away, is tried again; a
/// query that Postgres refuses would be refused again, and the batch fails.
pub(super) async fn perform(held: &Held, replay_id: Uuid, drain: &Drain) -> anyhow::Result<()> {
    let until = Instant::now() + TURN;
    while !drain.has_begun() && Instant::now() < until {
        let began = Instant::now();
        let mut tx = held.tenant_tx().await?;
        match step(&mut tx, replay_id).await {
            Ok(Step::Made { pause }) => {
                tx.commit().await?;
                tokio::time::sleep_until(began + pause).await;
            }
            Ok(Step::Full) => {
                tx.commit().await?;
                return Ok(held.rest(REST).await?);
            }
            Ok(Step::Over) => {
                if held.finish(&mut tx).await? {
                    tx.commit().await?;
                }
                return Ok(());
            }
            Err(ApiError::Internal(error)) => {
                drop(tx);
                tracing::error!(replay.id = %replay_id, "a batch of replayed deliveries failed: {error:#}");
                let mut tx = held.tenant_tx().await?;
                fail(&mut tx, replay_id, "an error of ours, which is logged").await?;
                if held.finish(&mut tx).await? {
                    tx.commit().await?;
                }
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(held.let_go().await?)
}
