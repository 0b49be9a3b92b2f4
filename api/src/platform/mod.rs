//! The operator's side: every tenant, by the platform's key.

mod store;

use axum::extract::State;
use cartwright_domain::ids::TenantId;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TenantSlug;
use cartwright_role::extract::{Json, Path, Query};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Platform, PlatformTenants};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::limits::{self, LimitOverridesSchema};
use crate::members::{self, Invitation, NewMember};
use crate::page::{Page, PageRequest};
use crate::sessions::email::EmailAddress;
use crate::tenants::{self, TenantState, TenantView};
use crate::{audit, text};

/// A tenant to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    /// Its name in addresses: 1 to 63 lowercase letters, digits and hyphens, beginning with a letter.
    #[schema(value_type = String)]
    slug: TenantSlug,
    /// Its name as people see it; the slug when absent.
    name: Option<String>,
    /// Lower limits that the platform sets for it.
    #[serde(default)]
    #[schema(value_type = Option<LimitOverridesSchema>)]
    limits: LimitOverrides,
    /// Whom to invite as its owner.
    #[schema(value_type = Option<String>, format = "email")]
    owner_email: Option<EmailAddress>,
}

/// A new tenant.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedTenant {
    #[serde(flatten)]
    tenant: TenantView,
    /// The invitation of its owner, if one was asked for. Its secret is never shown again.
    #[schema(required)]
    owner: Option<Invitation>,
}

/// What the platform changes of a tenant. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformTenantChange {
    /// Its name as people see it.
    name: Option<String>,
    /// `suspended` stops its functions within 5 s; `active` lets them run again.
    state: Option<TenantState>,
    /// Other limits by the platform, in place of all that it had set.
    #[schema(value_type = Option<LimitOverridesSchema>)]
    limits: Option<LimitOverrides>,
}

/// List every tenant
///
/// The oldest first.
#[utoipa::path(
    get, path = "/v1/platform/tenants", operation_id = "list_tenants", tag = "Platform",
    params(PageRequest),
    responses((status = 200, description = "A page of tenants", body = Page<TenantView>))
)]
pub(crate) async fn list(
    _: Platform<PlatformTenants>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<TenantView>>, ApiError> {
    let after: Option<TenantId> = request.after()?;
    let mut crossing = app.database.crossing().await?;
    let tenants = store::list(&mut crossing, after, request.rows()?).await?;
    Ok(Json(Page::of(tenants, &request, |tenant| tenant.id)?))
}

/// Create a tenant
#[utoipa::path(
    post, path = "/v1/platform/tenants", operation_id = "create_tenant", tag = "Platform",
    request_body = NewTenant,
    responses(
        (status = 201, description = "The tenant", body = CreatedTenant),
        (status = 409, description = "`conflict`: a tenant with this name exists already"),
    )
)]
pub(crate) async fn create(
    platform: Platform<PlatformTenants>,
    State(app): State<App>,
    Json(new): Json<NewTenant>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<CreatedTenant>,
    ),
    ApiError,
> {
    limits::check(&new.limits)?;
    let name = new.name.as_deref().unwrap_or(new.slug.as_str());
    text::check_label("/name", name)?;
    let actor = platform.caller.actor();
    let mut tx = app.database.tenant_tx(TenantId::new()).await?;
    tenants::create(&mut tx, &app.wrapping, &new.slug, name).await?;
    tenants::store::update_by_platform(&mut tx, None, None, Some(&new.limits)).await?;
    let tenant = tenants::store::find(&mut tx).await?;
    let target = audit::target("tenant", &tenant.slug);
    audit::append(
        &mut tx,
        &actor,
        "tenant.create",
        &target,
        None,
        Some(&tenant),
    )
    .await?;
    let owner = match new.owner_email {
        Some(email) => Some(members::issue(&mut tx, &NewMember::owner(email), &actor).await?),
        None => None,
    };
    tx.commit().await?;
    let created = Json(CreatedTenant { tenant, owner });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], created))
}

/// Get any tenant
#[utoipa::path(
    get, path = "/v1/platform/tenants/{tenant}", operation_id = "get_any_tenant", tag = "Platform",
    params(("tenant" = String, Path, description = "Its name or id")),
    responses(
        (status = 200, description = "The tenant", body = TenantView),
        (status = 404, description = "`not_found`: no such tenant"),
    )
)]
pub(crate) async fn get(
    _: Platform<PlatformTenants>,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> Result<Json<TenantView>, ApiError> {
    let mut tx = tenant_named(&app, &tenant).await?;
    Ok(Json(tenants::store::find(&mut tx).await?))
}

/// Suspend, activate or limit a tenant
#[utoipa::path(
    patch, path = "/v1/platform/tenants/{tenant}", operation_id = "update_any_tenant", tag = "Platform",
    params(("tenant" = String, Path, description = "Its name or id")),
    request_body = PlatformTenantChange,
    responses(
        (status = 200, description = "The tenant", body = TenantView),
        (status = 404, description = "`not_found`: no such tenant"),
    )
)]
pub(crate) async fn update(
    platform: Platform<PlatformTenants>,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(change): Json<PlatformTenantChange>,
) -> Result<Json<TenantView>, ApiError> {
    change.limits.as_ref().map_or(Ok(()), limits::check)?;
    change
        .name
        .as_deref()
        .map_or(Ok(()), |name| text::check_label("/name", name))?;
    let mut tx = tenant_named(&app, &tenant).await?;
    let before = tenants::store::find(&mut tx).await?;
    let (name, limits) = (change.name.as_deref(), change.limits.as_ref());
    tenants::store::update_by_platform(&mut tx, name, change.state, limits).await?;
    let after = tenants::store::find(&mut tx).await?;
    let (actor, target) = (
        platform.caller.actor(),
        audit::target("tenant", &after.slug),
    );
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

/// A transaction of the tenant with this slug or id.
pub(crate) async fn tenant_named(app: &App, slug_or_id: &str) -> Result<TenantTx, ApiError> {
    let mut crossing = app.database.crossing().await?;
    let id = store::find(&mut crossing, slug_or_id).await?;
    drop(crossing);
    app.database.tenant_tx(id).await
}
