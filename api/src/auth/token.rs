//! Access tokens: JWTs that name one person in one tenant, signed with Ed25519, good for ten minutes. After RFC 9068 in
//! form and RFC 8725 in checks: one algorithm, one key, every claim required, nothing in a header is followed.

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartwright_domain::ids::{TenantId, UserId};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Role;

/// How long an access token is good, in seconds.
pub(crate) const LIFETIME_S: u64 = 600;
/// How far clocks may differ, in seconds.
const LEEWAY_S: u64 = 30;
/// Ours are around 600 bytes; nothing longer is even decoded.
const LENGTH_MAX: usize = 2048;
const TYPE: &str = "at+jwt";
const ISSUER: &str = "cartwright-api";
const AUDIENCE: &str = "cartwright-control-plane";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The person.
    sub: UserId,
    /// The tenant, the only one that it is good for.
    tenant: TenantId,
    /// The person's role when it was issued, for whoever reads it; what counts is the membership as it stands.
    role: Role,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: Uuid,
}

impl Claims {
    /// Who.
    pub(crate) fn user(&self) -> UserId {
        self.sub
    }

    /// In which tenant.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// Issues and checks access tokens.
pub(crate) struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    public: [u8; 32],
    key_id: String,
    validation: Validation,
}

impl Tokens {
    /// With the key whose seed this is, base64.
    pub(crate) fn new(seed: &SecretString) -> anyhow::Result<Self> {
        let seed: [u8; 32] = STANDARD
            .decode(seed.expose_secret())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                anyhow!("CARTWRIGHT_TOKEN_SIGNING_KEY must be 32 bytes in base64; `cartwright-api keys generate` makes one")
            })?;
        let key = SigningKey::from_bytes(&seed);
        let public = key.verifying_key().to_bytes();
        let der = key
            .to_pkcs8_der()
            .context("the signing key cannot be encoded")?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_S;
        Ok(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: DecodingKey::from_ed_der(&public),
            public,
            key_id: thumbprint(&public),
            validation,
        })
    }

    /// A token for this person in this tenant. `now_s` is in seconds since the Unix epoch.
    pub(crate) fn issue(
        &self,
        user: UserId,
        tenant: TenantId,
        role: Role,
        now_s: u64,
    ) -> anyhow::Result<String> {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            tenant,
            role,
            iat: now_s,
            nbf: now_s,
            exp: now_s + LIFETIME_S,
            jti: Uuid::now_v7(),
        };
        jsonwebtoken::encode(&header, &claims, &self.signing).context("a token cannot be signed")
    }

    /// What this token says, if it is one of ours and good now; else why not, in words that help its holder alone.
    pub(crate) fn check(&self, token: &str) -> Result<Claims, &'static str> {
        use jsonwebtoken::errors::ErrorKind;
        const FOREIGN: &str = "this is no access token of this installation; sign in again";
        if token.len() > LENGTH_MAX || !self.has_our_header(token) {
            return Err(FOREIGN);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation);
        let claims = decoded
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => {
                    "this access token is no longer good; refresh it or sign in again"
                }
                ErrorKind::ImmatureSignature => {
                    "this access token is not good yet; check the clock"
                }
                _ => FOREIGN,
            })?
            .claims;
        // No token of ours lives longer, whoever may have had the key sign it.
        if claims.exp.saturating_sub(claims.iat) > LIFETIME_S {
            return Err(FOREIGN);
        }
        Ok(claims)
    }

    /// Whether the header is, to the letter, one that we write: any other algorithm, key, type or extension is refused
    /// before a signature is looked at.
    fn has_our_header(&self, token: &str) -> bool {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct OurHeader {
            typ: String,
            alg: String,
            kid: String,
        }
        let written = token.split('.').next().unwrap_or_default();
        URL_SAFE_NO_PAD
            .decode(written)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<OurHeader>(&bytes).ok())
            .is_some_and(|header| {
                header.typ == TYPE && header.alg == "EdDSA" && header.kid == self.key_id
            })
    }

    /// The public key, as a JWK set (RFC 7517, RFC 8037).
    pub(crate) fn jwks(&self) -> serde_json::Value {
        serde_json::json!({"keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.key_id,
            "x": URL_SAFE_NO_PAD.encode(self.public),
        }]})
    }
}

/// The key's name: its JWK thumbprint (RFC 7638), so that the same key has the same name in every process.
fn thumbprint(public: &[u8; 32]) -> String {
    let canonical = format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(public)
    );
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}
