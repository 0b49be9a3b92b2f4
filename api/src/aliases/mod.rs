//! Aliases: names that point at a version of a function. `live` is the one that runs when a caller names none.

pub(crate) mod store;

use axum::extract::State;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::store::Pointed;
use crate::app::App;
use crate::audit;
use crate::auth::{FunctionDeploy, FunctionRead, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::store::id_of;
use crate::page::{Page, PageRequest};
use crate::versions::{self, Status};

/// Where an alias points.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alias {
    /// Its name.
    alias: String,
    /// The version that it points at; null while `live` was never moved.
    #[schema(required)]
    version: Option<i32>,
    /// When it was moved there.
    #[schema(required)]
    moved_at: Option<DateTime<Utc>>,
    /// Who moved it.
    #[schema(required)]
    moved_by: Option<String>,
}

/// One move of an alias. A rollback is a move like any other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Move {
    /// The move.
    id: Uuid,
    /// Where it pointed before; null when nowhere.
    #[schema(required)]
    from: Option<i32>,
    /// Where it points since.
    to: i32,
    /// When.
    moved_at: DateTime<Utc>,
    /// Who moved it.
    moved_by: String,
}

/// Where to point an alias.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AliasChange {
    /// A version that is ready.
    version: i32,
}

/// List aliases
///
/// `live` is always among them, be it without a version.
#[utoipa::path(
    get, path = "/v1/functions/{name}/aliases", operation_id = "list_aliases", tag = "Aliases",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "All aliases of the function", body = Page<Alias>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<Json<Page<Alias>>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let mut aliases = store::list(&mut tx, function_id).await?;
    let live = AliasName::live();
    if aliases.iter().all(|alias| alias.alias != live.as_str()) {
        aliases.insert(
            0,
            Alias {
                alias: live.into(),
                version: None,
                moved_at: None,
                moved_by: None,
            },
        );
    }
    Ok(Json(Page::whole(aliases)))
}

/// Point an alias at a version
///
/// Creates the alias where there is none. Executors follow within 100 ms, at worst 5 s. Pointing it back is the rollback.
#[utoipa::path(
    put, path = "/v1/functions/{name}/aliases/{alias}", operation_id = "move_alias", tag = "Aliases",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("alias" = String, Path, description = "The alias, such as `live`"),
    ),
    request_body = AliasChange,
    responses(
        (status = 200, description = "Where it points now", body = Alias),
        (status = 404, description = "`not_found`: no such function or version"),
        (status = 409, description = "`conflict`: the version is not ready"),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<FunctionDeploy>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
    Json(change): Json<AliasChange>,
) -> Result<Json<Alias>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    match versions::store::status_of(&mut tx, function_id, change.version).await? {
        Status::Ready => {}
        Status::Compiling => {
            return Err(not_ready(
                change.version,
                "is still being compiled; try again when it is ready",
            ));
        }
        Status::Refused => {
            return Err(not_ready(
                change.version,
                "was refused and cannot run; its report says why",
            ));
        }
    }
    let by = tenant.caller.actor();
    point(
        &mut tx,
        &by,
        &name,
        function_id,
        &alias,
        change.version,
        None,
    )
    .await?;
    let aliases = store::list(&mut tx, function_id).await?;
    tx.commit().await?;
    let moved = aliases
        .into_iter()
        .find(|found| found.alias == alias.as_str());
    moved.map(Json).ok_or(ApiError::NotFound("alias"))
}

fn not_ready(version: i32, why: &str) -> ApiError {
    ApiError::Conflict(format!("version {version} {why}"))
}

/// Point an alias at a version that is ready: keep the move, note it in the audit log, and tell the executors.
///
/// A wish that waited for its version says when it was made, and gives way to a later one.
pub(crate) async fn point(
    tx: &mut TenantTx,
    by: &str,
    function: &FunctionName,
    function_id: FunctionId,
    alias: &AliasName,
    version: i32,
    asked_at: Option<DateTime<Utc>>,
) -> Result<(), ApiError> {
    match store::point(tx, function_id, alias.as_str(), version, by, asked_at).await? {
        Pointed::Moved => {
            let target = audit::target("alias", &format!("{function}/{alias}"));
            tx.note_tenant_change().await?;
            audit::append(tx, by, "alias.move", &target, None, Some(&version)).await?;
        }
        Pointed::Already => {}
        Pointed::Overtaken => tracing::info!(
            function.id = %function_id,
            version,
            "left {function}/{alias} where a later move put it"
        ),
    }
    Ok(())
}

/// List the moves of an alias
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/functions/{name}/aliases/{alias}/moves", operation_id = "list_alias_moves", tag = "Aliases",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("alias" = String, Path, description = "The alias, such as `live`"),
        PageRequest,
    ),
    responses(
        (status = 200, description = "A page of moves", body = Page<Move>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn moves(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Move>>, ApiError> {
    let before = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let moves = store::moves(
        &mut tx,
        function_id,
        alias.as_str(),
        before,
        request.rows()?,
    )
    .await?;
    Ok(Json(Page::of(moves, &request, |each| each.id)?))
}
