//! SQL of writers and their cursors.

use anyhow::Context;
use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::ChainHash;
use cartwright_domain::wire::WriterRegistration;
use chrono::{DateTime, Utc};

use crate::database::Crossing;
use crate::error::BillingError;

/// Up to where a writer's log is durable.
pub(crate) struct Cursor {
    /// The sequence number that comes next.
    pub(crate) next_seq: u64,
    /// The log's hash chain up to there.
    pub(crate) chain: ChainHash,
}

/// Note what a writer says of itself.
pub(super) async fn register(
    tx: &mut Crossing,
    writer: &WriterRegistration,
    started_at: DateTime<Utc>,
) -> Result<(), BillingError> {
    sqlx::query!(
        "
        insert into writer (writer_id, engine_epoch, started_at) values ($1, $2, $3)
        on conflict (writer_id) do update set engine_epoch = excluded.engine_epoch, started_at = excluded.started_at
        ",
        writer.writer_id.uuid(),
        i32::from(writer.engine_epoch),
        started_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A writer's cursor; that of one never heard of stands at the beginning.
pub(crate) async fn cursor(tx: &mut Crossing, writer: WriterId) -> Result<Cursor, BillingError> {
    let found = sqlx::query!(
        "select next_seq, chain from ship_cursor where writer_id = $1",
        writer.uuid()
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(row) = found {
        return Ok(Cursor {
            next_seq: u64::try_from(row.next_seq).context("a sequence number is not negative")?,
            chain: row
                .chain
                .as_slice()
                .try_into()
                .context("a chain hash has 16 bytes")?,
        });
    }
    sqlx::query!(
        "
        with met as (insert into writer (writer_id) values ($1) on conflict do nothing)
        insert into ship_cursor (writer_id) values ($1) on conflict do nothing
        ",
        writer.uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(Cursor {
        next_seq: 0,
        chain: [0; 16],
    })
}
