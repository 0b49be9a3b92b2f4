//! Versions: the modules of a function, immutable and numbered. Compiling them is left to [`crate::jobs`].

mod shape;
pub(crate) mod store;
mod test_run;
mod upload;
mod wait;

pub(crate) use shape::{Version, VersionDetail};
pub(crate) use test_run::{__path_test, json_or_text, test};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::extract::{Json, Path, Query};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::aliases::{self, Wish};
use crate::app::App;
use crate::audit;
use crate::auth::{FunctionDeploy, FunctionRead, Tenant};
use crate::clients::object_store::{WASM, module_key};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::{self, store::id_of};
use crate::gates;
use crate::jobs::{self, Task};
use crate::page::{Page, PageRequest};
use crate::plans;

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[schema(as = VersionStatus)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Status {
    /// It is being compiled.
    Compiling,
    /// It can run.
    Ready,
    /// It cannot; its findings say why.
    Refused,
}

/// The bytes of a WebAssembly module.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes a body that is read as it comes")]
struct ModuleBytes(Vec<u8>);

/// What to do with an upload.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadOptions {
    /// Move this alias to the version as soon as it is ready.
    #[param(value_type = Option<String>, example = "live")]
    promote: Option<AliasName>,
}

/// Upload a version
///
/// The body is a WebAssembly module. The answer waits up to 30 s for it to be compiled; after that it is 202 with the
/// status `compiling`, and `Location` says where to look again. A module that cannot run is refused with everything that was
/// found, and keeps its number and its report. The same bytes again are the same version; refused bytes are judged again.
#[utoipa::path(
    post, path = "/v1/functions/{name}/versions", operation_id = "upload_version", tag = "Versions",
    params(("name" = String, Path, description = "The function's name"), UploadOptions),
    request_body(content = ModuleBytes, content_type = "application/wasm", description = "The module"),
    responses(
        (status = 201, description = "A new version, ready", body = VersionDetail),
        (status = 200, description = "These bytes are this version already, and it is ready", body = VersionDetail),
        (status = 202, description = "Still compiling", body = VersionDetail,
            headers(("Location" = String, description = "Where to look again"))),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: these bytes are being compiled, and another alias waits for them; or the alias to \
            move has a gate; or the function's `input_query` asks for what its target's payload no longer has"),
        (status = 413, description = "`input_too_large`: the module is over the size limit"),
        (status = 415, description = "`unsupported_media_type`: the body is not application/wasm"),
        (status = 422, description = "`module_invalid`: refused; `errors[]` has every finding"),
        (status = 503, description = "`not_ready`: the module cannot be stored now; nothing was changed"),
    )
)]
pub(crate) async fn upload(
    tenant: Tenant<FunctionDeploy>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(options): Query<UploadOptions>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    // Before the bytes: nobody should send megabytes to a name that is not there.
    let input_cuts = {
        let mut tx = app.database.tenant_tx(tenant.id).await?;
        functions::still_agreed(&mut tx, &name).await?
    };
    let module = upload::receive(&headers, body, app.module_bytes_max).await?;
    // Before the row: a row always has its bytes. Bytes without a row are found again by their digest, and harm nobody.
    app.object_store
        .put(
            &module_key(tenant.id, &module.sha256),
            module.bytes.clone(),
            WASM,
        )
        .await?;

    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let taken = take_in(
        &mut tx,
        &tenant.caller.actor(),
        &name,
        &module,
        options.promote,
    )
    .await?;
    tx.commit().await?;

    let mut settled =
        wait::until_settled(&app, tenant.id, taken.function_id, taken.version).await?;
    settled.input_cuts = input_cuts;
    Ok(answer(settled, taken.is_new))
}

/// What became of an upload.
struct Taken {
    function_id: FunctionId,
    version: i32,
    is_new: bool,
}

/// Make a version of the module, or find the one that it is already, and see to it that it is compiled and promoted.
async fn take_in(
    tx: &mut TenantTx,
    by: &str,
    name: &FunctionName,
    module: &upload::Module,
    promote: Option<AliasName>,
) -> Result<Taken, ApiError> {
    let locked = store::lock_function(tx, name.as_str()).await?;
    let function_id = locked.function_id;
    let known = store::find_by_bytes(tx, function_id, &module.sha256).await?;
    if let Some(alias) = &promote {
        ask_gate(tx, function_id, alias, known.as_ref()).await?;
    }
    let (version, must_compile) = match &known {
        None => (store::insert(tx, function_id, module, by).await?, true),
        Some(known) if known.status == Status::Refused => {
            store::reopen(tx, function_id, known.version).await?;
            (known.version, true)
        }
        Some(known) => (known.version, false),
    };
    if must_compile {
        let limits = plans::store::limits_of_function(tx, &locked.limits).await?;
        let task = Task::Compile {
            function_id,
            version,
            target: locked
                .target
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(anyhow::Error::from)?,
            memory_bytes_max: limits.memory_bytes_max,
        };
        jobs::store::insert(tx, &task).await?;
    }
    if let Some(alias) = &promote {
        if known
            .as_ref()
            .is_some_and(|known| known.status == Status::Ready)
        {
            aliases::point(tx, by, name, function_id, alias, Wish::to(version)).await?;
        } else if !store::promote_when_ready(tx, function_id, version, alias.as_str(), by).await? {
            return Err(ApiError::Conflict(format!(
                "version {version} is being compiled and another alias waits for it already; point `{alias}` at it when it is ready"
            )));
        }
    }
    if known.is_none() {
        let target = audit::target("version", &format!("{name}@{version}"));
        let digest = hex::encode(module.sha256);
        audit::append(tx, by, "version.upload", &target, None, Some(&digest)).await?;
    }
    Ok(Taken {
        function_id,
        version,
        is_new: known.is_none(),
    })
}

/// Refuse to take in a version that may not be promoted: what is new was not run on anything yet.
async fn ask_gate(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &AliasName,
    known: Option<&store::Known>,
) -> Result<(), ApiError> {
    let version = known.map_or(0, |known| known.version);
    let missing = gates::missing(tx, function_id, alias, version).await?;
    match (missing.as_slice(), known) {
        ([], _) => Ok(()),
        (missing, Some(known)) => Err(gates::refusal(alias, known.version, missing)),
        (_, None) => Err(ApiError::Conflict(format!(
            "`{alias}` has a gate, and a new version has no batch of replays yet: upload it without `promote`, run a batch of it, then point `{alias}` at it"
        ))),
    }
}

fn answer(detail: VersionDetail, is_new: bool) -> Response {
    let version = &detail.version;
    let place = format!(
        "/v1/functions/{}/versions/{}",
        version.function, version.version
    );
    match version.status {
        Status::Ready if is_new => {
            (StatusCode::CREATED, [(LOCATION, place)], Json(detail)).into_response()
        }
        Status::Ready => Json(detail).into_response(),
        Status::Compiling => {
            (StatusCode::ACCEPTED, [(LOCATION, place)], Json(detail)).into_response()
        }
        Status::Refused => refusal(&detail).into_response(),
    }
}

/// The problem that a refused version is, with every finding.
fn refusal(detail: &VersionDetail) -> ApiError {
    let count = match detail.findings.len() {
        1 => "one reason".to_owned(),
        many => format!("{many} reasons"),
    };
    let findings = detail
        .findings
        .iter()
        .map(|finding| serde_json::to_value(finding).expect("a finding is text"));
    let version = &detail.version;
    let problem = Problem::new(
        Code::ModuleInvalid,
        format!("the module cannot run, for {count}; each entry of `errors` says what, where and what to do"),
    )
    .with("function", version.function.clone())
    .with("version", version.version)
    .with("sha256", version.sha256.clone())
    .with_errors(findings.collect());
    ApiError::Problem(Box::new(problem))
}

/// List versions
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/functions/{name}/versions", operation_id = "list_versions", tag = "Versions",
    params(("name" = String, Path, description = "The function's name"), PageRequest),
    responses(
        (status = 200, description = "A page of versions", body = Page<Version>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Version>>, ApiError> {
    let before = request.after()?.unwrap_or(i32::MAX);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let versions = store::page(&mut tx, function_id, before, request.rows()?).await?;
    let versions = versions.into_iter().map(Version::from).collect();
    Ok(Json(Page::of(versions, &request, |version: &Version| {
        version.version
    })?))
}

/// Get a version
///
/// With its report.
#[utoipa::path(
    get, path = "/v1/functions/{name}/versions/{version}", operation_id = "get_version", tag = "Versions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("version" = i32, Path, description = "The version's number"),
    ),
    responses(
        (status = 200, description = "The version", body = VersionDetail),
        (status = 404, description = "`not_found`: no such function or version"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path((name, version)): Path<(FunctionName, i32)>,
) -> Result<Json<VersionDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let row = store::find(&mut tx, function_id, version).await?;
    Ok(Json(row.into()))
}
