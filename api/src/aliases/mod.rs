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
use crate::auth::{Caller, FunctionDeploy, FunctionRead, GateWrite, Permission, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::functions::store::id_of;
use crate::gates;
use crate::page::{Page, PageRequest};
use crate::versions::{self, Status};

/// A reason to go over a gate, at most.
const OVER_GATE_CHARS_MAX: usize = 500;

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
    /// Why it went over the alias' gate, in the words of who moved it; null when it did not.
    #[schema(required)]
    over_gate: Option<String>,
}

/// Where to point an alias.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AliasChange {
    /// A version that is ready.
    version: i32,
    /// Why to go over the alias' gate if it refuses the move: kept with the move, and in the audit log. Needs the permission
    /// `gate:write`.
    #[schema(min_length = 1, max_length = 500)]
    over_gate: Option<String>,
}

/// The wish to point an alias at a version that is ready.
pub(crate) struct Wish<'a> {
    /// Which version.
    pub(crate) version: i32,
    /// When it was made, where it waited for its version since. It gives way to a later one.
    pub(crate) asked_at: Option<DateTime<Utc>>,
    /// Why to go over the gate.
    pub(crate) over_gate: Option<&'a str>,
}

impl Wish<'_> {
    /// A wish of now.
    pub(crate) fn to(version: i32) -> Self {
        Self {
            version,
            asked_at: None,
            over_gate: None,
        }
    }
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
        (status = 409, description = "`conflict`: the version is not ready, or the alias' gate refuses it; then `errors[]` says what is missing"),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<FunctionDeploy>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
    Json(change): Json<AliasChange>,
) -> Result<Json<Alias>, ApiError> {
    if let Some(reason) = &change.over_gate {
        check_reason(reason, &tenant.caller)?;
    }
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
    let wish = Wish {
        over_gate: change.over_gate.as_deref(),
        ..Wish::to(change.version)
    };
    point(&mut tx, &by, &name, function_id, &alias, wish).await?;
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

/// Going over a gate takes a reason, and who may set the gate.
fn check_reason(reason: &str, caller: &Caller) -> Result<(), ApiError> {
    if !caller.may(GateWrite::ROW) {
        return Err(ApiError::Forbidden(
            "going over a gate needs the permission gate:write, which owners and admins have"
                .to_owned(),
        ));
    }
    match reason.trim().chars().count() {
        1..=OVER_GATE_CHARS_MAX => Ok(()),
        count => Err(ApiError::InvalidMembers(vec![Violation {
            pointer: "/over_gate".to_owned(),
            detail: format!("must say why in 1 to {OVER_GATE_CHARS_MAX} characters; got {count}"),
        }])),
    }
}

/// Point an alias at a version that is ready, if its gate lets it: keep the move, note it in the audit log, and tell the executors.
pub(crate) async fn point(
    tx: &mut TenantTx,
    by: &str,
    function: &FunctionName,
    function_id: FunctionId,
    alias: &AliasName,
    wish: Wish<'_>,
) -> Result<(), ApiError> {
    let missing = gates::missing(tx, function_id, alias, wish.version).await?;
    let over_gate = match (missing.as_slice(), wish.over_gate) {
        ([], _) => None,
        (_, Some(reason)) => Some(reason),
        (missing, None) => return Err(gates::refusal(alias, wish.version, missing)),
    };
    let version = wish.version;
    let wish = Wish { over_gate, ..wish };
    match store::point(tx, function_id, alias.as_str(), &wish, by).await? {
        Pointed::Moved => {
            let target = audit::target("alias", &format!("{function}/{alias}"));
            tx.note_tenant_change().await?;
            audit::append(tx, by, "alias.move", &target, None, Some(&version)).await?;
            if let Some(reason) = over_gate {
                audit::append(tx, by, "alias.over_gate", &target, None, Some(&reason)).await?;
            }
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
