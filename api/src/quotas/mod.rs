//! Quotas: what a tenant and its functions may take of the fleet, who sets it, and how much is used. Executors keep to
//! them; here they are set and shown.

mod shape;
mod state;
pub(crate) mod store;
pub(crate) mod usage;

use axum::Extension;
use axum::extract::State;
use cartwright_domain::ids::RequestId;
use cartwright_domain::names::FunctionName;
use cartwright_domain::quotas::Quotas;
use cartwright_role::extract::{Json, Path};

use self::shape::{QuotaState, QuotasSchema, TenantQuotasView};
use crate::app::App;
use crate::audit;
use crate::auth::{FunctionRead, FunctionWrite, Platform, PlatformTenants, Tenant, UsageRead};
use crate::error::ApiError;
use crate::page::Page;
use crate::platform::tenant_named;

/// Get every quota
///
/// Each rule of the tenant and of its functions, with how much of it is used and left, when it begins anew, and what it
/// refused today, or would have refused.
#[utoipa::path(
    get, path = "/v1/quotas", operation_id = "list_quotas", tag = "Quotas",
    responses((status = 200, description = "The rules, the tenant's first", body = Page<QuotaState>))
)]
pub(crate) async fn list(
    tenant: Tenant<UsageRead>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
) -> Result<Json<Page<QuotaState>>, ApiError> {
    Ok(Json(Page::whole(
        state::of(&app, tenant.id, request_id).await?,
    )))
}

/// Get a function's own quotas
#[utoipa::path(
    get, path = "/v1/functions/{name}/quotas", operation_id = "get_function_quotas", tag = "Quotas",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "Its quotas", body = QuotasSchema),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn get_of_function(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<Json<Quotas>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(store::of_function(&mut tx, name.as_str()).await?))
}

/// Put a function's own quotas
///
/// In place of all that it had. They hold beside the tenant's: a run must be within both, so a function's can only be
/// lower in effect. Executors keep to them within 100 ms, at worst 5 s.
#[utoipa::path(
    put, path = "/v1/functions/{name}/quotas", operation_id = "put_function_quotas", tag = "Quotas",
    params(("name" = String, Path, description = "The function's name")),
    request_body = QuotasSchema,
    responses(
        (status = 200, description = "Its quotas", body = QuotasSchema),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn put_of_function(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Json(quotas): Json<Quotas>,
) -> Result<Json<Quotas>, ApiError> {
    shape::check(&quotas)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::of_function(&mut tx, name.as_str()).await?;
    store::set_of_function(&mut tx, name.as_str(), &quotas).await?;
    tx.note_tenant_change().await?;
    audit::append(
        &mut tx,
        &tenant.caller.actor(),
        "function.quotas",
        &audit::target("function", name.as_str()),
        Some(&before),
        Some(&quotas),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(quotas))
}

/// Get any tenant's quotas
#[utoipa::path(
    get, path = "/v1/platform/tenants/{tenant}/quotas", operation_id = "get_tenant_quotas", tag = "Platform",
    params(("tenant" = String, Path, description = "Its name or id")),
    responses(
        (status = 200, description = "The plan's, the platform's, and what holds", body = TenantQuotasView),
        (status = 404, description = "`not_found`: no such tenant"),
    )
)]
pub(crate) async fn get_of_tenant(
    _: Platform<PlatformTenants>,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> Result<Json<TenantQuotasView>, ApiError> {
    let mut tx = tenant_named(&app, &tenant).await?;
    let quotas = store::of_tenant(&mut tx).await?;
    Ok(Json(view(&quotas)))
}

/// Put a tenant's quotas
///
/// In place of all that the platform had set for it. A rule takes the place of the plan's of the same kind, be it higher
/// or lower; what is absent is the plan's.
#[utoipa::path(
    put, path = "/v1/platform/tenants/{tenant}/quotas", operation_id = "put_tenant_quotas", tag = "Platform",
    params(("tenant" = String, Path, description = "Its name or id")),
    request_body = QuotasSchema,
    responses(
        (status = 200, description = "The plan's, the platform's, and what holds", body = TenantQuotasView),
        (status = 404, description = "`not_found`: no such tenant"),
    )
)]
pub(crate) async fn put_of_tenant(
    platform: Platform<PlatformTenants>,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(quotas): Json<Quotas>,
) -> Result<Json<TenantQuotasView>, ApiError> {
    shape::check(&quotas)?;
    let mut tx = tenant_named(&app, &tenant).await?;
    let before = store::of_tenant(&mut tx).await?;
    store::set_by_platform(&mut tx, &quotas).await?;
    let after = store::of_tenant(&mut tx).await?;
    tx.note_tenant_change().await?;
    audit::append(
        &mut tx,
        &platform.caller.actor(),
        "tenant.quotas",
        &audit::target("tenant", &tenant),
        Some(&before.platform),
        Some(&quotas),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(view(&after)))
}

fn view(quotas: &store::TenantQuotas) -> TenantQuotasView {
    TenantQuotasView {
        plan: quotas.plan,
        platform: quotas.platform,
        effective: quotas.effective(),
    }
}
