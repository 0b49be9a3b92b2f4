//! SQL of records.

use anyhow::Context;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::outcome::{BillClass, Outcome, Trigger};
use cartwright_domain::wire::Record;
use uuid::Uuid;

use super::query::Filter;
use crate::database::TenantTx;
use crate::error::BillingError;

/// A record as it is stored: not priced yet.
pub(super) struct Stored {
    pub(super) price_sheet: u32,
    pub(super) record: Record,
}

/// As the columns of `meter_record` are.
struct Row {
    invocation_id: Uuid,
    seed_id: Uuid,
    function_id: Uuid,
    request_id: Uuid,
    version: i32,
    config_version: i32,
    price_sheet: i32,
    engine_epoch: i16,
    outcome: i16,
    trigger: i16,
    bill_class: i16,
    fuel: i64,
    memory_peak_bytes: i64,
    duration_us: i32,
    input_bytes: i32,
    output_bytes: i32,
    log_bytes: i32,
    alias: Option<String>,
    input_sha256: String,
    output_sha256: String,
}

/// The newest records that pass, and one more than the limit if there are so many.
pub(super) async fn page(tx: &mut TenantTx, filter: &Filter) -> Result<Vec<Stored>, BillingError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select invocation_id, seed_id, function_id, request_id, version, config_version, price_sheet, engine_epoch, outcome,
            trigger, bill_class, fuel, memory_peak_bytes, duration_us, input_bytes, output_bytes, log_bytes, alias,
            encode(input_sha256, 'hex') as "input_sha256!", encode(output_sha256, 'hex') as "output_sha256!"
        from meter_record
        where tenant_id = $1 and invocation_id >= $2 and invocation_id < $3
            and ($4::uuid is null or function_id = $4)
            and ($5::integer is null or version = $5)
            and ($6::smallint is null or outcome = $6)
            and ($7::smallint is null or trigger = $7)
            and fuel >= $8
            and ($9::uuid[] is null or invocation_id = any($9))
        order by invocation_id desc
        limit $10
        "#,
        tx.tenant().uuid(),
        filter.from.uuid(),
        filter.below.uuid(),
        filter.function_id.map(Uuid::from),
        filter.version,
        filter.outcome,
        filter.trigger,
        filter.fuel_min,
        filter.ids.as_deref() as Option<&[Uuid]>,
        i64::try_from(filter.limit + 1).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(Row::read)
        .collect::<anyhow::Result<_>>()?)
}

/// One record.
pub(super) async fn one(
    tx: &mut TenantTx,
    invocation: InvocationId,
) -> Result<Option<Stored>, BillingError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select invocation_id, seed_id, function_id, request_id, version, config_version, price_sheet, engine_epoch, outcome,
            trigger, bill_class, fuel, memory_peak_bytes, duration_us, input_bytes, output_bytes, log_bytes, alias,
            encode(input_sha256, 'hex') as "input_sha256!", encode(output_sha256, 'hex') as "output_sha256!"
        from meter_record
        where tenant_id = $1 and invocation_id = $2
        "#,
        tx.tenant().uuid(),
        invocation.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(Row::read).transpose()?)
}

impl Row {
    fn read(self) -> anyhow::Result<Stored> {
        let small = |number: i32| u32::try_from(number).context("a stored number is not negative");
        let large = |number: i64| u64::try_from(number).context("a stored number is not negative");
        let code = |number: i16| u8::try_from(number).ok();
        let invocation_id = InvocationId::from(self.invocation_id);
        Ok(Stored {
            price_sheet: small(self.price_sheet)?,
            record: Record {
                invocation_id,
                seed_id: self.seed_id.into(),
                function_id: self.function_id.into(),
                version: small(self.version)?,
                config_version: small(self.config_version)?,
                engine_epoch: u16::try_from(self.engine_epoch).context("an epoch is positive")?,
                alias: self.alias.map(TryInto::try_into).transpose()?,
                trigger: code(self.trigger)
                    .and_then(Trigger::from_code)
                    .context("a known trigger")?,
                outcome: code(self.outcome)
                    .and_then(Outcome::from_code)
                    .context("a known outcome")?,
                bill_class: code(self.bill_class)
                    .and_then(BillClass::from_code)
                    .context("a known bill class")?,
                request_id: self.request_id.into(),
                started_at_ms: invocation_id.unix_ms(),
                duration_us: small(self.duration_us)?,
                fuel: large(self.fuel)?,
                memory_peak_bytes: large(self.memory_peak_bytes)?,
                input_bytes: small(self.input_bytes)?,
                output_bytes: small(self.output_bytes)?,
                log_bytes: small(self.log_bytes)?,
                input_sha256: self.input_sha256,
                output_sha256: self.output_sha256,
                cost: String::new(),
            },
        })
    }
}
