//! Deploying: a module becomes a version, and, if asked, goes live.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cartwright_domain::names::{AliasName, FunctionName, TargetName};
use futures_util::stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, StatusCode};
use serde_json::{Value, json};

use super::{Remote, client, functions, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;
use crate::problem::Problem;
use crate::{input, project};

/// The server reads an upload for at most five minutes, and then waits half a minute for the compiler.
const UPLOAD_WITHIN: Duration = Duration::from_secs(345);

/// How often a version that is still compiling is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// So much is handed to the connection at a time: small enough for progress to be seen, large enough to cost nothing.
const CHUNK_BYTES: usize = 32 << 10;

/// Upload a module as the next version of a function, and wait until it is compiled.
#[derive(clap::Args)]
#[command(after_help = "\
The same bytes again are the same version. A module that cannot run is refused with everything that was found (exit code 1).

Examples:
  cartwright deploy                                        in a folder with a cartwright.toml
  cartwright deploy volume-discount --module out.wasm --create --promote live
  cartwright deploy --json | jq .version")]
pub(crate) struct DeployArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// The module, a `.wasm` file; the project's when absent.
    #[arg(long, short)]
    module: Option<PathBuf>,
    /// Create the function if there is none.
    #[arg(long)]
    create: bool,
    /// The extension point of a function that `--create` creates; the project's when absent.
    #[arg(long, requires = "create")]
    target: Option<TargetName>,
    /// Point this alias at the version as soon as it is ready.
    #[arg(long, value_name = "ALIAS")]
    promote: Option<AliasName>,
    /// Wait at most so many seconds for the compiler.
    #[arg(long, default_value_t = 300)]
    wait_s: u64,
}

/// Carry it out.
pub(crate) async fn deploy(start: &Start, args: &DeployArgs) -> Result<Ending, Failure> {
    let project = start.project.as_ref();
    let function = project::function(args.function.as_ref(), project)?;
    let of_project = || Some(project?.path(&project?.module));
    let file = args.module.clone().or_else(of_project).ok_or_else(|| {
        Failure::local("which module? Give --module, or work in a folder with a cartwright.toml")
    })?;
    let module = Bytes::from(input::read(&file)?);
    if !module.starts_with(b"\0asm") {
        return Err(Failure::local(format!(
            "{} is no WebAssembly module: it does not begin with the four bytes of one",
            file.display()
        )));
    }
    let remote = Remote::new(start)?;
    let of_project = || project.and_then(|project| project.target.as_ref());
    let target = args.target.as_ref().or_else(of_project);
    ensure(&remote, &function, args.create, target).await?;
    let uploaded = upload(&remote, &function, module, args.promote.as_ref()).await;
    remote.output.progress_over();
    let (status, version) = uploaded?;
    let is_new = status != StatusCode::OK;
    let wait = Duration::from_secs(args.wait_s);
    let version = settled(&remote, &function, version, wait).await?;
    tell(remote.output, &function, &version, is_new)?;
    Ok(Ending::Done)
}

/// See to it that the function exists, before a module is sent for nothing. A token that has ended is exchanged here too:
/// an upload, once begun, cannot be sent again.
async fn ensure(
    remote: &Remote,
    function: &FunctionName,
    create: bool,
    target: Option<&TargetName>,
) -> Result<(), Failure> {
    match remote.get(&format!("/v1/functions/{function}")).await {
        Err(Failure::Refused(problem)) if problem.code() == "not_found" && create => {}
        Err(Failure::Refused(problem)) if problem.code() == "not_found" => {
            return Err(Failure::Refused(Box::new(
                problem.advising("`--create` creates it"),
            )));
        }
        other => return other.map(drop),
    }
    match functions::create(remote, function, target).await {
        Ok(_) => remote.output.say(format_args!("created {function}")),
        // Somebody else was faster, which is as good.
        Err(Failure::Refused(problem)) if problem.code() == "conflict" => {}
        Err(failure) => return Err(failure),
    }
    Ok(())
}

async fn upload(
    remote: &Remote,
    function: &FunctionName,
    module: Bytes,
    promote: Option<&AliasName>,
) -> Result<(StatusCode, Value), Failure> {
    let mut request = remote
        .request(Method::POST, &format!("/v1/functions/{function}/versions"))?
        .timeout(UPLOAD_WITHIN)
        .header(CONTENT_TYPE, "application/wasm")
        .header(CONTENT_LENGTH, module.len());
    if let Some(alias) = promote {
        request = request.query(&[("promote", alias.as_str())]);
    }
    let answer = remote
        .send(request.body(watched(module, remote.output)))
        .await?;
    Ok((answer.status(), client::json(answer).await?))
}

/// The module as a body that says how far it is.
fn watched(module: Bytes, output: Output) -> Body {
    let total = module.len();
    Body::wrap_stream(stream::unfold(module, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        let chunk = rest.split_to(rest.len().min(CHUNK_BYTES));
        if rest.is_empty() {
            output.progress("compiling …");
        } else {
            output.progress(format_args!(
                "uploading {} % of {}",
                (total - rest.len()) * 100 / total,
                shown::bytes(total as u64)
            ));
        }
        Some((Ok::<_, std::convert::Infallible>(chunk), rest))
    }))
}

/// The version when it is ready. One that was refused meanwhile is a refusal like one at once.
async fn settled(
    remote: &Remote,
    function: &FunctionName,
    mut version: Value,
    wait: Duration,
) -> Result<Value, Failure> {
    let (number, began) = (version["version"].clone(), Instant::now());
    while version["status"] == "compiling" {
        if began.elapsed() > wait {
            return Err(Failure::Unreachable {
                what: format!("version {number} of {function} is still being compiled"),
                why: format!(
                    "`cartwright versions {function} --version {number}` shows how far it is"
                ),
            });
        }
        remote.output.progress(format_args!(
            "compiling version {number} … {} s",
            began.elapsed().as_secs()
        ));
        tokio::time::sleep(LOOK_EVERY).await;
        let path = format!("/v1/functions/{function}/versions/{number}");
        version = remote.get(&path).await?;
    }
    remote.output.progress_over();
    if version["status"] == "refused" {
        let detail = format!("version {number} of {function} was refused");
        let document = json!({
            "code": "module_invalid", "status": 422, "detail": detail, "errors": version["findings"],
        });
        return Err(Failure::Refused(Box::new(Problem::new(422, document))));
    }
    Ok(version)
}

fn tell(
    output: Output,
    function: &FunctionName,
    version: &Value,
    is_new: bool,
) -> Result<(), Failure> {
    if output.json {
        return output.document(version);
    }
    let number = shown::text(version, "version");
    output.line(if is_new {
        format!(
            "version {number} of {function} is ready: {}, {}, compiled in {} ms",
            shown::bytes_of(version, "size_bytes"),
            shown::text(version, "abi"),
            shown::text(version, "compile_ms"),
        )
    } else {
        format!("these bytes are version {number} of {function}, which is ready")
    })?;
    let aliases = version["aliases"].as_array().map_or(0, Vec::len);
    if aliases == 0 {
        output.say(format_args!(
            "no alias points at it: `cartwright promote {function} {number}` puts it live"
        ));
        return Ok(());
    }
    output.line(format_args!(
        "`{}` points at it",
        shown::text(version, "aliases")
    ))
}
