//! Whether a webhook is from who knows the secret. Works on the bytes as they came, before anything reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::{Sha256, Sha512};

use super::scheme::{Algorithm, Encoding, Scheme, Settings};

/// Seconds that a signed time may be from ours, both ends included.
const TOLERANCE_S: i64 = 300;

/// Signatures in one header that are tried. Senders have two while they change a secret.
const SIGNATURES_MAX: usize = 16;

/// Why a webhook is not believed. Says the rule, and nothing that helps to forge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("a header that the signature needs is missing, sent twice or no text")]
    Header,
    #[error("the time of sending must be Unix seconds within five minutes of now")]
    Time,
    #[error("no signature fits the body and any of the source's secrets")]
    Signature,
}

/// Check the signature with every secret; the time is Unix seconds.
pub(super) fn check(
    scheme: Scheme,
    settings: &Settings,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[Vec<u8>],
    now_s: i64,
) -> Result<(), Refusal> {
    let (given, algorithm, signed): (Vec<Vec<u8>>, _, Vec<&[u8]>) = match scheme {
        Scheme::StandardWebhooks => {
            let (id, at) = (
                one(headers, "webhook-id")?,
                one(headers, "webhook-timestamp")?,
            );
            in_time(at, now_s)?;
            let list = one(headers, "webhook-signature")?;
            let given = list.split(' ').take(SIGNATURES_MAX);
            let given =
                given.filter_map(|each| decoded(each.strip_prefix("v1,")?, Encoding::Base64));
            let signed = vec![id.as_bytes(), b".", at.as_bytes(), b".", body];
            (given.collect(), Algorithm::Sha256, signed)
        }
        Scheme::Shopify => {
            let given = decoded(one(headers, "x-shopify-hmac-sha256")?, Encoding::Base64);
            (given.into_iter().collect(), Algorithm::Sha256, vec![body])
        }
        Scheme::Github => {
            let given = one(headers, "x-hub-signature-256")?;
            let given = given
                .strip_prefix("sha256=")
                .and_then(|hex| decoded(hex, Encoding::Hex));
            (given.into_iter().collect(), Algorithm::Sha256, vec![body])
        }
        Scheme::Hmac => {
            let given = one(headers, &settings.signature_header)?;
            let given = given.strip_prefix(settings.prefix.as_str());
            let given = given.and_then(|text| decoded(text, settings.encoding));
            let signed = signed_parts(settings, headers, body, now_s)?;
            (given.into_iter().collect(), settings.algorithm, signed)
        }
    };
    // All of them, whichever fits: how long it takes says nothing about which did.
    let mut fits = false;
    for secret in secrets {
        for signature in &given {
            fits |= match algorithm {
                Algorithm::Sha256 => fits_one::<Hmac<Sha256>>(secret, &signed, signature),
                Algorithm::Sha512 => fits_one::<Hmac<Sha512>>(secret, &signed, signature),
            };
        }
    }
    if fits {
        Ok(())
    } else {
        Err(Refusal::Signature)
    }
}

/// The text of a header that came once.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut sent = headers.get_all(name).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return Err(Refusal::Header);
    };
    value.to_str().map_err(|_| Refusal::Header)
}

fn in_time(at: &str, now_s: i64) -> Result<(), Refusal> {
    // Only digits: a plus or a space would be another text with the same number, and so another signed text.
    let digits = !at.is_empty() && at.len() <= 12 && at.bytes().all(|byte| byte.is_ascii_digit());
    let at: Option<i64> = at.parse().ok().filter(|_| digits);
    match at {
        Some(at) if (at - now_s).abs() <= TOLERANCE_S => Ok(()),
        _ => Err(Refusal::Time),
    }
}

/// What a sender of the scheme `hmac` signs: the settings' text with its places filled.
fn signed_parts<'a>(
    settings: &'a Settings,
    headers: &'a HeaderMap,
    body: &'a [u8],
    now_s: i64,
) -> Result<Vec<&'a [u8]>, Refusal> {
    let mut parts = Vec::new();
    let mut rest = settings.signed.as_str();
    if let Some(header) = &settings.timestamp_header {
        in_time(one(headers, header)?, now_s)?;
    }
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        parts.push(before.as_bytes());
        let named =
            |header: &'a Option<String>| one(headers, header.as_deref().unwrap_or_default());
        let (length, part) = if from.starts_with("{body}") {
            (6, body)
        } else if from.starts_with("{timestamp}") {
            (11, named(&settings.timestamp_header)?.as_bytes())
        } else if from.starts_with("{id}") {
            (4, named(&settings.id_header)?.as_bytes())
        } else {
            (1, &from.as_bytes()[..1])
        };
        parts.push(part);
        rest = &from[length..];
    }
    parts.push(rest.as_bytes());
    Ok(parts)
}

fn decoded(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => STANDARD.decode(text).ok(),
    }
}

/// In constant time, and of the whole length.
fn fits_one<M: Mac + KeyInit>(secret: &[u8], signed: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret) else {
        return false;
    };
    for part in signed {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
