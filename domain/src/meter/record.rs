//! One meter record: everything a receipt needs of one invocation, in a fixed number of bytes.

use crate::ids::{FunctionId, InvocationId, RequestId, TenantId};
use crate::names::AliasName;
use crate::outcome::{BillClass, Outcome, Trigger};

/// Length of an encoded record, in bytes. Changing it, or anything below, needs a new frame version.
pub const RECORD_LEN: usize = 272;

/// What one invocation used, and all that its bill and its replay need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterRecord {
    /// The invocation. Its first 48 bits are its time of admission.
    pub invocation_id: InvocationId,
    /// The first attempt's id: what the guest's clock and randomness derive from.
    pub seed_id: InvocationId,
    /// Who pays.
    pub tenant_id: TenantId,
    /// What ran.
    pub function_id: FunctionId,
    /// The HTTP request that asked for it.
    pub request_id: RequestId,
    /// Which version of the function.
    pub version: u32,
    /// Which version of its configuration.
    pub config_version: u32,
    /// Which price sheet its `Cartwright-Cost` was stated by.
    pub price_sheet: u32,
    /// Which engine its fuel was counted by.
    pub engine_epoch: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// What started it.
    pub trigger: Trigger,
    /// Whether it is billed.
    pub bill_class: BillClass,
    /// The alias that it was called by, if it was.
    pub alias: Option<AliasName>,
    /// Fuel burned.
    pub fuel: u64,
    /// Most linear memory held at a time, in bytes.
    pub memory_peak_bytes: u64,
    /// Memory held over time, in KiB·ms, rounded up.
    pub memory_kib_ms: u64,
    /// Wall-clock time of the run, in microseconds.
    pub duration_us: u32,
    /// Input, in bytes.
    pub input_bytes: u32,
    /// Output, in bytes.
    pub output_bytes: u32,
    /// Log, in bytes.
    pub log_bytes: u32,
    /// Bytes sent to other hosts.
    pub egress_bytes: u32,
    /// SHA-256 of the input.
    pub input_sha256: [u8; 32],
    /// SHA-256 of the output.
    pub output_sha256: [u8; 32],
    /// SHA-256 of (tenant, function, idempotency key); zeros when the request had no key.
    pub charge_key: [u8; 32],
}

/// Why bytes are no meter record. Frames carry a checksum, so this means a writer that is not ours, or a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a meter record has an unknown {0}")]
pub struct RecordError(pub &'static str);

struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let (head, rest) = std::mem::take(&mut self.0).split_at_mut(bytes.len());
        head.copy_from_slice(bytes);
        self.0 = rest;
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N);
        self.0 = rest;
        head.try_into().expect("split_at gives N bytes")
    }
}

impl MeterRecord {
    /// The record as bytes, little-endian, in the order of the fields here.
    #[must_use]
    pub fn encode(&self) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        let mut to = Writer(&mut bytes);
        to.put(self.invocation_id.as_bytes());
        to.put(self.seed_id.as_bytes());
        to.put(self.tenant_id.as_bytes());
        to.put(self.function_id.as_bytes());
        to.put(self.request_id.as_bytes());
        to.put(&self.version.to_le_bytes());
        to.put(&self.config_version.to_le_bytes());
        to.put(&self.price_sheet.to_le_bytes());
        to.put(&self.engine_epoch.to_le_bytes());
        to.put(&[
            self.outcome.code(),
            self.trigger.code(),
            self.bill_class.code(),
        ]);
        let mut alias = [0; 32];
        if let Some(name) = &self.alias {
            alias[0] =
                u8::try_from(name.as_str().len()).expect("an alias' name has at most 31 bytes");
            alias[1..=name.as_str().len()].copy_from_slice(name.as_str().as_bytes());
        }
        to.put(&alias);
        to.put(&self.fuel.to_le_bytes());
        to.put(&self.memory_peak_bytes.to_le_bytes());
        to.put(&self.memory_kib_ms.to_le_bytes());
        for number in [
            self.duration_us,
            self.input_bytes,
            self.output_bytes,
            self.log_bytes,
            self.egress_bytes,
        ] {
            to.put(&number.to_le_bytes());
        }
        to.put(&self.input_sha256);
        to.put(&self.output_sha256);
        to.put(&self.charge_key);
        bytes
    }

    /// The record that these bytes are.
    ///
    /// # Errors
    /// When a coded field has a value that this build does not know.
    pub fn decode(bytes: &[u8; RECORD_LEN]) -> Result<Self, RecordError> {
        let mut from = Reader(bytes);
        let invocation_id = InvocationId::from_bytes(from.take());
        let seed_id = InvocationId::from_bytes(from.take());
        let tenant_id = TenantId::from_bytes(from.take());
        let function_id = FunctionId::from_bytes(from.take());
        let request_id = RequestId::from_bytes(from.take());
        let version = u32::from_le_bytes(from.take());
        let config_version = u32::from_le_bytes(from.take());
        let price_sheet = u32::from_le_bytes(from.take());
        let engine_epoch = u16::from_le_bytes(from.take());
        let [outcome, trigger, bill_class] = from.take();
        let alias: [u8; 32] = from.take();
        Ok(Self {
            invocation_id,
            seed_id,
            tenant_id,
            function_id,
            request_id,
            version,
            config_version,
            price_sheet,
            engine_epoch,
            outcome: Outcome::from_code(outcome).ok_or(RecordError("outcome"))?,
            trigger: Trigger::from_code(trigger).ok_or(RecordError("trigger"))?,
            bill_class: BillClass::from_code(bill_class).ok_or(RecordError("bill class"))?,
            alias: alias_of(&alias)?,
            fuel: u64::from_le_bytes(from.take()),
            memory_peak_bytes: u64::from_le_bytes(from.take()),
            memory_kib_ms: u64::from_le_bytes(from.take()),
            duration_us: u32::from_le_bytes(from.take()),
            input_bytes: u32::from_le_bytes(from.take()),
            output_bytes: u32::from_le_bytes(from.take()),
            log_bytes: u32::from_le_bytes(from.take()),
            egress_bytes: u32::from_le_bytes(from.take()),
            input_sha256: from.take(),
            output_sha256: from.take(),
            charge_key: from.take(),
        })
    }
}

fn alias_of(field: &[u8; 32]) -> Result<Option<AliasName>, RecordError> {
    let name = match usize::from(field[0]) {
        0 => return Ok(None),
        length => field.get(1..=length).ok_or(RecordError("alias"))?,
    };
    let name = std::str::from_utf8(name).map_err(|_| RecordError("alias"))?;
    name.parse().map(Some).map_err(|_| RecordError("alias"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::meter) fn record(n: u8) -> MeterRecord {
        MeterRecord {
            invocation_id: InvocationId::from_bytes([n; 16]),
            seed_id: InvocationId::from_bytes([n.wrapping_add(1); 16]),
            tenant_id: TenantId::from_bytes([3; 16]),
            function_id: FunctionId::from_bytes([4; 16]),
            request_id: RequestId::from_bytes([5; 16]),
            version: 6,
            config_version: 7,
            price_sheet: 8,
            engine_epoch: 9,
            outcome: Outcome::FuelExhausted,
            trigger: Trigger::Event,
            bill_class: BillClass::Run,
            alias: Some(AliasName::live()),
            fuel: u64::MAX,
            memory_peak_bytes: 1 << 40,
            memory_kib_ms: 12,
            duration_us: u32::MAX,
            input_bytes: 14,
            output_bytes: 15,
            log_bytes: 16,
            egress_bytes: 17,
            input_sha256: [18; 32],
            output_sha256: [19; 32],
            charge_key: [20; 32],
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let mut with_long_alias = record(1);
        with_long_alias.alias = Some("a".repeat(31).parse().unwrap());
        let mut without_alias = record(2);
        without_alias.alias = None;
        for record in [record(0), with_long_alias, without_alias] {
            assert_eq!(MeterRecord::decode(&record.encode()), Ok(record));
        }
    }

    #[test]
    fn every_byte_of_the_fields_is_read_back() {
        // A field that was written and not read would let two different records decode as one.
        let bytes = record(0).encode();
        for at in 0..269 {
            let mut changed = bytes;
            changed[at] ^= 1;
            let decoded = MeterRecord::decode(&changed);
            let is_alias_padding = (102..129).contains(&at);
            assert!(is_alias_padding || decoded != Ok(record(0)), "byte {at}");
        }
    }
}
