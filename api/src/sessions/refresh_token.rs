//! Refresh tokens as they travel: 256 bits from nowhere, in the body or, for the console, in a cookie that no script reads.

use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// Names the client. The console's browser keeps its refresh token in a cookie; requiring this header on top of
/// `SameSite=Strict` keeps other pages from spending it.
const CLIENT: &str = "cartwright-client";
const COOKIE_NAME: &str = "cartwright_refresh";

/// A refresh token. Only its hash is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken(pub(super) [u8; 32]);

impl RefreshToken {
    /// A new one, for a new session.
    pub(super) fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
        Ok(Self(bytes))
    }

    /// The token that this text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// What is stored of it.
    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The text that its holder keeps.
    pub(super) fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// Whether the console asks, which gets its refresh token as a cookie.
pub(super) fn is_console(headers: &HeaderMap) -> bool {
    headers
        .get(CLIENT)
        .is_some_and(|client| client == "console")
}

/// The token in the console's cookie.
pub(super) fn from_cookie(headers: &HeaderMap) -> Option<RefreshToken> {
    if !is_console(headers) {
        return None;
    }
    let mut cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = cookies.find(|(name, _)| *name == COOKIE_NAME)?;
    RefreshToken::parse(value)
}

/// The cookie that keeps this token for so long, or deletes it.
pub(super) fn cookie(
    token: Option<&RefreshToken>,
    lifetime_s: i64,
    headers: &HeaderMap,
) -> HeaderValue {
    let (value, age) = token.map_or((String::new(), 0), |token| (token.expose(), lifetime_s));
    // Behind a proxy that ends TLS, the proxy says so. Who says so falsely only makes their own cookie stricter.
    let by_https = headers
        .get("x-forwarded-proto")
        .is_some_and(|protocol| protocol == "https");
    let secure = if by_https { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_NAME}={value}; Path=/v1/auth; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&cookie).expect("a cookie of base64 and ASCII words is a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_comes_back_only_from_the_console() {
        let token = RefreshToken::generate().unwrap();
        let set = cookie(Some(&token), 60, &HeaderMap::new());
        let set = set.to_str().unwrap();
        assert!(
            set.contains("; Path=/v1/auth; Max-Age=60; HttpOnly; SameSite=Strict"),
            "{set}"
        );
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_str(&format!("other=1; {pair}")).unwrap(),
        );
        assert!(from_cookie(&headers).is_none());
        headers.insert(CLIENT, HeaderValue::from_static("console"));
        assert!(from_cookie(&headers) == Some(token));
    }

    #[test]
    fn a_text_that_is_no_token_is_none() {
        for bad in [
            "",
            "short",
            &"A".repeat(44),
            &"!".repeat(43),
            &"A".repeat(10_000),
        ] {
            assert!(RefreshToken::parse(bad).is_none(), "{bad}");
        }
    }
}
