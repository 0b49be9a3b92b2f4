//! Fetches an artifact from the object store, by a short-lived address that the api gives out.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cartwright_domain::ids::RequestId;
use cartwright_domain::wire::ArtifactLocation;
use cartwright_role::internal::Peer;

use super::Artifact;
use crate::mint;

/// The whole download. Whoever waits for it would rather be told than wait longer.
const DOWNLOAD: Duration = Duration::from_secs(20);

/// The way to the object store. It holds no keys of it.
pub(super) struct Fetcher {
    api: Peer,
    http: reqwest::Client,
}

impl Fetcher {
    pub(super) fn new(api: Peer) -> Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(DOWNLOAD)
            .pool_idle_timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()
            .context("the client for the object store cannot be set up")?;
        Ok(Self { api, http })
    }

    /// The bytes that the store has under this artifact's digest. Whether they are right is for the caller to check.
    pub(super) async fn fetch(&self, artifact: &Artifact) -> Result<Vec<u8>> {
        let path = format!(
            "artifacts/{}/{}",
            artifact.key.tenant_id,
            hex::encode(artifact.key.sha256)
        );
        let request_id = RequestId::from_bytes(mint::id_bytes());
        let location: ArtifactLocation = self
            .api
            .get_json(&path, request_id)
            .await
            .context("the api does not say where the artifact is")?;
        let mut answer = self
            .http
            .get(location.url)
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .context("the object store does not answer")?;
        ensure!(
            answer.status().is_success(),
            "the object store answered {}",
            answer.status()
        );
        let length =
            usize::try_from(artifact.bytes).context("the artifact is larger than memory")?;
        let mut bytes = Vec::with_capacity(length);
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(reqwest::Error::without_url)
            .context("the object store stopped in the middle")?
        {
            ensure!(
                bytes.len() + chunk.len() <= length,
                "the object store sends more than the artifact's {length} bytes"
            );
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
