//! `Idempotency-Key`: what a caller may send, and what follows from it.

use cartwright_domain::ids::{FunctionId, TenantId};
use cartwright_domain::problem::Code;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::Fingerprint;
use crate::admission::Refusal;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const CHARACTERS_MAX: usize = 255;

/// The name that a caller gave to a request, so that its repeat is known for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(Box<str>);

/// Within what a key names one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// Calls of one function.
    Function(FunctionId),
    /// Calls of all functions that are bound to one target.
    Target(&'a str),
}

impl IdempotencyKey {
    /// The key of a request, if it has one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut sent = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = sent.next() else {
            return Ok(None);
        };
        if sent.next().is_some() {
            return Err(refusal("it was sent more than once"));
        }
        Self::parse(value).map(Some).map_err(refusal)
    }

    /// A string in quotes, as the standard's draft has it, or the same without them.
    fn parse(value: &HeaderValue) -> Result<Self, &'static str> {
        let text = value
            .to_str()
            .map_err(|_| "it is not visible ASCII")?
            .trim();
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => bare(text)?,
        };
        match key.len() {
            0 => Err("it is empty"),
            1..=CHARACTERS_MAX => Ok(Self(key.into())),
            _ => Err("it is longer than 255 characters"),
        }
    }

    /// What the key's place in Redis is called.
    pub(super) fn place(&self, tenant: TenantId, scope: Scope<'_>) -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(b"cw idempotency")
            .chain_update(tenant.as_bytes());
        self.hashed_in(scope, hash)
    }

    /// What a run under this key is billed once by: see `MeterRecord::charge_key`. A function that is called by itself and
    /// by its target under the same key ran for two requests, and is billed for both. So is one that was asked for something
    /// else under a key that Redis has forgotten.
    pub(crate) fn charge_key(
        &self,
        tenant: TenantId,
        function: FunctionId,
        scope: Scope<'_>,
        asked: &Fingerprint,
    ) -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(b"cw charge")
            .chain_update(tenant.as_bytes())
            .chain_update(function.as_bytes())
            .chain_update(asked);
        self.hashed_in(scope, hash)
    }

    fn hashed_in(&self, scope: Scope<'_>, hash: Sha256) -> [u8; 32] {
        let hash = match scope {
            Scope::Function(id) => hash.chain_update([0]).chain_update(id.as_bytes()),
            // A name holds no NUL, so that it cannot run into the key.
            Scope::Target(name) => hash.chain_update([1]).chain_update(name).chain_update([0]),
        };
        hash.chain_update(self.0.as_bytes()).finalize().into()
    }
}

/// The inside of a quoted string, of which `quoted` lacks the first quote.
fn unquoted(quoted: &str) -> Result<String, &'static str> {
    let mut key = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    loop {
        match letters.next() {
            Some('"') => break,
            Some('\\') => match letters.next() {
                Some(letter @ ('"' | '\\')) => key.push(letter),
                _ => return Err("in quotes, `\\` stands before `\"` or `\\` only"),
            },
            Some(letter @ ' '..='~') => key.push(letter),
            Some(_) => return Err("it is not visible ASCII"),
            None => return Err("its closing quote is missing"),
        }
    }
    match letters.next() {
        None => Ok(key),
        Some(_) => Err("something follows its closing quote"),
    }
}

fn bare(text: &str) -> Result<String, &'static str> {
    let fits = |letter: u8| letter.is_ascii_graphic() && !b"\"\\,;".contains(&letter);
    if text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("without quotes it may not hold spaces, quotes, backslashes, commas or semicolons")
    }
}

fn refusal(why: &str) -> Refusal {
    Refusal::new(
        Code::InvalidRequest,
        format!(
            "the header `Idempotency-Key` cannot be used: {why}. Send one key of 1 to {CHARACTERS_MAX} characters, new for \
             each request and the same for its repeats, such as a UUID"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Option<IdempotencyKey>, String> {
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(IDEMPOTENCY_KEY, value)]);
        IdempotencyKey::of(&headers).map_err(|refusal| {
            assert_eq!(refusal.problem.code, Code::InvalidRequest);
            refusal.problem.detail
        })
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        let named = |text: &str| Ok(Some(IdempotencyKey(text.into())));
        assert_eq!(IdempotencyKey::of(&HeaderMap::new()).unwrap(), None);
        assert_eq!(key("order-7:1/a=b"), named("order-7:1/a=b"));
        assert_eq!(key("\"order-7:1/a=b\""), named("order-7:1/a=b"));
        assert_eq!(key(r#""a \"b\" \\ c""#), named(r#"a "b" \ c"#));
        assert_eq!(key(&"k".repeat(255)), named(&"k".repeat(255)));
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        let long = "k".repeat(256);
        for (text, says) in [
            ("", "it is empty"),
            ("\"\"", "it is empty"),
            (long.as_str(), "longer than 255"),
            ("a b", "without quotes"),
            ("a,b", "without quotes"),
            ("\"a", "closing quote is missing"),
            ("\"a\";v=1", "follows its closing quote"),
            ("\"a\\n\"", "stands before"),
            ("schlüssel", "not visible ASCII"),
        ] {
            let said = key(text).expect_err(text);
            assert!(said.contains(says), "{text}: {said}");
        }
        let mut twice = HeaderMap::new();
        for value in ["a", "b"] {
            twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static(value));
        }
        let refusal = IdempotencyKey::of(&twice).unwrap_err();
        assert!(refusal.problem.detail.contains("more than once"));
    }

    #[test]
    fn no_two_requests_share_a_place_or_a_charge() {
        let (ada, bob) = (TenantId::new(), TenantId::new());
        let (f, g) = (FunctionId::new(), FunctionId::new());
        let (one, other) = (IdempotencyKey("1".into()), IdempotencyKey("2".into()));
        let scopes = [
            Scope::Function(f),
            Scope::Function(g),
            Scope::Target("cart.discount"),
            Scope::Target("cart.discounts"),
        ];
        let mut all = std::collections::HashSet::new();
        let mut count = 0;
        for tenant in [ada, bob] {
            for key in [&one, &other] {
                for scope in scopes {
                    all.insert(key.place(tenant, scope));
                    all.insert(key.charge_key(tenant, f, scope, &[0; 32]));
                    all.insert(key.charge_key(tenant, f, scope, &[1; 32]));
                    count += 3;
                }
            }
        }
        assert_eq!(all.len(), count);
    }
}
