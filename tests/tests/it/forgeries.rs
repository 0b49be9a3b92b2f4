//! Tokens that the api did not issue: made with its own key or with others, each wrong in one way.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartwright_tests::{Stack, Tenant};
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The key that the api signs with, and the parts of a token that it issued.
pub(crate) struct Forge {
    pub(crate) key: SigningKey,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) token: String,
}

impl Forge {
    pub(crate) fn of(stack: &Stack, tenant: &Tenant) -> Self {
        let seed = stack.wiring.secrets.get("CARTWRIGHT_TOKEN_SIGNING_KEY");
        let seed = STANDARD.decode(seed.unwrap()).unwrap();
        let part = |at: usize| -> Value {
            let part = tenant.access_token.split('.').nth(at).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        Self {
            key: SigningKey::from_bytes(&seed.try_into().unwrap()),
            header: part(0),
            claims: part(1),
            token: tenant.access_token.clone(),
        }
    }

    /// A token of these parts, as text, signed with the real key.
    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        sign(&self.key, header, claims)
    }

    /// The real token with members of its header changed; null takes one out.
    pub(crate) fn header(&self, changes: Value) -> String {
        let header = changed(&self.header, changes);
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    /// The real token with claims changed; null takes one out.
    pub(crate) fn claims(&self, changes: Value) -> String {
        let claims = changed(&self.claims, changes);
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    pub(crate) fn now(&self) -> i64 {
        chrono::Utc::now().timestamp()
    }

    /// With a MAC whose key is public knowledge.
    pub(crate) fn maced(&self, algorithm: Algorithm, secret: &[u8]) -> String {
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: self.header["kid"].as_str().map(str::to_owned),
            ..Header::new(algorithm)
        };
        jsonwebtoken::encode(&header, &self.claims, &EncodingKey::from_secret(secret)).unwrap()
    }
}

fn sign(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = key.sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn changed(whole: &Value, changes: Value) -> Value {
    let mut whole = whole.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(name);
        } else {
            whole[name] = value.clone();
        }
    }
    whole
}

/// Algorithms, keys and headers that are not ours.
pub(crate) fn foreign_headers(forge: &Forge) -> Vec<(&'static str, String)> {
    let public = forge.key.verifying_key().to_bytes();
    let other = SigningKey::from_bytes(&[7; 32]);
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    let unsigned = |alg: &str| {
        let header = changed(&forge.header, json!({"alg": alg})).to_string();
        format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(&claims)
        )
    };
    let own_jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(other.verifying_key().to_bytes())});
    let with_own_jwk = changed(&forge.header, json!({"jwk": own_jwk})).to_string();
    vec![
        ("alg none without a signature", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg NONE", unsigned("NONE")),
        ("alg nOnE", unsigned("nOnE")),
        (
            "alg none with our signature",
            forge.header(json!({"alg": "none"})),
        ),
        (
            "HS256 with the public key",
            forge.maced(Algorithm::HS256, &public),
        ),
        (
            "HS384 with the public key",
            forge.maced(Algorithm::HS384, &public),
        ),
        (
            "HS512 with the public key",
            forge.maced(Algorithm::HS512, &public),
        ),
        (
            "HS256 with the public key as in the JWKS",
            forge.maced(Algorithm::HS256, URL_SAFE_NO_PAD.encode(public).as_bytes()),
        ),
        (
            "HS256 with an empty key",
            forge.maced(Algorithm::HS256, b""),
        ),
        (
            "alg RS256 with our signature",
            forge.header(json!({"alg": "RS256"})),
        ),
        (
            "alg ES256 with our signature",
            forge.header(json!({"alg": "ES256"})),
        ),
        (
            "alg eddsa in small letters",
            forge.header(json!({"alg": "eddsa"})),
        ),
        ("alg missing", forge.header(json!({"alg": null}))),
        ("another key under our kid", sign(&other, &header, &claims)),
        (
            "another key, in the header",
            sign(&other, &with_own_jwk, &claims),
        ),
        ("kid missing", forge.header(json!({"kid": null}))),
        ("kid of nobody", forge.header(json!({"kid": "nobody"}))),
        (
            "kid a path",
            forge.header(json!({"kid": "../../../../dev/null"})),
        ),
        ("kid a query", forge.header(json!({"kid": "' or '1'='1"}))),
        ("kid a number", forge.header(json!({"kid": 1}))),
        (
            "jku",
            forge.header(json!({"jku": "https://example.com/jwks.json"})),
        ),
        (
            "x5u",
            forge.header(json!({"x5u": "https://example.com/key.pem"})),
        ),
        ("x5c", forge.header(json!({"x5c": ["MIIB"]}))),
        ("crit", forge.header(json!({"crit": ["exp"]}))),
        (
            "b64 false",
            forge.header(json!({"b64": false, "crit": ["b64"]})),
        ),
        ("zip", forge.header(json!({"zip": "DEF"}))),
        ("cty JWT", forge.header(json!({"cty": "JWT"}))),
        ("typ missing", forge.header(json!({"typ": null}))),
        ("typ JWT", forge.header(json!({"typ": "JWT"}))),
        (
            "typ of a refresh token",
            forge.header(json!({"typ": "rt+jwt"})),
        ),
        ("typ of an ID token", forge.header(json!({"typ": "id+jwt"}))),
        (
            "alg twice",
            forge.signed(&header.replacen('{', "{\"alg\":\"none\",", 1), &claims),
        ),
        ("a header that is a list", forge.signed("[]", &claims)),
        ("a header that is no JSON", forge.signed("{", &claims)),
    ]
}

/// Claims that are missing, wrong, early, late, or not ours to make.
pub(crate) fn foreign_claims(forge: &Forge, other_tenant: &str) -> Vec<(&'static str, String)> {
    let now = forge.now();
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    vec![
        ("iss missing", forge.claims(json!({"iss": null}))),
        (
            "iss of another",
            forge.claims(json!({"iss": "https://example.com"})),
        ),
        (
            "iss a list with ours",
            forge.claims(json!({"iss": ["cartwright-api"]})),
        ),
        ("aud missing", forge.claims(json!({"aud": null}))),
        (
            "aud of another",
            forge.claims(json!({"aud": "cartwright-executor"})),
        ),
        (
            "aud a list with ours",
            forge.claims(json!({"aud": [forge.claims["aud"], "x"]})),
        ),
        ("sub missing", forge.claims(json!({"sub": null}))),
        ("sub no id", forge.claims(json!({"sub": "admin"}))),
        (
            "sub of nobody",
            forge.claims(json!({"sub": "01900000-0000-7000-8000-000000000000"})),
        ),
        ("tenant missing", forge.claims(json!({"tenant": null}))),
        (
            "tenant of another",
            forge.claims(json!({"tenant": other_tenant})),
        ),
        (
            "tenant a list",
            forge.claims(json!({"tenant": [forge.claims["tenant"], other_tenant]})),
        ),
        ("role missing", forge.claims(json!({"role": null}))),
        (
            "role that there is not",
            forge.claims(json!({"role": "superuser"})),
        ),
        ("exp missing", forge.claims(json!({"exp": null}))),
        (
            "exp 40 s ago",
            forge.claims(json!({"iat": now - 500, "nbf": now - 500, "exp": now - 40})),
        ),
        (
            "exp text",
            forge.claims(json!({"exp": (now + 60).to_string()})),
        ),
        ("exp negative", forge.claims(json!({"exp": -1}))),
        ("exp zero", forge.claims(json!({"exp": 0}))),
        ("exp beyond all time", forge.claims(json!({"exp": 1e300}))),
        (
            "exp in a year",
            forge.claims(json!({"exp": now + 31_536_000})),
        ),
        ("nbf missing", forge.claims(json!({"nbf": null}))),
        ("nbf in 60 s", forge.claims(json!({"nbf": now + 60}))),
        ("iat missing", forge.claims(json!({"iat": null}))),
        ("jti missing", forge.claims(json!({"jti": null}))),
        (
            "a claim that is not ours",
            forge.claims(json!({"admin": true})),
        ),
        (
            "sub twice",
            forge.signed(&header, &claims.replacen('{', "{\"sub\":\"x\",", 1)),
        ),
        (
            "exp twice",
            forge.signed(&header, &claims.replacen('{', "{\"exp\":99999999999,", 1)),
        ),
        ("claims that are a list", forge.signed(&header, "[]")),
        ("claims that are no JSON", forge.signed(&header, "{")),
        (
            "claims with something behind",
            forge.signed(&header, &format!("{claims} x")),
        ),
        ("claims that are empty", forge.signed(&header, "{}")),
    ]
}

/// Texts that are a token no more, or never were.
pub(crate) fn broken(forge: &Forge) -> Vec<(&'static str, String)> {
    let parts: Vec<_> = forge.token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts")
    };
    let more = changed(&forge.claims, json!({"role": "admin"})).to_string();
    let tampered = URL_SAFE_NO_PAD.encode(more);
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[0] ^= 1;
    vec![
        ("empty", String::new()),
        ("a word", "token".to_owned()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{}.{signature}", forge.token)),
        ("five parts", "a.b.c.d.e".to_owned()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{header}.{claims}.")),
        (
            "claims changed after signing",
            format!("{header}.{tampered}.{signature}"),
        ),
        (
            "a signature with one bit flipped",
            format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(flipped)),
        ),
        (
            "a signature cut short",
            format!("{header}.{claims}.{}", &signature[..80]),
        ),
        (
            "a signature of zeros",
            format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        ),
        (
            "a signature whose S is not reduced",
            format!("{header}.{claims}.{}", unreduced(signature)),
        ),
        ("padding", format!("{header}.{claims}.{signature}==")),
        (
            "blanks around the parts",
            format!("{header} . {claims} . {signature}"),
        ),
        (
            "ten kilobytes",
            format!("{header}.{}.{signature}", "A".repeat(10_000)),
        ),
        (
            "forty kilobytes",
            format!("{header}.{}.{signature}", "A".repeat(40_000)),
        ),
    ]
}

/// The same signature with the group's order added to its second half: careless verifiers take both.
fn unreduced(signature: &str) -> String {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}
