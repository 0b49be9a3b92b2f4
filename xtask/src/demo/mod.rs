//! The demo: a tenant with a function that people would write, run once and followed until it is on the bill.
//! It goes through the public routes only, as any client would.

pub mod client;
pub mod crash;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::place;
use crate::say::{Step, print};
use crate::secrets::{Secrets, new_password};
use client::{Answer, Client};

/// The demo's function: 10 % off every line of three pieces or more.
pub const FUNCTION: &str = "volume-discount";

/// Where the platform calls it.
const TARGET: &str = "cart.discount";

const TENANT: &str = "demo";

/// How long a record may take from the answer to the bill.
const BILLED_WITHIN: Duration = Duration::from_secs(20);

/// The demo tenant, as `dev.json` tells it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Demo {
    /// Its slug.
    pub tenant: String,
    /// Its owner's address.
    pub email: String,
    /// Its owner's password.
    pub password: String,
    /// A key for both planes.
    pub api_key: String,
    /// A function that is live.
    pub function: String,
}

/// The cart that the demo discounts.
pub fn sample_file() -> PathBuf {
    place::root().join("functions/volume-discount-rust/samples/lines-3.input.json")
}

/// The module that the demo uploads.
pub fn module_file() -> PathBuf {
    place::root().join("functions/volume-discount-rust/volume-discount-rust.wasm")
}

/// Seed the tenant if it is not there, run its function once, and tell what came of it.
pub fn run(api_url: &str, invoke_url: &str, secrets: &mut Secrets, file: &Path) -> Result<Demo> {
    let step = Step::begin("Running the demo");
    let mut client = Client::new(api_url, invoke_url);
    let demo = tenant(&mut client, secrets, file)?;
    deploy(
        &client,
        FUNCTION,
        &std::fs::read(module_file())
            .context("the demo's module is missing; `cargo xtask functions` builds it")?,
    )?;
    bind(&client)?;
    client.api_key.clone_from(&demo.api_key);
    let before = usage(&client)?;
    let input = std::fs::read(sample_file())?;
    // A key and a version that are seconds old reach the executor by a message; until then it may not know them.
    let answer = until_known(&client, &input)?;
    let answered = Instant::now();
    let after = billed(&client, before.invocations)?;
    let waited = answered.elapsed();
    step.done();
    print(&story(
        &demo.tenant,
        &input,
        &answer,
        &before,
        &after,
        waited,
    ));
    Ok(demo)
}

/// Whether this credential is let in to read this. The secrets outlive a change of `DATABASE_URL`, and what one database
/// gave out the next does not know.
pub(crate) fn opens(api_url: &str, credential: &str, path: &str) -> bool {
    let mut client = Client::new(api_url, "");
    client.access_token = credential.to_owned();
    client.get(path).is_ok_and(|answer| answer.status != 401)
}

/// Sign up, or in again as who signed up in an earlier run. Its names are kept before they are used.
fn tenant(client: &mut Client, secrets: &mut Secrets, file: &Path) -> Result<Demo> {
    for (name, value) in [
        ("demo_tenant", TENANT.to_owned()),
        ("demo_email", "demo@example.com".to_owned()),
        ("demo_password", new_password()?),
    ] {
        if secrets.find(name).is_none() {
            secrets.set(name, value);
        }
    }
    secrets.save(file)?;
    let mut session = client.post("/v1/auth/login", &login(secrets)?)?;
    if session.status == 401 {
        sign_up(client, secrets, file)?;
        session = client.post("/v1/auth/login", &login(secrets)?)?;
    }
    let session = session.expect(200, "signing in as the demo tenant")?;
    client.access_token = session.text_at("/access_token")?;
    let known = secrets.find("demo_api_key");
    if !known.is_some_and(|key| opens(client.api_url(), key, "/v1/functions?limit=1")) {
        let key = client
            .post("/v1/api-keys", &json!({"name": "demo"}))?
            .expect(201, "making an API key")?;
        secrets.set("demo_api_key", key.text_at("/key")?);
        secrets.save(file)?;
    }
    let get = |name| secrets.get(name).map(str::to_owned);
    Ok(Demo {
        tenant: get("demo_tenant")?,
        email: get("demo_email")?,
        password: get("demo_password")?,
        api_key: get("demo_api_key")?,
        function: FUNCTION.to_owned(),
    })
}

fn login(secrets: &Secrets) -> Result<Value> {
    let (email, password) = (secrets.get("demo_email")?, secrets.get("demo_password")?);
    Ok(json!({"email": email, "password": password}))
}

/// Sign the demo tenant up; under another name where another clone's has the usual one in this database.
fn sign_up(client: &Client, secrets: &mut Secrets, file: &Path) -> Result<()> {
    let account = |secrets: &Secrets| -> Result<Value> {
        let mut account = login(secrets)?;
        account["tenant"] = secrets.get("demo_tenant")?.into();
        Ok(account)
    };
    let mut signed_up = client.post("/v1/auth/signup", &account(secrets)?)?;
    if signed_up.status == 409 {
        let name = format!("{TENANT}-{}", &new_password()?[..6]);
        secrets.set("demo_email", format!("{name}@example.com"));
        secrets.set("demo_tenant", name);
        secrets.save(file)?;
        signed_up = client.post("/v1/auth/signup", &account(secrets)?)?;
    }
    signed_up.expect(201, "signing up the demo tenant")?;
    Ok(())
}

/// Let the function run at its target, so that a call of that has a result to show.
fn bind(client: &Client) -> Result<()> {
    let known = client.get(&format!("/v1/functions/{FUNCTION}"))?;
    // Data of an older stack may have it without a target; who made it so decides.
    if known
        .text_at("/target")
        .is_ok_and(|target| target == TARGET)
    {
        let bindings = json!([{"function": FUNCTION, "on_error": "skip"}]);
        client
            .put(&format!("/v1/targets/{TARGET}/bindings"), &bindings)?
            .expect(200, "binding the function to its target")?;
    }
    Ok(())
}

/// Create a function with its settings if it is not there, and put these bytes live.
pub(crate) fn deploy(client: &Client, function: &str, module: &[u8]) -> Result<()> {
    let route = format!("/v1/functions/{function}");
    if client.get(&route)?.status == 404 {
        client
            .post(
                "/v1/functions",
                &json!({"name": function, "target": TARGET}),
            )?
            .expect(201, "creating the function")?;
        let settings = json!({"percent": 10, "from_quantity": 3});
        let configured = client.put(&format!("{route}/config"), &settings)?;
        ensure!(
            (200..=204).contains(&configured.status),
            "configuring {function}: {}",
            configured.text()
        );
    }
    let uploaded = client.upload(&format!("{route}/versions?promote=live"), module)?;
    match uploaded.status {
        200 | 201 => Ok(()),
        // It compiles for longer than an upload waits, and nothing was promoted.
        202 => promote_when_ready(client, &route, &uploaded),
        _ => bail!("uploading {function}: {}", uploaded.text()),
    }
}

fn promote_when_ready(client: &Client, route: &str, uploaded: &Answer) -> Result<()> {
    let number = uploaded.json()?["version"].as_u64();
    let number = number.context("an upload's answer names the version")?;
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let version = client
            .get(&format!("{route}/versions/{number}"))?
            .expect(200, "reading the version")?;
        match version.text_at("/status")?.as_str() {
            "ready" => break,
            "compiling" if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(100));
            }
            other => bail!("version {number} is {other}: {}", version.text()),
        }
    }
    let live = json!({"version": number});
    client
        .put(&format!("{route}/aliases/live"), &live)?
        .expect(200, "promoting the version")?;
    Ok(())
}

fn until_known(client: &Client, input: &[u8]) -> Result<Answer> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = client.invoke(FUNCTION, input)?;
        if ![401, 404].contains(&answer.status) || Instant::now() > until {
            return answer.expect(200, "invoking the function");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The demo tenant's sums so far.
pub(crate) struct Sums {
    pub(crate) invocations: u64,
    pub(crate) fuel: u64,
}

/// What a tenant has used since the month began, which is what `/v1/usage` tells without a span.
pub(crate) fn usage(client: &Client) -> Result<Sums> {
    let path = "/v1/usage?granularity=day";
    let rows = client.get(path)?.expect(200, "reading the usage")?.json()?;
    let rows = rows["data"].as_array().context("usage is a list")?.clone();
    let sum = |column: &str| rows.iter().map(|row| number(&row[column])).sum();
    Ok(Sums {
        invocations: sum("invocations"),
        fuel: sum("fuel"),
    })
}

/// Integers that may pass 2^53 travel as text.
fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_default()
}

fn billed(client: &Client, before: u64) -> Result<Sums> {
    let until = Instant::now() + BILLED_WITHIN;
    loop {
        let sums = usage(client)?;
        if sums.invocations > before {
            return Ok(sums);
        }
        ensure!(
            Instant::now() < until,
            "the run is not on the bill after {BILLED_WITHIN:?}; see the executor's and billing's logs"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn story(
    tenant: &str,
    input: &[u8],
    answer: &Answer,
    before: &Sums,
    after: &Sums,
    waited: Duration,
) -> String {
    format!(
        "
  {FUNCTION}, version {version}, ran once for the tenant {tenant}:

    input       {input}
    output      {output}
    fuel        {fuel}
    price       {price}
    duration    {duration} µs
    billed      {runs} run, {fuel_billed} fuel, seen in /v1/usage {waited:.1} s after the answer",
        version = answer.header("Cartwright-Version"),
        input = shortened(input),
        output = shortened(answer.body()),
        fuel = answer.header("Cartwright-Fuel"),
        price = answer.header("Cartwright-Cost"),
        duration = answer.header("Cartwright-Duration-Us"),
        runs = after.invocations - before.invocations,
        fuel_billed = after.fuel - before.fuel,
        waited = waited.as_secs_f64(),
    )
}

/// JSON on a few lines: the eye wants its shape, not all of it.
fn shortened(bytes: &[u8]) -> String {
    const LINES: usize = 14;
    let pretty = serde_json::from_slice::<Value>(bytes)
        .and_then(|value| serde_json::to_string_pretty(&value));
    let text = pretty.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    let mut lines: Vec<&str> = text.lines().take(LINES).collect();
    let left_out = format!(
        "… and {} lines more",
        text.lines().count().saturating_sub(LINES)
    );
    if text.lines().count() > LINES {
        lines.push(&left_out);
    }
    lines.join("\n                ")
}
