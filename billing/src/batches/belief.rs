//! What billing does not believe of a record by looking at it alone. Whether its version exists is for the database.

use cartwright_domain::limits::Limits;
use cartwright_domain::meter::MeterRecord;
use cartwright_domain::outcome::BillClass;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Version;

/// How far an executor's clock may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(10);

/// How old a record may be: a segment that was found on the disk of a machine that came back still counts.
const AGE_MAX: TimeDelta = TimeDelta::days(400);

/// Why not to believe a record; `None` for most. The word is that of `set_aside.cause`.
pub(super) fn doubt(record: &MeterRecord, now: DateTime<Utc>) -> Option<&'static str> {
    if !is_plausible_time(record, now) {
        Some("time")
    } else if record.fuel > Limits::CEILING.fuel {
        Some("fuel")
    } else if record.bill_class != BillClass::Unbilled
        && BillClass::of(record.outcome, record.trigger) == BillClass::Unbilled
    {
        // Our faults, tests and replays are billed to nobody, whatever an executor says.
        Some("class")
    } else if i16::try_from(record.engine_epoch).is_err() {
        Some("epoch")
    } else if i32::try_from(record.version).is_err() {
        Some("version")
    } else if i32::try_from(record.price_sheet).is_err() {
        Some("price")
    } else if !fits(record) {
        Some("size")
    } else {
        None
    }
}

fn is_plausible_time(record: &MeterRecord, now: DateTime<Utc>) -> bool {
    let is_v7 = record.invocation_id.uuid().get_version() == Some(Version::SortRand);
    let admitted = i64::try_from(record.invocation_id.unix_ms())
        .ok()
        .and_then(DateTime::from_timestamp_millis);
    is_v7 && admitted.is_some_and(|at| at <= now + AHEAD_MAX && at >= now - AGE_MAX)
}

/// Whether every number is one that the database holds; no run comes near what it does not.
fn fits(record: &MeterRecord) -> bool {
    let small = [
        record.config_version,
        record.duration_us,
        record.input_bytes,
        record.output_bytes,
        record.log_bytes,
        record.egress_bytes,
    ];
    let large = [record.memory_peak_bytes, record.memory_kib_ms];
    small.iter().all(|number| i32::try_from(*number).is_ok())
        && large.iter().all(|number| i64::try_from(*number).is_ok())
}
