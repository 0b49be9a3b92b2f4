//! SQL of batches: one statement, which is the function `meter_ingest` of the migrations.

use anyhow::Context;
use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::ChainHash;

use super::columns::Columns;
use super::frames::Batch;
use crate::database::Crossing;
use crate::error::BillingError;

/// What became of the records of a batch. Together, the first three are all of it.
pub(super) struct Taken {
    /// Where the writer's log goes on.
    pub(super) next_seq: u64,
    /// Stored and counted.
    pub(super) inserted: u64,
    /// The same run was there before.
    pub(super) dups: u64,
    /// Set aside.
    pub(super) unbelieved: u64,
    /// Of those inserted: unbilled, since another run with the same charge key was billed.
    pub(super) unbilled_repeats: u64,
}

/// Take in a batch; `None`, and nothing done, when the writer's cursor moved meanwhile.
pub(super) async fn ingest(
    tx: &mut Crossing,
    writer: WriterId,
    lo: u64,
    chain_before: &ChainHash,
    batch: &Batch,
    columns: &Columns,
) -> Result<Option<Taken>, BillingError> {
    let row = sqlx::query!(
        r#"
        select next_seq as "next_seq!", inserted as "inserted!", dups as "dups!", unbelieved as "unbelieved!",
            unbilled_repeats as "unbilled_repeats!"
        from meter_ingest(
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
            $25, $26, $27, $28, $29, $30, $31
        )
        "#,
        writer.uuid(),
        i64::try_from(lo).map_err(|_| BillingError::Invalid("lo is out of range".to_owned()))?,
        chain_before.as_slice(),
        batch.chain.as_slice(),
        batch.sha256.as_slice(),
        batch.bytes.as_slice(),
        columns.doubt.as_slice() as &[Option<String>],
        columns.invocation_id.as_slice(),
        columns.seed_id.as_slice(),
        columns.tenant_id.as_slice(),
        columns.function_id.as_slice(),
        columns.request_id.as_slice(),
        columns.version.as_slice(),
        columns.config_version.as_slice(),
        columns.price_sheet.as_slice(),
        columns.engine_epoch.as_slice(),
        columns.outcome.as_slice(),
        columns.trigger.as_slice(),
        columns.bill_class.as_slice(),
        columns.alias.as_slice() as &[Option<String>],
        columns.fuel.as_slice(),
        columns.memory_peak_bytes.as_slice(),
        columns.memory_kib_ms.as_slice(),
        columns.duration_us.as_slice(),
        columns.input_bytes.as_slice(),
        columns.output_bytes.as_slice(),
        columns.log_bytes.as_slice(),
        columns.egress_bytes.as_slice(),
        columns.input_sha256.as_slice(),
        columns.output_sha256.as_slice(),
        columns.charge_key.as_slice() as &[Option<Vec<u8>>],
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let count = |number: i32| u64::try_from(number).context("a count is not negative");
    Ok(Some(Taken {
        next_seq: u64::try_from(row.next_seq).context("a sequence number is not negative")?,
        inserted: count(row.inserted)?,
        dups: count(row.dups)?,
        unbelieved: count(row.unbelieved)?,
        unbilled_repeats: count(row.unbilled_repeats)?,
    }))
}
