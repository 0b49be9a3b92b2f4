//! Records as columns: one array per column, the shape in which thousands of rows travel to Postgres in one statement.

use cartwright_domain::meter::MeterRecord;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::belief::doubt;

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $of:expr,)*) => {
        /// One entry per record in each.
        #[derive(Default)]
        pub(super) struct Columns {
            /// Why a record is not believed.
            pub(super) doubt: Vec<Option<String>>,
            $($(#[$doc])* pub(super) $name: Vec<$kind>,)*
        }

        impl Columns {
            /// These records, as seen now. A number that does not fit is held at the largest that does: such a record
            /// is doubted, and set aside with its own bytes.
            pub(super) fn of(records: &[MeterRecord], now: DateTime<Utc>) -> Self {
                let mut columns = Self::default();
                columns.doubt.reserve_exact(records.len());
                $(columns.$name.reserve_exact(records.len());)*
                for record in records {
                    columns.doubt.push(doubt(record, now).map(str::to_owned));
                    $({
                        let of: fn(&MeterRecord) -> $kind = $of;
                        columns.$name.push(of(record));
                    })*
                }
                columns
            }
        }
    };
}

columns!(
    invocation_id: Uuid = |record| record.invocation_id.uuid(),
    seed_id: Uuid = |record| record.seed_id.uuid(),
    tenant_id: Uuid = |record| record.tenant_id.uuid(),
    function_id: Uuid = |record| record.function_id.uuid(),
    request_id: Uuid = |record| record.request_id.uuid(),
    version: i32 = |record| small(record.version),
    config_version: i32 = |record| small(record.config_version),
    price_sheet: i32 = |record| small(record.price_sheet),
    engine_epoch: i16 = |record| i16::try_from(record.engine_epoch).unwrap_or(i16::MAX),
    outcome: i16 = |record| record.outcome.code().into(),
    trigger: i16 = |record| record.trigger.code().into(),
    bill_class: i16 = |record| record.bill_class.code().into(),
    alias: Option<String> = |record| record.alias.as_ref().map(|name| name.as_str().to_owned()),
    fuel: i64 = |record| large(record.fuel),
    memory_peak_bytes: i64 = |record| large(record.memory_peak_bytes),
    memory_kib_ms: i64 = |record| large(record.memory_kib_ms),
    duration_us: i32 = |record| small(record.duration_us),
    input_bytes: i32 = |record| small(record.input_bytes),
    output_bytes: i32 = |record| small(record.output_bytes),
    log_bytes: i32 = |record| small(record.log_bytes),
    egress_bytes: i32 = |record| small(record.egress_bytes),
    input_sha256: Vec<u8> = |record| record.input_sha256.to_vec(),
    output_sha256: Vec<u8> = |record| record.output_sha256.to_vec(),
    /// Null when the request had no key.
    charge_key: Option<Vec<u8>> = |record| {
        (record.charge_key != [0; 32]).then(|| record.charge_key.to_vec())
    },
);

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn large(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
