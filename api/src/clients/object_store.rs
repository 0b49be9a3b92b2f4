//! Modules, artifacts and the data of large events in S3, by digest under their tenant. Nothing else of the api speaks to S3.

use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls;
use bytes::Bytes;
use cartwright_domain::ids::TenantId;
use chrono::NaiveDate;

use crate::error::ApiError;

/// How long an executor may take to begin fetching an artifact.
const PRESIGNED_FOR: Duration = Duration::from_secs(300);

/// Where modules and artifacts are kept.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ObjectStoreConfig {
    /// Address of an S3 service other than Amazon's own; path-style addressing is used with it. Credentials and region
    /// come from the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION.
    #[arg(long, env)]
    pub(crate) s3_endpoint: Option<String>,
    /// The bucket, which must exist.
    #[arg(long, env, default_value = "cartwright")]
    pub(crate) s3_bucket: String,
}

/// One bucket.
#[derive(Debug, Clone)]
pub(crate) struct ObjectStore {
    client: Client,
    bucket: String,
}

/// Why bytes could not be stored or had: S3 is away, refuses us, or has lost them. Each is ours, none is the caller's.
#[derive(Debug, thiserror::Error)]
#[error("the object store: {what} {key}")]
pub(crate) struct ObjectStoreError {
    what: &'static str,
    key: String,
    #[source]
    cause: anyhow::Error,
}

/// The key of a module.
pub(crate) fn module_key(tenant_id: TenantId, sha256: &[u8; 32]) -> String {
    format!("tenants/{tenant_id}/modules/{}.wasm", hex::encode(sha256))
}

/// The key of an artifact.
pub(crate) fn artifact_key(tenant_id: TenantId, sha256: &[u8; 32]) -> String {
    format!(
        "tenants/{tenant_id}/artifacts/{}.cwasm",
        hex::encode(sha256)
    )
}

/// The key of an event's data. All of a day lie under one tenant's day; a lifecycle rule on `events/` forgets what is old.
pub(crate) fn event_key(tenant_id: TenantId, day: NaiveDate, sha256: &[u8; 32]) -> String {
    format!(
        "events/{tenant_id}/{}/{}.json",
        day.format("%Y%m%d"),
        hex::encode(sha256)
    )
}

/// What a module and an artifact are, in HTTP's words.
pub(crate) const WASM: &str = "application/wasm";

impl ObjectStore {
    /// A client of the bucket. Nothing is asked of it yet.
    pub(crate) async fn new(config: &ObjectStoreConfig) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(Duration::from_secs(8))
                    .operation_timeout(Duration::from_secs(12))
                    .build(),
            )
            .load()
            .await;
        let mut s3 = aws_sdk_s3::config::Builder::from(&shared)
            // Our keys are digests already, and not every S3 service knows the newer checksum headers.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &config.s3_endpoint {
            s3 = s3.endpoint_url(endpoint).force_path_style(true);
        }
        Self {
            client: Client::from_conf(s3.build()),
            bucket: config.s3_bucket.clone(),
        }
    }

    /// Store bytes. The same key again, with the same bytes since keys are digests, changes nothing.
    pub(crate) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: &str,
    ) -> Result<(), ObjectStoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| failed("cannot store", key, &error))?;
        Ok(())
    }

    /// All bytes of an object that is at most `bytes_max` long.
    pub(crate) async fn get(&self, key: &str, bytes_max: u64) -> Result<Bytes, ObjectStoreError> {
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| failed("cannot fetch", key, &error))?;
        let length = object.content_length().unwrap_or_default();
        if u64::try_from(length).is_ok_and(|length| length > bytes_max) {
            let cause = anyhow!("it is {length} bytes long, more than {bytes_max}");
            return Err(broken("cannot fetch", key, cause));
        }
        let body = object.body.collect().await;
        body.map(aws_sdk_s3::primitives::AggregatedBytes::into_bytes)
            .context("the connection broke within the body")
            .map_err(|cause| broken("cannot fetch", key, cause))
    }

    /// Remove an object. One that is not there is removed already.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), ObjectStoreError> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| failed("cannot remove", key, &error))?;
        Ok(())
    }

    /// A URL that fetches the object without credentials, for a few minutes.
    pub(crate) async fn presign_get(&self, key: &str) -> Result<String, ObjectStoreError> {
        let expiry = PresigningConfig::expires_in(PRESIGNED_FOR)
            .expect("the time is shorter than S3's week");
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(expiry)
            .await
            .map_err(|error| failed("cannot presign", key, &error))?;
        Ok(request.uri().to_owned())
    }

    /// Make the bucket, unless it is there. For `migrate`: the roles' own credentials need not allow it.
    pub(crate) async fn create_bucket(&self) -> Result<(), ObjectStoreError> {
        if self.check().await.is_ok() {
            return Ok(());
        }
        let made = self
            .client
            .create_bucket()
            .bucket(&self.bucket)
            .send()
            .await;
        // Somebody else's `migrate` may have been first; what counts is that it answers.
        match made {
            Err(error) if self.check().await.is_err() => {
                Err(failed("cannot make the bucket", &self.bucket, &error))
            }
            _ => Ok(()),
        }
    }

    /// Whether the bucket answers.
    pub(crate) async fn check(&self) -> Result<(), ObjectStoreError> {
        self.client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(|error| failed("cannot reach the bucket", &self.bucket, &error))?;
        Ok(())
    }
}

fn failed(
    what: &'static str,
    key: &str,
    error: &(dyn std::error::Error + 'static),
) -> ObjectStoreError {
    // The SDK's errors say nothing on their own: the whole chain, as text.
    broken(what, key, anyhow!("{}", DisplayErrorContext(error)))
}

fn broken(what: &'static str, key: &str, cause: anyhow::Error) -> ObjectStoreError {
    ObjectStoreError {
        what,
        key: key.to_owned(),
        cause,
    }
}

/// A request hears that the object store is not ready; the log hears why.
impl From<ObjectStoreError> for ApiError {
    fn from(error: ObjectStoreError) -> Self {
        tracing::warn!("{error}: {:#}", error.cause);
        Self::NotReady("the object store")
    }
}
