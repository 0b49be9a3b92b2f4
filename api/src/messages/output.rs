//! The output of a function that a delivery ran, as a message to the endpoint that the subscription names.

use anyhow::Context;
use cartwright_domain::ids::InvocationId;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The largest output that travels in a message, in bytes: the specification wants payloads below 20 kB. What is larger is
/// named, and fetched with the invocation's id while its run log is kept.
const OUTPUT_BYTES_MAX: usize = 19_000;

/// What ran, and what came out.
#[derive(Debug, Serialize)]
pub(crate) struct FunctionOutput<'a> {
    pub(crate) delivery_id: Uuid,
    pub(crate) event_id: Uuid,
    pub(crate) subscription_id: Uuid,
    pub(crate) function: &'a str,
    pub(crate) invocation_id: InvocationId,
    #[serde(skip)]
    pub(crate) output: &'a [u8],
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    ran: &'a FunctionOutput<'a>,
    output_bytes: usize,
    /// Null when it is too large, or no JSON.
    output: Option<&'a RawValue>,
    output_omitted: bool,
}

impl FunctionOutput<'_> {
    /// The member `data` of the message: for SQL that ends deliveries of several tenants and calls
    /// `message_output(tenant, endpoint, data)` itself.
    pub(crate) fn data(&self) -> anyhow::Result<String> {
        let fits = self.output.len() <= OUTPUT_BYTES_MAX;
        let output = fits
            .then(|| serde_json::from_slice(self.output).ok())
            .flatten();
        serde_json::to_string(&Data {
            ran: self,
            output_bytes: self.output.len(),
            output,
            output_omitted: output.is_none(),
        })
        .context("what ran is plain JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(output: &[u8]) -> serde_json::Value {
        let ran = FunctionOutput {
            delivery_id: Uuid::nil(),
            event_id: Uuid::nil(),
            subscription_id: Uuid::nil(),
            function: "discount",
            invocation_id: InvocationId::new(),
            output,
        };
        serde_json::from_str(&ran.data().unwrap()).unwrap()
    }

    #[test]
    fn an_output_travels_as_it_is_and_one_that_is_too_large_is_named() {
        let small = data(br#"{"b": 1.0, "a": 1}"#);
        assert_eq!(
            (&small["output"]["b"], &small["output_omitted"]),
            (&1.0.into(), &false.into())
        );
        let large = data(format!("\"{}\"", "x".repeat(OUTPUT_BYTES_MAX)).as_bytes());
        assert_eq!(
            (&large["output"], &large["output_omitted"]),
            (&().into(), &true.into())
        );
        assert_eq!(large["output_bytes"], OUTPUT_BYTES_MAX + 2);
        assert!(data(b"\xff\0")["output"].is_null());
    }
}
