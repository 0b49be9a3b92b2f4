//! The tenant itself: its name, its settings, and how one comes to be. The operator's view of all is [`crate::platform`].

pub(crate) mod store;

use axum::extract::State;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TenantSlug;
use cartwright_role::extract::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Caller, Role, Scope, Tenant, TenantRead, TenantWrite, permissions_of};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::limits::{self, LimitOverridesSchema};
use crate::wrapping::Wrapping;
use crate::{audit, text};

/// Which runs leave a run log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum RunLogRetention {
    /// None.
    None,
    /// Those that did not end `ok`.
    Errors,
    /// All.
    All,
}

/// Whether the tenant's functions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum TenantState {
    /// They do.
    Active,
    /// The operator stopped them.
    Suspended,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its name in addresses and headers, which never changes.
    pub(crate) slug: String,
    /// Its name as people see it.
    pub(crate) name: String,
    /// Whether its functions run.
    pub(crate) state: TenantState,
    /// Which runs leave a run log, with their input and output.
    pub(crate) run_log_retention: RunLogRetention,
    /// Lower limits that the tenant sets for all its functions.
    #[schema(value_type = LimitOverridesSchema)]
    pub(crate) limits: types::Json<LimitOverrides>,
    /// Lower limits that the platform sets for it.
    #[schema(value_type = LimitOverridesSchema)]
    pub(crate) platform_limits: types::Json<LimitOverrides>,
    /// When it was created.
    pub(crate) created_at: DateTime<Utc>,
}

/// A tenant, and who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantAndCaller {
    #[serde(flatten)]
    tenant: TenantView,
    /// The code of its plan.
    plan: String,
    /// Base URL at which its functions are invoked.
    invoke_url: String,
    /// Who asks, and what they may do here.
    caller: CallerView,
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallerView {
    /// As `created_by` and the audit log name them: `user:<id>`, `key:<id>` or `platform:<id>`.
    actor: String,
    /// The e-mail address of a person.
    #[schema(required)]
    email: Option<String>,
    /// The role of a person.
    #[schema(required)]
    role: Option<Role>,
    /// The scopes of a key.
    #[schema(required)]
    scopes: Option<Vec<Scope>>,
    /// Every permission that they have, such as `function:write`.
    permissions: Vec<&'static str>,
}

/// What to change of a tenant. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantChange {
    /// Its name as people see it, 1 to 200 characters.
    name: Option<String>,
    /// Which runs leave a run log, from now on.
    run_log_retention: Option<RunLogRetention>,
    /// Other limits, in place of all that were set.
    #[schema(value_type = Option<LimitOverridesSchema>)]
    limits: Option<LimitOverrides>,
}

/// Get the tenant
///
/// Also who asks, and what they may do.
#[utoipa::path(
    get, path = "/v1/tenant", operation_id = "get_tenant", tag = "Tenant",
    responses((status = 200, description = "The tenant", body = TenantAndCaller))
)]
pub(crate) async fn get(
    guard: Tenant<TenantRead>,
    State(app): State<App>,
) -> Result<Json<TenantAndCaller>, ApiError> {
    let mut tx = app.database.tenant_tx(guard.id).await?;
    let tenant = store::find(&mut tx).await?;
    let plan = store::plan_of(&mut tx).await?;
    let mut caller = CallerView {
        actor: guard.caller.actor(),
        email: None,
        role: None,
        scopes: None,
        permissions: permissions_of(&guard.caller),
    };
    match &guard.caller {
        Caller::User { id, role } => {
            caller.email = store::email_of(&mut tx, *id).await?;
            caller.role = Some(*role);
        }
        Caller::Key { scopes, .. } => caller.scopes = Some(scopes.clone()),
        Caller::Platform { .. } => {}
    }
    let invoke_url = app.invoke_url.clone();
    Ok(Json(TenantAndCaller {
        tenant,
        plan,
        invoke_url,
        caller,
    }))
}

/// Change the tenant's settings
#[utoipa::path(
    patch, path = "/v1/tenant", operation_id = "update_tenant", tag = "Tenant",
    request_body = TenantChange,
    responses((status = 200, description = "The tenant", body = TenantView))
)]
pub(crate) async fn update(
    guard: Tenant<TenantWrite>,
    State(app): State<App>,
    Json(change): Json<TenantChange>,
) -> Result<Json<TenantView>, ApiError> {
    change.limits.as_ref().map_or(Ok(()), limits::check)?;
    change
        .name
        .as_deref()
        .map_or(Ok(()), |name| text::check_label("/name", name))?;
    let mut tx = app.database.tenant_tx(guard.id).await?;
    let before = store::find(&mut tx).await?;
    store::update(
        &mut tx,
        change.name.as_deref(),
        change.run_log_retention,
        change.limits.as_ref(),
    )
    .await?;
    let after = store::find(&mut tx).await?;
    let target = audit::target("tenant", &after.slug);
    let actor = guard.caller.actor();
    audit::append(
        &mut tx,
        &actor,
        "tenant.update",
        &target,
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.note_tenant_change().await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// Make the tenant of this transaction: its row, its seed key, the default plan.
pub(crate) async fn create(
    tx: &mut TenantTx,
    wrapping: &Wrapping,
    slug: &TenantSlug,
    name: &str,
) -> Result<(), ApiError> {
    let seed_key = wrapping.new_seed_key(tx.tenant())?;
    store::insert(tx, slug, name, &seed_key).await?;
    store::assign_default_plan(tx).await?;
    tx.note_tenant_change().await
}
