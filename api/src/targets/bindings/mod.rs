//! Which functions of a tenant run at a target, in which order, and what the failure of one means.

use std::collections::HashSet;

use axum::extract::State;
use cartwright_domain::names::{AliasName, FunctionName, TargetName};
use cartwright_domain::wire::BINDINGS_MAX;
use cartwright_role::extract::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store as targets;
use crate::app::App;
use crate::audit;
use crate::auth::{FunctionDeploy, FunctionRead, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::page::Page;

mod store;

pub(crate) use store::target_bound_to;

/// What the failure of one function means for a call of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum OnError {
    /// The results of the others stand, and its own says what went wrong.
    Skip,
    /// The call fails with what went wrong.
    Fail,
}

/// A function to run at a target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBinding {
    /// The function, which must answer this target.
    #[schema(value_type = String, example = "volume-discount")]
    function: FunctionName,
    /// What its failure means for the call.
    on_error: OnError,
    /// The alias by which it runs.
    #[serde(default = "AliasName::live")]
    #[schema(value_type = Option<String>, example = "live")]
    alias: AliasName,
}

/// A function that runs at a target.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Binding {
    /// The function.
    function: String,
    /// What its failure means for the call.
    on_error: OnError,
    /// The alias by which it runs.
    alias: String,
    /// The version that the alias points at now.
    version: i32,
}

/// List the functions that run at a target
///
/// In the order in which a call answers with their results.
#[utoipa::path(
    get, path = "/v1/targets/{target}/bindings", operation_id = "list_bindings", tag = "Targets",
    params(("target" = String, Path, description = "The target's name")),
    responses(
        (status = 200, description = "All of them", body = Page<Binding>),
        (status = 404, description = "`not_found`: no such target"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(target): Path<TargetName>,
) -> Result<Json<Page<Binding>>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let terms = targets::terms(tx.connection(), &target).await?;
    terms.ok_or(ApiError::NotFound("target"))?;
    Ok(Json(Page::whole(store::list(&mut tx, &target).await?)))
}

/// Say which functions run at a target
///
/// The whole list, at most 25, in the order in which a call answers; an empty one unbinds all. Each function must answer the
/// target and have a version behind its alias. New calls see it within 100 ms, at worst 5 s.
#[utoipa::path(
    put, path = "/v1/targets/{target}/bindings", operation_id = "put_bindings", tag = "Targets",
    params(("target" = String, Path, description = "The target's name")),
    request_body = Vec<NewBinding>,
    responses(
        (status = 200, description = "All of them", body = Page<Binding>),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of each entry that cannot be bound, and why"),
        (status = 404, description = "`not_found`: no such target"),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<FunctionDeploy>,
    State(app): State<App>,
    Path(target): Path<TargetName>,
    Json(new): Json<Vec<NewBinding>>,
) -> Result<Json<Page<Binding>>, ApiError> {
    if new.len() > BINDINGS_MAX {
        return Err(ApiError::Invalid(format!(
            "a target runs at most {BINDINGS_MAX} functions of a tenant; got {}",
            new.len()
        )));
    }
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let terms = targets::terms(tx.connection(), &target).await?;
    terms.ok_or(ApiError::NotFound("target"))?;
    // Locks the tenant: of two who bind at once, one comes after the other.
    tx.note_tenant_change().await?;
    let before = store::list(&mut tx, &target).await?;
    store::delete_all(&mut tx, &target).await?;
    let refused = bind(&mut tx, &target, &new).await?;
    if !refused.is_empty() {
        return Err(ApiError::InvalidMembers(refused));
    }
    let after = store::list(&mut tx, &target).await?;
    let (actor, what) = (
        tenant.caller.actor(),
        audit::target("target", target.as_str()),
    );
    audit::append(
        &mut tx,
        &actor,
        "target.bind",
        &what,
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(Page::whole(after)))
}

/// Bind each, and tell which could not be.
async fn bind(
    tx: &mut TenantTx,
    target: &TargetName,
    new: &[NewBinding],
) -> Result<Vec<Violation>, ApiError> {
    let mut refused = Vec::new();
    let mut seen = HashSet::new();
    for (at, (ord, binding)) in (1_i16..).zip(new).enumerate() {
        let NewBinding {
            function, alias, ..
        } = binding;
        let mut refuse = |member: &str, detail: String| {
            refused.push(Violation {
                pointer: format!("/{at}/{member}"),
                detail,
            });
        };
        if !seen.insert(function) {
            refuse(
                "function",
                format!("\"{function}\" is bound further up already; a function is bound once"),
            );
            continue;
        }
        let Some(found) = store::candidate(tx, function, alias).await? else {
            refuse("function", format!("there is no function \"{function}\""));
            continue;
        };
        if found.target.as_deref() != Some(target.as_str()) {
            let answers = found.target.as_deref().unwrap_or("no target");
            refuse(
                "function",
                format!(
                    "\"{function}\" answers {answers}: change that with PATCH /v1/functions/{function} {{\"target\": \"{target}\"}}"
                ),
            );
        } else if found.version.is_none() {
            refuse(
                "alias",
                format!(
                    "\"{function}\" has no alias \"{alias}\": upload a version and promote it first"
                ),
            );
        } else {
            store::insert(tx, target, ord, found.function_id, binding).await?;
        }
    }
    Ok(refused)
}
