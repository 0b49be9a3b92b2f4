//! One run that is kept: its parts as they were, shared rather than copied, and its form on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cartwright_domain::ids::{FunctionId, InvocationId, RequestId, TenantId};
use cartwright_domain::outcome::Outcome;
use cartwright_domain::wire;

use crate::admission::Done;

/// What everything but input, output and log takes, roughly.
const OVERHEAD_BYTES: usize = 256;

/// A run on its way to the api.
#[derive(Debug, Clone)]
pub(crate) struct KeptRun {
    pub(super) tenant_id: TenantId,
    invocation_id: InvocationId,
    function_id: FunctionId,
    request_id: RequestId,
    version: u32,
    outcome: Outcome,
    input: Bytes,
    output: Bytes,
    log: Bytes,
    log_truncated: bool,
    error: Option<wire::RunError>,
}

impl KeptRun {
    pub(crate) fn of(done: &Done) -> Self {
        let (granted, finished) = (&done.granted, &done.finished);
        Self {
            tenant_id: granted.resolved.tenant.id,
            invocation_id: granted.invocation_id,
            function_id: granted.resolved.function.id,
            request_id: granted.resolved.request_id,
            version: granted.resolved.version.number,
            outcome: finished.outcome,
            input: granted.input.clone(),
            output: finished.output.clone(),
            log: finished.log.clone(),
            log_truncated: finished.log_truncated(),
            error: finished.error.as_ref().map(wire_error),
        }
    }

    /// What it takes of the ring.
    pub(super) fn bytes(&self) -> usize {
        let backtrace = self
            .error
            .iter()
            .flat_map(|error| &error.backtrace)
            .map(String::len)
            .sum::<usize>();
        OVERHEAD_BYTES + self.input.len() + self.output.len() + self.log.len() + backtrace
    }

    pub(super) fn to_wire(&self) -> wire::RunLog {
        wire::RunLog {
            tenant_id: self.tenant_id,
            invocation_id: self.invocation_id,
            function_id: self.function_id,
            request_id: self.request_id,
            version: Some(self.version),
            outcome: Some(self.outcome),
            input: STANDARD.encode(&self.input),
            output: STANDARD.encode(&self.output),
            log: log_text(&self.log),
            log_truncated: self.log_truncated,
            error: self.error.clone(),
        }
    }

    #[cfg(test)]
    pub(super) fn sample(tenant: u8, bytes: usize) -> Self {
        Self {
            tenant_id: TenantId::from_bytes([tenant; 16]),
            invocation_id: InvocationId::from_bytes([0; 16]),
            function_id: FunctionId::from_bytes([0; 16]),
            request_id: RequestId::from_bytes([0; 16]),
            version: 1,
            outcome: Outcome::Ok,
            input: vec![0; bytes - OVERHEAD_BYTES].into(),
            output: Bytes::new(),
            log: Bytes::new(),
            log_truncated: false,
            error: None,
        }
    }
}

/// A guest writes bytes; people read text. NUL is text that no database column holds.
pub(crate) fn log_text(log: &[u8]) -> String {
    String::from_utf8_lossy(log).replace('\0', "\u{fffd}")
}

/// What went wrong, as the other roles know it.
pub(crate) fn wire_error(error: &cartwright_engine::RunError) -> wire::RunError {
    wire::RunError {
        message: error.message.clone(),
        limit: error.limit,
        used: error.used,
        backtrace: error.backtrace.clone(),
    }
}
