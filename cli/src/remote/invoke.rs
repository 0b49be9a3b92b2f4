//! Invoking a function as its callers do: through the data plane, with an API key.

use std::io::IsTerminal;
use std::path::PathBuf;

use cartwright_domain::names::{AliasName, FunctionName};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::credentials::ApiKey;
use super::identity::is_unauthenticated;
use super::{Remote, client, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::{input, project};

/// Invoke a function through the data plane. Its output goes to standard output, what it used to standard error.
#[derive(clap::Args)]
#[command(after_help = "\
Invoking takes an API key. With a password sign-in, the first invocation makes one that may only invoke, keeps it with the
sign-in, and `cartwright logout` revokes it. These runs are billed like any other.

Examples:
  cartwright invoke volume-discount --input cart.json
  cartwright invoke volume-discount --data '{\"cart\":{\"lines\":[]}}' --version 3
  cartwright invoke --input - --idempotency-key order-1001 < cart.json")]
pub(crate) struct InvokeArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// The input, a JSON file; `-` reads standard input. The project's `input`, or else standard input, when absent.
    #[arg(long, short, conflicts_with = "data")]
    input: Option<PathBuf>,
    /// The input itself.
    #[arg(long, short, value_name = "JSON")]
    data: Option<String>,
    /// By this alias; `live` when absent.
    #[arg(long, conflicts_with = "version")]
    alias: Option<AliasName>,
    /// This version, whatever aliases point at.
    #[arg(long)]
    version: Option<u32>,
    /// A repeat with the same key returns the first result, and neither runs nor is billed again.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Carry it out.
pub(crate) async fn invoke(start: &Start, args: &InvokeArgs) -> Result<Ending, Failure> {
    let function = project::function(args.function.as_ref(), start.project.as_ref())?;
    let input = read_input(start, args)?;
    let remote = Remote::new(start)?;
    let invoke_url = invoke_url(&remote).await?;
    let call = Call {
        args,
        path: format!("/v1/invoke/{function}"),
        invoke_url,
        input,
    };
    let answer = match remote.identity().api_key() {
        None => call.send(&remote, &make_key(&remote).await?).await?,
        Some(key) => match call.send(&remote, &key).await {
            // The key that was made here may have been revoked in the console since.
            Err(Failure::Refused(problem))
                if is_unauthenticated(&problem) && remote.identity().can_refresh() =>
            {
                call.send(&remote, &make_key(&remote).await?).await?
            }
            other => other?,
        },
    };
    tell(&remote, &function, answer).await
}

/// The data plane. A key that may only invoke cannot ask where it is.
async fn invoke_url(remote: &Remote) -> Result<String, Failure> {
    if let Some(url) = remote.identity().invoke_url() {
        return Ok(url.to_owned());
    }
    match remote.get("/v1/tenant").await {
        Ok(tenant) => Ok(shown::text(&tenant, "invoke_url")),
        Err(Failure::Refused(problem)) if problem.code() == "forbidden" => {
            Err(Failure::Refused(Box::new(problem.advising(
                "set CARTWRIGHT_INVOKE_URL to the data plane's address, which this key may not ask for",
            ))))
        }
        Err(failure) => Err(failure),
    }
}

fn read_input(start: &Start, args: &InvokeArgs) -> Result<Vec<u8>, Failure> {
    if let Some(data) = &args.data {
        return Ok(data.clone().into_bytes());
    }
    let project = start.project.as_ref();
    let of_project = || project.and_then(|project| Some(project.path(project.input.as_ref()?)));
    let file = args.input.clone().or_else(of_project);
    if file.is_none() && std::io::stdin().is_terminal() {
        return Err(Failure::local(
            "which input? Give --input or --data, or pipe it in",
        ));
    }
    Ok(input::read(&file.unwrap_or_else(|| "-".into()))?)
}

/// One invocation, ready to be sent.
struct Call<'a> {
    args: &'a InvokeArgs,
    path: String,
    invoke_url: String,
    input: Vec<u8>,
}

impl Call<'_> {
    async fn send(&self, remote: &Remote, key: &str) -> Result<Response, Failure> {
        let mut request = remote
            .invocation(&self.invoke_url, &self.path, key)?
            .header(CONTENT_TYPE, "application/json");
        if let Some(alias) = &self.args.alias {
            request = request.query(&[("alias", alias.as_str())]);
        }
        if let Some(version) = self.args.version {
            request = request.query(&[("version", version)]);
        }
        if let Some(key) = &self.args.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = client::sent(request.body(self.input.clone())).await?;
        remote.accepted(answer).await
    }
}

/// A key that may invoke and nothing else, made with the sign-in of a person.
async fn make_key(remote: &Remote) -> Result<String, Failure> {
    if !remote.identity().can_refresh() {
        return Err(Failure::NotSignedIn(
            "invoking takes an API key, and this is an access token: set CARTWRIGHT_API_KEY, or sign in".to_owned(),
        ));
    }
    let body = json!({"name": "cartwright command line", "scopes": ["invoke"]});
    let made = remote.put(Method::POST, "/v1/api-keys", &body).await;
    let made = made.map_err(|failure| match failure {
        Failure::Refused(problem) if problem.code() == "forbidden" => {
            Failure::Refused(Box::new(problem.advising(
                "invoking takes an API key: ask an owner for one with the scope `invoke`, and set CARTWRIGHT_API_KEY",
            )))
        }
        other => other,
    })?;
    let key = shown::text(&made, "key");
    remote.identity().keep(ApiKey {
        key: key.clone(),
        made_id: Some(shown::text(&made, "id")),
    })?;
    remote
        .output
        .say("made an API key that may only invoke, and kept it; `cartwright logout` revokes it");
    Ok(key)
}

async fn tell(
    remote: &Remote,
    function: &FunctionName,
    answer: Response,
) -> Result<Ending, Failure> {
    let headers = answer.headers().clone();
    let body = answer
        .bytes()
        .await
        .map_err(|error| client::unreachable(&error))?;
    if remote.output.json {
        remote.output.document(&result(function, &headers, &body))?;
        return Ok(Ending::Done);
    }
    remote.output.bytes(&body)?;
    let memory = header(&headers, "cartwright-memory-peak").parse();
    let known = match (replayed(&headers), cached(&headers)) {
        (true, _) => "; the first result of this key, given again: nothing ran",
        (_, true) => "; a kept result: nothing ran",
        _ => "",
    };
    remote.output.say(format_args!(
        "version {}, fuel {}, {}, {} µs, {}, run {}{known}",
        header(&headers, "cartwright-version"),
        header(&headers, "cartwright-fuel"),
        header(&headers, "cartwright-cost"),
        header(&headers, "cartwright-duration-us"),
        memory.map_or_else(|_| "-".to_owned(), shown::bytes),
        header(&headers, "cartwright-invocation-id"),
    ));
    Ok(Ending::Done)
}

/// A run and its result, in the words of the API.
fn result(function: &FunctionName, headers: &HeaderMap, body: &[u8]) -> Value {
    let number = |name: &str| header(headers, name).parse::<u64>().ok();
    json!({
        "function": function.as_str(),
        "version": number("cartwright-version"),
        "invocation_id": header(headers, "cartwright-invocation-id"),
        "output": serde_json::from_slice::<Value>(body).unwrap_or(Value::Null),
        "fuel": number("cartwright-fuel"),
        "memory_peak_bytes": number("cartwright-memory-peak"),
        "duration_us": number("cartwright-duration-us"),
        "cost": header(headers, "cartwright-cost"),
        "cached": cached(headers),
        "replayed": replayed(headers),
    })
}

/// Whether it is the first result of its idempotency key, given again.
fn replayed(headers: &HeaderMap) -> bool {
    header(headers, "cartwright-idempotent-replay") == "true"
}

/// Whether the result was known from an equal run, and kept.
fn cached(headers: &HeaderMap) -> bool {
    header(headers, "cartwright-cache") == "hit"
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or("-")
}
