//! `cartwright-api keys`: the secrets of an installation, made from the system's randomness and printed once.

mod store;

use std::fmt::Write;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_domain::wire::Role;
use chrono::{DateTime, SecondsFormat, Utc};
use ed25519_dalek::SigningKey;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

/// What to make.
#[derive(clap::Subcommand)]
pub(crate) enum KeysCommand {
    /// Print fresh values of every secret of an installation, as NAME=value lines for an environment file.
    Generate,
    /// Make a key of the platform, and print it. It is stored as a hash only, so it cannot be printed again.
    Platform(PlatformKeyConfig),
    /// List the keys of the platform: id, when it was made, whether it is revoked, name.
    List(OwnerConfig),
    /// Revoke a key of the platform for good. Executors refuse it within 5 s.
    Revoke(RevokeConfig),
}

/// What making a key of the platform needs.
#[derive(clap::Args)]
pub(crate) struct PlatformKeyConfig {
    /// What it is for, such as `shop-backend`.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    owner: OwnerConfig,
}

/// Which key to revoke.
#[derive(clap::Args)]
pub(crate) struct RevokeConfig {
    /// The key's id, as `keys list` prints it: the part of the key between `cw_platform_` and its secret.
    #[arg(long)]
    id: String,
    #[command(flatten)]
    owner: OwnerConfig,
}

/// Where the keys are.
#[derive(clap::Args)]
pub(crate) struct OwnerConfig {
    /// Postgres, as the owner of the database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

impl OwnerConfig {
    async fn connect(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect(self.database_url.expose_secret())
            .await
            .context("cannot reach Postgres at DATABASE_URL")
    }
}

/// Fresh secrets, a line each. What is derived from another stands below it.
pub(crate) fn generate() -> anyhow::Result<String> {
    let mut lines = String::new();
    let mut line = |name: &str, value: &str| writeln!(lines, "{name}={value}");
    let artifact_seed = random()?;
    let artifact_public = SigningKey::from_bytes(&artifact_seed).verifying_key();
    line(
        "CARTWRIGHT_ARTIFACT_SIGNING_KEY",
        &STANDARD.encode(artifact_seed),
    )?;
    line(
        "CARTWRIGHT_ARTIFACT_VERIFY_KEY",
        &STANDARD.encode(artifact_public.as_bytes()),
    )?;
    line("CARTWRIGHT_TOKEN_SIGNING_KEY", &STANDARD.encode(random()?))?;
    line("CARTWRIGHT_SECRETS_KEY", &STANDARD.encode(random()?))?;
    let mut callers = Vec::new();
    for role in Role::ALL {
        let credential = format!(
            "cw_int_{}_{}",
            role.as_str(),
            URL_SAFE_NO_PAD.encode(random()?)
        );
        callers.push(format!(
            "{}={}",
            role.as_str(),
            hex::encode(Sha256::digest(&credential))
        ));
        let name = format!("CARTWRIGHT_{}_CREDENTIAL", role.as_str().to_uppercase());
        line(&name, &credential)?;
    }
    line("CARTWRIGHT_INTERNAL_CALLERS", &callers.join(","))?;
    for login in ["OWNER", "API", "WORKER", "BILLING"] {
        let name = format!("CARTWRIGHT_{login}_DATABASE_PASSWORD");
        line(&name, &hex::encode(&random()?[..24]))?;
    }
    line("CARTWRIGHT_S3_SECRET", &hex::encode(&random()?[..20]))?;
    Ok(lines)
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

/// Make a key of the platform, store its hash, and answer with the key.
pub(crate) async fn platform_key(config: PlatformKeyConfig) -> anyhow::Result<String> {
    let mut owner = config.owner.connect().await?;
    let key = ApiKey::generate(KeyKind::Platform);
    store::insert_platform_key(&mut owner, &key, &config.name)
        .await
        .context("cannot store the key; DATABASE_URL must be the owner's, and migrated")?;
    Ok(key.expose().to_owned())
}

/// Every key of the platform, a line each. Their secrets are nowhere.
pub(crate) async fn list_platform_keys(config: OwnerConfig) -> anyhow::Result<String> {
    let mut owner = config.connect().await?;
    let keys = store::platform_keys(&mut owner)
        .await
        .context("cannot read the keys; DATABASE_URL must be the owner's, and migrated")?;
    let mut lines = String::new();
    for key in keys {
        let state = match key.revoked_at {
            Some(at) => format!("revoked {}", second(at)),
            None => "valid".to_owned(),
        };
        let (id, made, name) = (key.key_id, second(key.created_at), key.name);
        writeln!(lines, "{id}\tmade {made}\t{state}\t{name}")?;
    }
    Ok(lines)
}

/// Revoke a key of the platform, and answer what was done.
pub(crate) async fn revoke_platform_key(config: RevokeConfig) -> anyhow::Result<String> {
    let mut owner = config.owner.connect().await?;
    let revoked = store::revoke_platform_key(&mut owner, &config.id)
        .await
        .context("cannot revoke the key; DATABASE_URL must be the owner's, and migrated")?;
    let revoked = revoked.with_context(|| {
        format!(
            "no key of the platform has the id {:?}; `cartwright-api keys list` shows those that there are",
            config.id
        )
    })?;
    let (id, name) = (config.id, revoked.name);
    Ok(match revoked.before {
        None => format!("Revoked the platform key {id} ({name}); executors refuse it within 5 s."),
        Some(at) => format!(
            "The platform key {id} ({name}) was revoked already, {}.",
            second(at)
        ),
    })
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_fresh_and_the_callers_are_the_credentials() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        for (ours, theirs) in one.lines().zip(two.lines()) {
            assert_ne!(ours, theirs);
        }
        let value = |name: &str| {
            one.lines()
                .find_map(|line| line.strip_prefix(&format!("{name}=")))
                .unwrap()
        };
        let callers: cartwright_role::internal::Callers =
            value("CARTWRIGHT_INTERNAL_CALLERS").parse().unwrap();
        for role in Role::ALL {
            let credential = value(&format!(
                "CARTWRIGHT_{}_CREDENTIAL",
                role.as_str().to_uppercase()
            ));
            assert_eq!(callers.identify(credential), Some(role));
        }
    }
}
