//! Schedules: functions that run by the clock. When one fires stands in [`timing`] and [`due`], both pure; [`work`] fires.

mod due;
mod fire;
mod preview;
mod store;
mod timing;
pub(crate) mod work;

pub(crate) use due::Missed;
pub(crate) use preview::{__path_preview, preview};
pub(crate) use store::pause_of_function;

use anyhow::Context;
use axum::extract::State;
use cartwright_domain::names::FunctionName;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::store::ScheduleRow;
use self::timing::Timing;
use crate::app::App;
use crate::audit;
use crate::auth::{ScheduleRead, ScheduleWrite, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::functions;
use crate::page::{Page, PageRequest};

/// Schedules of one tenant, at most.
const SCHEDULES_MAX: i64 = 200;

/// The largest input, in bytes: it becomes the data of an event with every firing.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// Firings ahead that an answer shows.
const NEXT_RUNS: usize = 5;

/// A function that runs by the clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedule {
    /// Its id.
    id: Uuid,
    /// The function that runs.
    function: String,
    /// When: minute, hour, day of month, month, day of week.
    cron: String,
    /// The zone whose clock counts.
    timezone: String,
    /// What the function gets.
    #[schema(value_type = Object)]
    input: Box<RawValue>,
    /// What becomes of firings while every worker was down.
    missed: Missed,
    /// Whether it fires.
    paused: bool,
    /// Why it was paused, when nobody of the tenant did.
    #[schema(required)]
    paused_because: Option<String>,
    /// The next five firings; empty while it is paused.
    next_runs: Vec<DateTime<Utc>>,
    /// The last firing.
    #[schema(required)]
    last_run_at: Option<DateTime<Utc>>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Who created it.
    created_by: String,
}

/// A schedule to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSchedule {
    /// The function that runs.
    #[schema(value_type = String, example = "nightly-report")]
    function: FunctionName,
    /// When: minute, hour, day of month, month, day of week. Names of months and days, lists, ranges, steps, `L`, `W` and
    /// `#` are understood.
    #[schema(example = "30 2 * * MON-FRI")]
    cron: String,
    /// The zone whose clock counts, by its IANA name.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin", default = "UTC")]
    timezone: String,
    /// What the function gets: JSON, at most 64 KiB. `{}` when absent.
    #[serde(default = "nothing")]
    #[schema(value_type = Object)]
    input: Box<RawValue>,
    /// What becomes of firings while every worker was down.
    #[serde(default)]
    missed: Missed,
    /// Create it without firing it.
    #[serde(default)]
    paused: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn nothing() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("this is JSON")
}

/// What to change of a schedule. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleChange {
    /// Another function.
    #[schema(value_type = Option<String>)]
    function: Option<FunctionName>,
    /// Another rule. The next firing is reckoned anew, from now.
    cron: Option<String>,
    /// Another zone. The next firing is reckoned anew, from now.
    timezone: Option<String>,
    /// Another input.
    #[schema(value_type = Option<Object>)]
    input: Option<Box<RawValue>>,
    /// Another rule for missed firings.
    missed: Option<Missed>,
    /// True stops it; false lets it fire again, from now on. What it did not fire meanwhile was not missed.
    paused: Option<bool>,
}

/// Which schedules.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScheduleFilter {
    /// Those of this function.
    function: Option<String>,
}

/// A firing that somebody asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleRun {
    /// The event that it made.
    event_id: Uuid,
    /// Its delivery to the function.
    delivery_id: Uuid,
}

/// Create a schedule
#[utoipa::path(
    post, path = "/v1/schedules", operation_id = "create_schedule", tag = "Schedules",
    request_body = NewSchedule,
    responses(
        (status = 201, description = "The schedule, with its next firings", body = Schedule),
        (status = 400, description = "`invalid_request`: `errors[]` has the place: a rule that cannot be read, fires more than once \
            a minute or never, a zone that is not known"),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: the tenant has 200 schedules"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<ScheduleWrite>,
    State(app): State<App>,
    Json(new): Json<NewSchedule>,
) -> Result<(StatusCode, Json<Schedule>), ApiError> {
    check_input(&new.input)?;
    let next_at = first_firing(&new.cron, &new.timezone).await?;
    let actor = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if store::count(&mut tx).await? >= SCHEDULES_MAX {
        return Err(ApiError::Conflict(format!(
            "the tenant has {SCHEDULES_MAX} schedules: delete one that is not needed"
        )));
    }
    let function_id = functions::store::id_of(&mut tx, new.function.as_str()).await?;
    functions::store::lock(&mut tx, function_id).await?;
    let next_at = (!new.paused).then_some(next_at);
    let id = store::insert(&mut tx, function_id, &new, next_at, &actor).await?;
    let schedule = found(&mut tx, id).await?;
    audited(&mut tx, &actor, "schedule.create", None, Some(&schedule)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(schedule)))
}

/// List schedules
///
/// Oldest first.
#[utoipa::path(
    get, path = "/v1/schedules", operation_id = "list_schedules", tag = "Schedules",
    params(ScheduleFilter, PageRequest),
    responses((status = 200, description = "A page of schedules", body = Page<Schedule>))
)]
pub(crate) async fn list(
    tenant: Tenant<ScheduleRead>,
    State(app): State<App>,
    Query(filter): Query<ScheduleFilter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Schedule>>, ApiError> {
    let after = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let rows = store::list(&mut tx, filter.function.as_deref(), after, request.rows()?).await?;
    let schedules = rows.into_iter().map(Schedule::of);
    let schedules = schedules.collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::of(schedules, &request, |schedule| schedule.id)?))
}

/// Get a schedule
#[utoipa::path(
    get, path = "/v1/schedules/{id}", operation_id = "get_schedule", tag = "Schedules",
    params(("id" = Uuid, Path, description = "The schedule's id")),
    responses(
        (status = 200, description = "The schedule", body = Schedule),
        (status = 404, description = "`not_found`: no such schedule"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<ScheduleRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<Schedule>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(found(&mut tx, id).await?))
}

/// Change a schedule, pause it or let it fire again
#[utoipa::path(
    patch, path = "/v1/schedules/{id}", operation_id = "update_schedule", tag = "Schedules",
    params(("id" = Uuid, Path, description = "The schedule's id")),
    request_body = ScheduleChange,
    responses(
        (status = 200, description = "The schedule", body = Schedule),
        (status = 400, description = "`invalid_request`: `errors[]` has the place, as when it is created"),
        (status = 404, description = "`not_found`: no such schedule or function"),
        (status = 409, description = "`conflict`: its function was deleted, so it cannot fire again"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<ScheduleWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<ScheduleChange>,
) -> Result<Json<Schedule>, ApiError> {
    change.input.as_deref().map_or(Ok(()), check_input)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let mut row = store::lock(&mut tx, id).await?;
    let before = Schedule::of(row.clone())?;
    let anew = change.cron.is_some() || change.timezone.is_some() || change.paused == Some(false);
    row.take(&mut tx, change).await?;
    if anew {
        // Also while it is paused: what is kept must be fit to fire, and whoever wrote it is there to hear if it is not.
        row.next_at = Some(first_firing(&row.cron, &row.timezone).await?);
    }
    if row.paused {
        row.next_at = None;
    }
    store::update(&mut tx, &row).await?;
    let after = found(&mut tx, id).await?;
    let actor = tenant.caller.actor();
    audited(
        &mut tx,
        &actor,
        "schedule.update",
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// Delete a schedule
///
/// What it fired before goes its way.
#[utoipa::path(
    delete, path = "/v1/schedules/{id}", operation_id = "delete_schedule", tag = "Schedules",
    params(("id" = Uuid, Path, description = "The schedule's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such schedule"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<ScheduleWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = Schedule::of(store::lock(&mut tx, id).await?)?;
    store::delete(&mut tx, id).await?;
    let actor = tenant.caller.actor();
    audited(&mut tx, &actor, "schedule.delete", Some(&before), None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Run a schedule's function now
///
/// With the schedule's input, beside its firings and whether or not it is paused.
#[utoipa::path(
    post, path = "/v1/schedules/{id}/run", operation_id = "run_schedule", tag = "Schedules",
    params(("id" = Uuid, Path, description = "The schedule's id")),
    responses(
        (status = 202, description = "What was queued", body = ScheduleRun),
        (status = 404, description = "`not_found`: no such schedule"),
        (status = 409, description = "`conflict`: its function was deleted"),
    )
)]
pub(crate) async fn run(
    tenant: Tenant<ScheduleWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<ScheduleRun>), ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = store::lock(&mut tx, id).await?;
    if row.function_deleted {
        return Err(without_function(&row));
    }
    let run = fire::now(&mut tx, &row).await?;
    let (actor, target) = (
        tenant.caller.actor(),
        audit::target("schedule", &id.to_string()),
    );
    audit::append(&mut tx, &actor, "schedule.run", &target, None, Some(&run)).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

impl Schedule {
    fn of(row: ScheduleRow) -> Result<Self, ApiError> {
        let next_runs = match row.next_at {
            None => Vec::new(),
            Some(next_at) => {
                let mut all = vec![next_at];
                all.extend(row.timing()?.upcoming(next_at, NEXT_RUNS - 1));
                all
            }
        };
        Ok(Self {
            id: row.schedule_id,
            function: row.function,
            cron: row.cron,
            timezone: row.timezone,
            input: RawValue::from_string(row.input).context("an input is JSON")?,
            missed: row.missed,
            paused: row.paused,
            paused_because: row.paused_because,
            next_runs,
            last_run_at: row.last_at,
            created_at: row.created_at,
            created_by: row.created_by,
        })
    }
}

impl ScheduleRow {
    fn timing(&self) -> Result<Timing, ApiError> {
        // It could be read when it was put.
        let read = Timing::read(&self.cron, &self.timezone);
        Ok(read.map_err(|broken| anyhow::anyhow!("{}", broken.detail))?)
    }

    /// Take what the change names.
    async fn take(&mut self, tx: &mut TenantTx, change: ScheduleChange) -> Result<(), ApiError> {
        if let Some(function) = change.function {
            let function_id = functions::store::id_of(tx, function.as_str()).await?;
            functions::store::lock(tx, function_id).await?;
            (self.function_id, self.function_deleted) = (function_id.uuid(), false);
        }
        self.cron = change
            .cron
            .unwrap_or_else(|| std::mem::take(&mut self.cron));
        self.timezone = change
            .timezone
            .unwrap_or_else(|| std::mem::take(&mut self.timezone));
        self.input = change.input.map_or_else(
            || std::mem::take(&mut self.input),
            |input| input.get().to_owned(),
        );
        self.missed = change.missed.unwrap_or(self.missed);
        if let Some(paused) = change.paused {
            if !paused && self.function_deleted {
                return Err(without_function(self));
            }
            (self.paused, self.paused_because) = (paused, None);
        }
        Ok(())
    }
}

fn without_function(row: &ScheduleRow) -> ApiError {
    ApiError::Conflict(format!(
        "the function \"{}\" of this schedule was deleted: PATCH /v1/schedules/{} with another `function`",
        row.function, row.schedule_id
    ))
}

/// When a rule fires first, by our clock.
async fn first_firing(cron: &str, timezone: &str) -> Result<DateTime<Utc>, ApiError> {
    let first = firings(cron, timezone, 1).await?;
    Ok(*first.first().context("a rule fires or is refused")?)
}

/// When a rule fires first and then, by our clock: so many times, one at least. Finding out that it never does takes a while,
/// in which others are served.
async fn firings(cron: &str, timezone: &str, count: usize) -> Result<Vec<DateTime<Utc>>, ApiError> {
    let timing =
        Timing::read(cron, timezone).map_err(|broken| ApiError::InvalidMembers(vec![broken]))?;
    let reckoned = tokio::task::spawn_blocking(move || timing.upcoming(Utc::now(), count));
    let firings = reckoned.await.context("reckoning firings")?;
    if firings.is_empty() {
        return Err(ApiError::InvalidMembers(vec![Violation {
            pointer: "/cron".to_owned(),
            detail: format!("never fires: there is no such date as \"{cron}\" asks for"),
        }]));
    }
    Ok(firings)
}

fn check_input(input: &RawValue) -> Result<(), ApiError> {
    let bytes = input.get().len();
    if bytes <= INPUT_BYTES_MAX {
        return Ok(());
    }
    Err(ApiError::InvalidMembers(vec![Violation {
        pointer: "/input".to_owned(),
        detail: format!("must be at most {INPUT_BYTES_MAX} bytes of JSON; got {bytes}"),
    }]))
}

async fn found(tx: &mut TenantTx, id: Uuid) -> Result<Schedule, ApiError> {
    Schedule::of(store::find(tx, id).await?)
}

async fn audited(
    tx: &mut TenantTx,
    actor: &str,
    action: &str,
    before: Option<&Schedule>,
    after: Option<&Schedule>,
) -> Result<(), ApiError> {
    let id = before.or(after).map(|schedule| schedule.id.to_string());
    let target = audit::target("schedule", &id.unwrap_or_default());
    audit::append(tx, actor, action, &target, before, after).await
}
