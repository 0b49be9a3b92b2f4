//! What executors answer to callers, described where the rest of the API is described. This process has none of these routes:
//! each names the server that does.

use cartwright_domain::problem::Code;
use utoipa::openapi::schema::Type;
use utoipa::openapi::server::{ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Schema};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use crate::auth::{Access, Row, Scope};
use crate::openapi;

/// Where `cargo xtask up` puts the data plane.
const INVOKE_URL: &str = "http://127.0.0.1:8081";

/// Keys with the scope `invoke`, and the platform's. No person's token: those are for the control plane.
const WHO: Row = Row {
    name: "function:invoke",
    roles: &[],
    scopes: &[Scope::Invoke],
};

/// The word of a stable code. A server may have more than its document of yesterday.
pub(crate) struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        let words = Code::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Every stable code. A server may be newer than this list.",
            ))
            .enum_values(Some(words))
            .into()
    }
}

impl ToSchema for ProblemCode {}

/// Why a run failed (RFC 9457): a problem, and what is known of the run.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes what an executor writes, with domain::Problem's own members"
)]
struct FailedRun {
    /// Names the kind of problem: a page of the documentation.
    r#type: String,
    /// The same for every problem of this code.
    title: String,
    /// The HTTP status: 422.
    status: u16,
    /// What happened, and at which limit.
    detail: String,
    /// How it ended.
    #[schema(value_type = ProblemCode)]
    code: String,
    /// The path that was asked for.
    instance: Option<String>,
    /// The request, as our logs name it.
    request_id: Option<String>,
    /// The run, as `GET /v1/invocations/{id}` has it.
    invocation_id: String,
    /// The functions that were being called, the innermost first.
    backtrace: Vec<String>,
    /// The end of its log.
    log_tail: String,
    /// The limit that it ended at, if it ended at one.
    limit: Option<u64>,
    /// How much of it it had used.
    used: Option<u64>,
    /// What it exited with, if it did.
    exit_code: Option<i32>,
}

/// Run a function
///
/// Runs the version that the alias points at on the body, and answers with the function's output. What the run took stands in
/// the headers.
#[utoipa::path(
    post,
    path = "/v1/invoke/{function}",
    operation_id = "invoke_function",
    tag = "Data plane",
    params(
        ("function" = String, Path, description = "The function's name"),
        ("alias" = Option<String>, Query, description = "By this alias; `live` when absent"),
        ("version" = Option<u32>, Query, description = "This version, whatever aliases point at"),
        ("Cartwright-Tenant" = Option<String>, Header, description = "With the platform's key: the tenant that it acts for, by name or id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 hours, with the same key and input, is answered with the first result, and neither runs nor is billed again"),
    ),
    request_body(content = Value, content_type = "application/json", description = "The function's input"),
    responses(
        (status = 200, description = "The function's output", body = Value, content_type = "application/json", headers(
            ("Cartwright-Invocation-Id" = String, description = "The run"),
            ("Cartwright-Version" = u32, description = "The version that ran"),
            ("Cartwright-Fuel" = u64, description = "Fuel burned: the same for the same module and input on every machine"),
            ("Cartwright-Memory-Peak" = u64, description = "Bytes of memory at most"),
            ("Cartwright-Duration-Us" = u64, description = "Microseconds that it ran"),
            ("Cartwright-Cost" = String, description = "Its list price, such as `0.0000012 USD`"),
            ("Cartwright-Cache" = String, description = "`hit`: the result was known, and given without a run; `miss`: it ran, and its result is kept; `off`: it ran, and results are not kept"),
            ("Cartwright-Idempotent-Replay" = bool, description = "`true` where this is the first result of an `Idempotency-Key`, given again"),
            ("Cartwright-Request-Id" = String, description = "The request, as our logs name it"),
        )),
        (status = 404, description = "`not_found`: no such function, alias or version of this tenant"),
        (status = 402, description = "`spend_cap_reached`: the tenant's own cap stops it"),
        (status = 409, description = "`idempotency_in_progress`: the first request with this key is still running"),
        (status = 422, description = "The run failed; `code` says how: `fuel_exhausted`, `memory_exceeded`, `deadline_exceeded`, `trap`, `exited` and so on. Or, without a run, `idempotency_mismatch`: the key was used with another body", body = FailedRun, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`, `concurrency_limited`, `quota_exceeded`: `Retry-After` says when to come back"),
        (status = 503, description = "`shedding`, `not_ready`: it did not run, and is not billed"),
    ),
)]
#[expect(
    dead_code,
    reason = "carries the description; executors have the handler"
)]
fn invoke_function() {}

#[derive(utoipa::OpenApi)]
#[openapi(paths(invoke_function), components(schemas(ProblemCode)))]
struct DataPlane;

/// Add these operations to a document.
pub(crate) fn join(document: &mut OpenApi) {
    let mut described = DataPlane::openapi();
    let address = ServerVariableBuilder::new().default_value(INVOKE_URL);
    let server = ServerBuilder::new()
        .url("{invoke_url}")
        .description(Some(
            "The data plane: `invoke_url` of `GET /v1/tenant` is its address",
        ))
        .parameter("invoke_url", address)
        .build();
    let paths = &mut described.paths.paths;
    for operation in paths.values_mut().flat_map(openapi::operations) {
        openapi::describe(operation, Access::Tenant(&WHO));
        operation.servers = Some(vec![server.clone()]);
    }
    document.merge(described);
}
