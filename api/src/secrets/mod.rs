//! `cartwright-api keys`: the secrets of an installation, made from the system's randomness and printed once.

mod store;

use std::fmt::Write;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartwright_domain::api_key::{ApiKey, KeyKind};
use cartwright_domain::wire::Role;
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
}

/// What making a key of the platform needs.
#[derive(clap::Args)]
pub(crate) struct PlatformKeyConfig {
    /// What it is for, such as `shop-backend`.
    #[arg(long)]
    name: String,
    /// Postgres, as the owner of the database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
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
    let mut owner = PgConnection::connect(config.database_url.expose_secret())
        .await
        .context("cannot reach Postgres at DATABASE_URL")?;
    let key = ApiKey::generate(KeyKind::Platform);
    store::insert_platform_key(&mut owner, &key, &config.name)
        .await
        .context("cannot store the key; DATABASE_URL must be the owner's, and migrated")?;
    Ok(key.expose().to_owned())
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
