//! The headers of an attempt, as Standard Webhooks v1 has them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use uuid::Uuid;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The same id with every attempt, the time of this one, and a signature by each valid secret.
pub(super) fn headers(
    message_id: Uuid,
    at: DateTime<Utc>,
    secrets: &[Vec<u8>],
    payload: &str,
) -> HeaderMap {
    let (id, timestamp) = (message_id.to_string(), at.timestamp().to_string());
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| sign(secret, &id, &timestamp, payload))
        .collect();
    let value = |text: &str| {
        HeaderValue::from_str(text).expect("ids, digits and base64 are good in a header")
    };
    HeaderMap::from_iter([
        (ID, value(&id)),
        (TIMESTAMP, value(&timestamp)),
        (SIGNATURE, value(&signatures.join(" "))),
    ])
}

fn sign(secret: &[u8], id: &str, timestamp: &str, payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.{payload}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own vector.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_valid_secret_signs() {
        let headers = headers(
            Uuid::nil(),
            DateTime::UNIX_EPOCH,
            &[vec![1; 32], vec![2; 32]],
            "{}",
        );
        let signatures: Vec<_> = headers["webhook-signature"]
            .to_str()
            .unwrap()
            .split(' ')
            .collect();
        assert_eq!(signatures.len(), 2);
        assert_ne!(signatures[0], signatures[1]);
        assert_eq!(headers["webhook-timestamp"], "0");
    }
}
