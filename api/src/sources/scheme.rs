//! How a source's sender signs, and what of its settings is refused.

use http::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::Violation;
use crate::event_types::check_name;

/// How a sender signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Scheme {
    /// Standard Webhooks v1: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// Shopify: `X-Shopify-Hmac-Sha256`.
    Shopify,
    /// GitHub: `X-Hub-Signature-256`.
    Github,
    /// Any other HMAC, as `settings` says.
    Hmac,
}

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Algorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// Hexadecimal, in letters of either case.
    #[default]
    Hex,
    /// Base64, padded.
    Base64,
}

/// What differs from one sender to the next. `event_type` is for the schemes `hmac` and `standard_webhooks`, the rest for `hmac`
/// alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The type of events that name none; `webhook` when absent.
    pub(super) event_type: String,
    /// The header with the signature.
    #[schema(example = "x-signature")]
    pub(super) signature_header: String,
    /// The hash.
    pub(super) algorithm: Algorithm,
    /// How the signature is written.
    pub(super) encoding: Encoding,
    /// What stands before the signature in its header, such as `sha256=`.
    pub(super) prefix: String,
    /// What is signed: `{body}` once, and `{timestamp}` and `{id}` where they are signed too.
    #[schema(example = "{timestamp}.{body}")]
    pub(super) signed: String,
    /// The header with the time of sending in Unix seconds, which must be signed and within five minutes of now.
    pub(super) timestamp_header: Option<String>,
    /// The header with the sender's id of the event; without, the body's digest is its id.
    pub(super) id_header: Option<String>,
    /// The header with the event's type.
    pub(super) type_header: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            event_type: "webhook".to_owned(),
            signature_header: "x-signature".to_owned(),
            algorithm: Algorithm::default(),
            encoding: Encoding::default(),
            prefix: String::new(),
            signed: "{body}".to_owned(),
            timestamp_header: None,
            id_header: None,
            type_header: None,
        }
    }
}

impl Settings {
    /// Those that a scheme looks at, as they are shown.
    pub(super) fn used_by(&self, scheme: Scheme) -> Result<Map<String, Value>, serde_json::Error> {
        let Value::Object(mut all) = serde_json::to_value(self)? else {
            return Ok(Map::new());
        };
        all.retain(|member, _| match scheme {
            Scheme::Hmac => true,
            Scheme::StandardWebhooks => member == "event_type",
            Scheme::Shopify | Scheme::Github => false,
        });
        Ok(all)
    }

    /// What of these cannot stand with a scheme.
    pub(super) fn violations(&self, scheme: Scheme) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse = |member: &str, detail: String| {
            found.push(Violation {
                pointer: format!("/settings/{member}"),
                detail,
            });
        };
        if let Err(rule) = check_name(&self.event_type) {
            refuse("event_type", rule);
        }
        if scheme != Scheme::Hmac {
            let mut fixed = Self::default();
            let says = if scheme == Scheme::StandardWebhooks {
                fixed.event_type.clone_from(&self.event_type);
                "only `event_type` can be set with this scheme, which fixes the rest"
            } else {
                "nothing can be set with this scheme: its senders name the type of every event, and it fixes the rest"
            };
            if *self != fixed {
                refuse("", says.to_owned());
            }
            return found;
        }
        let headers = [
            ("signature_header", Some(&self.signature_header)),
            ("timestamp_header", self.timestamp_header.as_ref()),
            ("id_header", self.id_header.as_ref()),
            ("type_header", self.type_header.as_ref()),
        ];
        for (member, name) in headers {
            if name.is_some_and(|name| name.len() > 100 || name.parse::<HeaderName>().is_err()) {
                refuse(
                    member,
                    "must be the name of a header, of at most 100 characters".to_owned(),
                );
            }
        }
        if self.prefix.len() > 100 || !self.prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            refuse(
                "prefix",
                "must be at most 100 visible ASCII characters".to_owned(),
            );
        }
        let count = |part: &str| self.signed.matches(part).count();
        if count("{body}") != 1 || self.signed.len() > 200 || self.signed.contains('\0') {
            refuse(
                "signed",
                "must have `{body}` once, and at most 200 bytes".to_owned(),
            );
        }
        if (count("{timestamp}") == 1) != self.timestamp_header.is_some() {
            refuse("timestamp_header", "`signed` must have `{timestamp}` once where there is this header, and not where there is none: an unsigned time proves nothing".to_owned());
        }
        if count("{id}") > usize::from(self.id_header.is_some()) {
            refuse(
                "id_header",
                "`signed` has `{id}`, so say which header has it".to_owned(),
            );
        }
        found
    }
}
