//! What executors answer to callers, described where the rest of the API is described. This process has none of these routes:
//! each names the server that does.

use cartwright_domain::problem::Code;
use utoipa::openapi::schema::Type;
use utoipa::openapi::server::{ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Schema};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use crate::auth::{Access, Row, Scope};
use crate::openapi::{self, ProblemSchema};

/// Where `cargo xtask up` puts the data plane.
const INVOKE_URL: &str = "http://127.0.0.1:8081";

/// Keys with the scope `invoke`, and the platform's. No person's token: those are for the control plane.
const WHO: Row = Row {
    name: "function:invoke",
    roles: &[],
    scopes: &[Scope::Invoke],
};

/// The platform's key alone, which names the tenant.
const WHO_CALLS_TARGETS: Row = Row {
    name: "target:run",
    roles: &[],
    scopes: &[],
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

/// What a call of a target answers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what an executor writes")]
struct CallResults {
    /// One of each function that is bound, in the tenant's order; none when nothing is bound.
    results: Vec<CallResult>,
}

/// One function's result in a call of a target. What did not run has neither a version nor an invocation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what an executor writes")]
struct CallResult {
    /// The function's name.
    function: String,
    /// The alias that its binding names.
    alias: String,
    /// The version that ran.
    #[schema(required)]
    version: Option<u32>,
    /// The run.
    #[schema(required)]
    invocation_id: Option<String>,
    /// What it answered, if it did: it obeys the target's output schema.
    output: Option<serde_json::Value>,
    /// Why it did not.
    #[schema(value_type = Option<ProblemSchema>)]
    error: Option<()>,
    /// Fuel burned.
    fuel: u64,
    /// Bytes of memory at most.
    memory_peak_bytes: u64,
    /// Microseconds that it ran.
    duration_us: u64,
    /// Its list price, such as `0.0000012 USD`.
    cost: String,
    /// Whether its result was known, and nothing ran: `hit`, `miss` or `off`.
    cache: String,
    /// Length of what it read of the payload, in bytes.
    input_bytes: u64,
    /// Length of the payload, in bytes.
    payload_bytes: u64,
}

/// Call a target
///
/// Runs every function that the tenant bound to the target on the body, all at once, and answers with each result in the tenant's
/// order. The body must obey the target's input schema, each output its output schema. With the platform's key only.
#[utoipa::path(
    post,
    path = "/v1/run/{target}",
    operation_id = "run_target",
    tag = "Data plane",
    params(
        ("target" = String, Path, description = "The target's name"),
        ("Cartwright-Tenant" = String, Header, description = "The tenant whose functions run, by name or id"),
        ("Cartwright-Budget-Ms" = Option<u32>, Header, description = "Milliseconds for the whole call, at most 60,000: who has not ended by then ends `budget_exceeded`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 hours, with the same key and payload, is answered with the first results, and nothing runs or is billed again"),
    ),
    request_body(content = Value, content_type = "application/json", description = "The payload"),
    responses(
        (status = 200, description = "What each function answered, or why it did not", body = CallResults, content_type = "application/json", headers(
            ("Cartwright-Cost" = String, description = "The sum of all list prices, such as `0.0000012 USD`"),
            ("Cartwright-Idempotent-Replay" = bool, description = "`true` where these are the first results of an `Idempotency-Key`, given again"),
            ("Cartwright-Request-Id" = String, description = "The request, as our logs name it"),
        )),
        (status = 400, description = "`invalid_request`: the payload breaks the target's input schema; `errors[]` has every place. Nothing ran"),
        (status = 404, description = "`not_found`: no such target"),
        (status = 409, description = "`idempotency_in_progress`: the first call with this key is still running"),
        (status = 413, description = "`input_too_large`: no bound function takes a payload of this size"),
        (status = 422, description = "A function failed whose binding says `on_error: fail`; `function` names it, `results` has all. Or, without a run, `idempotency_mismatch`"),
        (status = 503, description = "`shedding`, `not_ready`: nothing ran, and nothing is billed"),
    ),
)]
#[expect(
    dead_code,
    reason = "carries the description; executors have the handler"
)]
fn run_target() {}

#[derive(utoipa::OpenApi)]
#[openapi(paths(invoke_function, run_target), components(schemas(ProblemCode)))]
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
        let access = match operation.operation_id.as_deref() {
            Some("run_target") => Access::Platform(&WHO_CALLS_TARGETS),
            _ => Access::Tenant(&WHO),
        };
        openapi::describe(operation, access);
        operation.servers = Some(vec![server.clone()]);
    }
    document.merge(described);
}
