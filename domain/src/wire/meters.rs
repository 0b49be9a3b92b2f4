//! Meter batches on their way in, and what billing tells of them.

use serde::{Deserialize, Serialize};

use crate::ids::{FunctionId, InvocationId, RequestId, TenantId, WriterId};
use crate::limits::Limits;
use crate::names::AliasName;
use crate::outcome::{BillClass, Outcome, Trigger};
use crate::price::UnitPrices;

/// `POST writers`: an executor process begins a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterRegistration {
    /// New with every start.
    pub writer_id: WriterId,
    /// The engine of the process.
    pub engine_epoch: u16,
    /// When it started, in milliseconds since the Unix epoch, by its own clock.
    pub started_at_ms: u64,
}

/// Answer to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterAck {
    /// The sequence number that billing expects next of this writer.
    pub next_seq: u64,
    /// Billing's clock, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

/// Answer to a batch: everything below this sequence number is durable in Postgres.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAck {
    /// The sequence number that billing expects next of this writer.
    pub next_seq: u64,
}

/// A meter record as billing tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub invocation_id: InvocationId,
    /// What its clock and randomness derived from: the id of the first attempt, mostly its own.
    pub seed_id: InvocationId,
    /// What ran.
    pub function_id: FunctionId,
    /// Which version.
    pub version: u32,
    /// Which configuration.
    pub config_version: u32,
    /// Which engine.
    pub engine_epoch: u16,
    /// The alias that it was called by.
    pub alias: Option<AliasName>,
    /// What started it.
    pub trigger: Trigger,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it is billed.
    pub bill_class: BillClass,
    /// The request that asked for it.
    pub request_id: RequestId,
    /// Admission, in milliseconds since the Unix epoch.
    pub started_at_ms: u64,
    /// Wall-clock time in microseconds.
    pub duration_us: u32,
    /// Fuel burned.
    pub fuel: u64,
    /// Most linear memory held, in bytes.
    pub memory_peak_bytes: u64,
    /// Input in bytes.
    pub input_bytes: u32,
    /// Output in bytes.
    pub output_bytes: u32,
    /// Log in bytes.
    pub log_bytes: u32,
    /// SHA-256 of the input, hexadecimal.
    pub input_sha256: String,
    /// SHA-256 of the output, hexadecimal.
    pub output_sha256: String,
    /// List price by the price sheet that the record names, as in `Cartwright-Cost`; `0 USD` when unbilled.
    pub cost: String,
}

/// A page of records, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordPage {
    /// The records.
    pub data: Vec<Record>,
    /// Go on below this run; `None` at the end.
    pub next_before: Option<InvocationId>,
}

/// By what usage is split, beside time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageGroup {
    /// By function.
    Function,
    /// By version of a function.
    Version,
    /// By what started the runs.
    Trigger,
}

/// The sums of one span of time, and of one group where asked for. Sums are exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// Start, RFC 3339 UTC.
    pub from: String,
    /// End, exclusive.
    pub to: String,
    /// The function, where grouped by it or by version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub function_id: Option<FunctionId>,
    /// The version, where grouped by it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<u32>,
    /// What started the runs, where grouped by it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trigger: Option<Trigger>,
    /// Runs.
    pub invocations: u64,
    /// Runs that are billed.
    pub billable_invocations: u64,
    /// Fuel.
    #[serde(with = "big_number")]
    pub fuel: u128,
    /// Fuel of the runs that are billed.
    #[serde(with = "big_number", default)]
    pub billable_fuel: u128,
    /// Memory over time, KiB·ms.
    #[serde(with = "big_number")]
    pub memory_kib_ms: u128,
    /// Input in bytes.
    #[serde(with = "big_number")]
    pub input_bytes: u128,
    /// Output in bytes.
    #[serde(with = "big_number")]
    pub output_bytes: u128,
    /// Log in bytes.
    #[serde(with = "big_number")]
    pub log_bytes: u128,
    /// Bytes sent to other hosts.
    #[serde(with = "big_number")]
    pub egress_bytes: u128,
    /// Runs answered from the cache of results.
    pub cached_hits: u64,
    /// Runs that did not end `ok`.
    pub errors: u64,
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Start, RFC 3339 UTC.
    pub from: String,
    /// End, exclusive.
    pub to: String,
}

/// What the period has cost so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The billing period: a calendar month, UTC.
    pub period: Period,
    /// The currency of every amount.
    pub currency: String,
    /// One per meter and tier.
    pub lines: Vec<EstimateLine>,
    /// Sum of the lines, each rounded once.
    pub total: String,
    /// The total at the period's end, should it go on like this.
    pub forecast: String,
    /// Up to when records were counted.
    pub as_of: String,
}

/// One line of an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimateLine {
    /// In words.
    pub description: String,
    /// How much of the unit, a decimal.
    pub quantity: String,
    /// What is counted, such as `1,000,000 invocations`.
    pub unit: String,
    /// Price of one unit, a decimal.
    pub unit_price: String,
    /// Rounded to the currency's minor unit.
    pub amount: String,
}

/// The longest spans of usage that one question covers, in days, by how long the span of a row is. The api says them
/// and billing holds to them, so that an answer stays a page and not an export.
#[derive(Debug, Clone, Copy)]
pub struct UsageDaysMax {
    /// By the minute, in days.
    pub minute: i64,
    /// By the hour, in days.
    pub hour: i64,
    /// By the day, in days.
    pub day: i64,
}

/// See [`UsageDaysMax`].
pub const USAGE_DAYS_MAX: UsageDaysMax = UsageDaysMax {
    minute: 2,
    hour: 62,
    day: 400,
};

/// A tenant's plan: what it allows and what it charges.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanTerms {
    /// Whose.
    pub tenant_id: TenantId,
    /// The plan's code, such as `standard`.
    pub plan: String,
    /// The version of the plan.
    pub plan_version: u32,
    /// What it allows.
    pub limits: Limits,
    /// The first prices that are not free.
    pub prices: UnitPrices,
    /// Runs that are free in every period.
    pub free_invocations: u64,
    /// Fuel that is free in every period.
    #[serde(with = "big_number")]
    pub free_fuel: u128,
}

/// Sums in JSON: a number up to 2^53 − 1, and a string above, which JavaScript would round.
pub mod big_number {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// The largest integer that every JSON reader keeps exact.
    const EXACT_MAX: u128 = (1 << 53) - 1;

    /// Write a sum.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize<S: Serializer>(sum: &u128, to: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(*sum) {
            Ok(number) if *sum <= EXACT_MAX => to.serialize_u64(number),
            _ => to.serialize_str(&sum.to_string()),
        }
    }

    /// Read a sum.
    ///
    /// # Errors
    /// When it is neither a whole number nor the text of one.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(number) => Ok(number.into()),
            Written::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}
