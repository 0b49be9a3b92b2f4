//! When a schedule would fire, before it is created or changed.

use cartwright_role::extract::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NEXT_RUNS, firings, utc};
use crate::auth::{ScheduleRead, Tenant};
use crate::error::ApiError;

/// A rule and its zone, of a schedule that may come to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleRule {
    /// When: minute, hour, day of month, month, day of week, as of a schedule.
    #[schema(example = "30 2 * * MON-FRI")]
    cron: String,
    /// The zone whose clock counts, by its IANA name.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin", default = "UTC")]
    timezone: String,
}

/// When it would fire.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchedulePreview {
    /// The first five firings from now on; fewer where there are no more.
    next: Vec<DateTime<Utc>>,
}

/// Preview a schedule
///
/// When it would fire, reckoned as for one that is created now. Nothing is created.
#[utoipa::path(
    post, path = "/v1/schedules/preview", operation_id = "preview_schedule", tag = "Schedules",
    request_body = ScheduleRule,
    responses(
        (status = 200, description = "The next firings", body = SchedulePreview),
        (status = 400, description = "`invalid_request`, as for creating one: `errors[]` has the place"),
    )
)]
pub(crate) async fn preview(
    _: Tenant<ScheduleRead>,
    Json(rule): Json<ScheduleRule>,
) -> Result<Json<SchedulePreview>, ApiError> {
    let next = firings(&rule.cron, &rule.timezone, NEXT_RUNS).await?;
    Ok(Json(SchedulePreview { next }))
}
