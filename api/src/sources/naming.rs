//! What a webhook that is believed is called: its id, its type, its time.

use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::scheme::{Scheme, Settings};
use super::signature::one;
use crate::error::ApiError;
use crate::event_types::check_name;
use crate::events::data::is_time;
use crate::events::id_flaw;

/// The names of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) external_id: String,
    pub(super) event_type: String,
    pub(super) occurred_at: Option<DateTime<Utc>>,
}

/// What Standard Webhooks recommends of a body.
#[derive(Default, Deserialize)]
struct Recommended {
    r#type: Option<String>,
    timestamp: Option<DateTime<Utc>>,
}

/// The names of a webhook.
pub(super) fn names(
    scheme: Scheme,
    settings: &Settings,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Named, ApiError> {
    let header = |name: &str| {
        one(headers, name)
            .map(str::to_owned)
            .map_err(|_| ApiError::Invalid(format!("the header {name} must be sent, once")))
    };
    let default = settings.event_type.clone();
    let named = match scheme {
        Scheme::StandardWebhooks => {
            // A body may be any JSON; the recommended members are taken where they are such.
            let recommended: Recommended = serde_json::from_slice(body).unwrap_or_default();
            Named {
                external_id: header("webhook-id")?,
                event_type: recommended
                    .r#type
                    .filter(|name| check_name(name).is_ok())
                    .unwrap_or(default),
                occurred_at: recommended.timestamp,
            }
        }
        Scheme::Shopify => {
            let topic = header("x-shopify-topic")?;
            let parts = [
                header("x-shopify-shop-domain")?,
                topic.clone(),
                header("x-shopify-webhook-id")?,
            ];
            let at = one(headers, "x-shopify-triggered-at").ok();
            Named {
                external_id: parts.join(" "),
                event_type: format!("shopify/{topic}"),
                occurred_at: at.and_then(|at| at.parse().ok()),
            }
        }
        Scheme::Github => Named {
            external_id: header("x-github-delivery")?,
            event_type: format!("github/{}", header("x-github-event")?),
            occurred_at: None,
        },
        Scheme::Hmac => {
            let of = |name: &Option<String>| name.as_deref().map(header).transpose();
            let digest = || format!("sha256:{}", hex::encode(Sha256::digest(body)));
            let at = settings.timestamp_header.as_deref();
            let at: Option<i64> = at.and_then(|name| one(headers, name).ok()?.parse().ok());
            Named {
                external_id: of(&settings.id_header)?.unwrap_or_else(digest),
                event_type: of(&settings.type_header)?.unwrap_or(default),
                occurred_at: at.and_then(|at| DateTime::from_timestamp(at, 0)),
            }
        }
    };
    // A time that nobody can mean is none.
    let occurred_at = named.occurred_at.filter(|at| is_time(*at));
    let named = Named {
        occurred_at,
        ..named
    };
    if let Some(rule) = id_flaw(&named.external_id) {
        return Err(ApiError::Invalid(format!("the webhook's id {rule}")));
    }
    check_name(&named.event_type)
        .map_err(|rule| ApiError::Invalid(format!("the webhook's type {rule}")))?;
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        };
        of.iter().map(header).collect()
    }

    #[test]
    fn a_shopify_webhook_is_told_by_shop_topic_and_id() {
        let sent = headers(&[
            ("x-shopify-topic", "orders/paid"),
            ("x-shopify-shop-domain", "ada.myshopify.com"),
            ("x-shopify-webhook-id", "b54557e4"),
            ("x-shopify-triggered-at", "2026-01-02T03:04:05.678Z"),
        ]);
        let named = names(Scheme::Shopify, &Settings::default(), &sent, b"{}").unwrap();
        assert_eq!(named.external_id, "ada.myshopify.com orders/paid b54557e4");
        assert_eq!(named.event_type, "shopify/orders/paid");
        assert_eq!(
            named.occurred_at.unwrap().timestamp_millis(),
            1_767_323_045_678
        );
        assert!(
            names(
                Scheme::Shopify,
                &Settings::default(),
                &HeaderMap::new(),
                b"{}"
            )
            .is_err()
        );
    }

    #[test]
    fn a_standard_webhook_has_the_type_that_its_body_recommends() {
        let sent = headers(&[("webhook-id", "msg_1")]);
        let named = |body: &[u8]| {
            names(Scheme::StandardWebhooks, &Settings::default(), &sent, body).unwrap()
        };
        let body = br#"{"type":"user.created","timestamp":"2026-01-02T03:04:05Z","data":{}}"#;
        assert_eq!(named(body).event_type, "user.created");
        assert!(named(body).occurred_at.is_some());
        for other in [&b"[1]"[..], br#"{"type": 7}"#, br#"{"type": "a b"}"#] {
            assert_eq!(named(other).event_type, "webhook");
        }
    }

    #[test]
    fn what_no_header_names_is_told_by_its_digest() {
        let named = names(Scheme::Hmac, &Settings::default(), &HeaderMap::new(), b"{}").unwrap();
        assert!(named.external_id.starts_with("sha256:44136fa355b3678a"));
        assert_eq!(named.event_type, "webhook");
    }
}
