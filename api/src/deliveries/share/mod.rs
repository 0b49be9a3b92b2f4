//! What the operator gives a tenant of the queue.

mod store;

use axum::extract::State;
use cartwright_role::extract::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::audit;
use crate::auth::{Platform, PlatformTenants};
use crate::error::ApiError;
use crate::platform::tenant_named;

/// What a tenant is given of the queue beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueShare {
    /// How much of the workers' time it gets beside another whose deliveries wait too, 1 to 1,000; everybody has 1.
    #[schema(minimum = 1, maximum = 1000)]
    weight: i32,
    /// Its deliveries that run at the same time, of all workers together, 1 to 100,000; null is only what its quotas allow.
    #[schema(minimum = 1, maximum = 100000)]
    #[serde(default)]
    concurrency: Option<i32>,
}

/// Put a tenant's share of the queue
///
/// In place of what it had. Workers hear of it within seconds.
#[utoipa::path(
    put, path = "/v1/platform/tenants/{tenant}/queue", operation_id = "put_tenant_queue", tag = "Platform",
    params(("tenant" = String, Path, description = "Its name or id")),
    request_body = QueueShare,
    responses(
        (status = 200, description = "Its share", body = QueueShare),
        (status = 404, description = "`not_found`: no such tenant"),
    )
)]
pub(crate) async fn put(
    platform: Platform<PlatformTenants>,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(share): Json<QueueShare>,
) -> Result<Json<QueueShare>, ApiError> {
    share.check()?;
    let mut tx = tenant_named(&app, &tenant).await?;
    let before = store::get(&mut tx).await?;
    store::put(&mut tx, share).await?;
    audit::append(
        &mut tx,
        &platform.caller.actor(),
        "tenant.queue",
        &audit::target("tenant", &tenant),
        before.as_ref(),
        Some(&share),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(share))
}

impl QueueShare {
    fn check(self) -> Result<(), ApiError> {
        let within = |name: &str, value: i32, most: i32| match value {
            value if (1..=most).contains(&value) => Ok(()),
            other => Err(ApiError::Invalid(format!(
                "`{name}` must be 1 to {most}; got {other}"
            ))),
        };
        within("weight", self.weight, 1_000)?;
        within("concurrency", self.concurrency.unwrap_or(1), 100_000)
    }
}
