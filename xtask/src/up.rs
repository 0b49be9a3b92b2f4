//! `cargo xtask up`: everything on one machine, from nothing to a billed run, and then kept alive.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::demo::{self, Demo};
use crate::roles::Role;
use crate::say::{print, say};
use crate::secrets::Secrets;
use crate::servers::redis;
use crate::stack::{self, Home};
use crate::supervisor::Supervisor;
use crate::wiring::Wiring;
use crate::{build, fleet, interrupt, place};

/// What `up` reads from the environment.
const ENVIRONMENT: &str = "\
Environment, each of which wins over what is started otherwise:
  DATABASE_URL             a Postgres 15 or later, under an owner who may create logins
  REDIS_URL                a Redis 6.2 or later
  S3_ENDPOINT, S3_BUCKET   an object store, with the usual AWS_* variables for its keys and region
  CARTWRIGHT_{API,WORKER,EXECUTOR,BILLING}_LISTEN, CARTWRIGHT_{API,EXECUTOR,BILLING}_INTERNAL_LISTEN
                           fixed listeners, such as 127.0.0.1:8080; taken is an error then. Of several executors,
                           CARTWRIGHT_EXECUTOR_LISTEN is the proxy's before them
  CARTWRIGHT_METER_DURABILITY, CARTWRIGHT_DATABASE_CONNECTIONS_MAX, CARTWRIGHT_OUTBOUND_{ALLOW,HTTP,PORTS,TIMEOUT_S},
  CARTWRIGHT_LOG, CARTWRIGHT_LOG_FORMAT
                           passed on to the roles: see their own --help
  CARTWRIGHT_POSTGRES=npm  take npm's Postgres even where another is installed";

/// How `up` was asked for.
#[derive(clap::Args)]
#[command(after_help = ENVIRONMENT)]
pub struct Options {
    /// Begin with empty data: what earlier runs left in .cartwright/ is removed.
    #[arg(long)]
    fresh: bool,
    /// End after the demo run, with success if it was one.
    #[arg(long)]
    once: bool,
    /// Run so many executors, each with ports and a disk of its own, behind a front proxy (1 to 8).
    #[arg(long, default_value_t = 1, value_parser = executors)]
    executors: usize,
}

fn executors(text: &str) -> Result<usize, String> {
    let within = 1..=fleet::EXECUTORS_MAX;
    let count = text.parse().ok().filter(|count| within.contains(count));
    count.ok_or_else(|| format!("it must be 1 to {}", fleet::EXECUTORS_MAX))
}

/// What `dev.json` tells other programs of a stack that runs.
#[derive(Serialize, Deserialize)]
pub struct Dev {
    /// Control plane.
    pub api_url: String,
    /// Data plane: the executor, or the proxy before several.
    pub invoke_url: String,
    /// The console, on the same listener as the control plane.
    pub console_url: String,
    /// Billing's health and metrics.
    pub billing_url: String,
    /// Prometheus text of every role.
    pub metrics_urls: Vec<String>,
    /// The database under its owner's login.
    pub database_url: String,
    /// Redis.
    pub redis_url: String,
    /// The object store; none when it is Amazon's own.
    pub s3_endpoint: Option<String>,
    /// A key that acts for any tenant.
    pub platform_key: String,
    /// The demo tenant.
    pub demo: Demo,
    /// Who runs, by process id.
    pub pids: BTreeMap<String, u32>,
}

/// Where `dev.json` lies.
pub fn dev_file() -> PathBuf {
    place::dot().join("dev.json")
}

impl Dev {
    /// Read it; none when no stack is ready.
    pub fn load() -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dev_file()).ok()?).ok()
    }

    /// Readers see the old text or the new, never half of one.
    fn save(&self) -> Result<()> {
        let beside = dev_file().with_extension("new");
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        serde_json::to_writer_pretty(&file, self)?;
        Ok(std::fs::rename(beside, dev_file())?)
    }
}

/// Start everything, and stay until asked to stop.
pub fn up(options: &Options) -> Result<()> {
    say("Cartwright on this machine: servers, roles, a demo. Ctrl-C stops everything.");
    if !cfg!(target_os = "linux") {
        say(
            "Weaker than on Linux: instances are reset without PAGEMAP_SCAN, modules compile without seccomp, and a killed `up` leaves its children.",
        );
    }
    interrupt::install()?;
    let home = Home::at(place::dot())?;
    let _lock = only_one()?;
    if options.fresh {
        if std::env::var_os("DATABASE_URL").is_some() {
            bail!(
                "--fresh empties the data that up keeps itself; the database in DATABASE_URL is yours to empty"
            );
        }
        home.empty()?;
    }
    home.turn_logs()?;
    if std::env::var_os("REDIS_URL").is_none() {
        // Found missing now rather than after minutes of building.
        redis::find_or_install()?;
    }
    build::binaries()?;
    let console = build::console()?;
    let mut supervisor = Supervisor::default();
    let outcome = run_stack(&home, console, &mut supervisor, options);
    std::fs::remove_file(dev_file()).ok();
    say("Stopping everything …");
    supervisor.stop();
    say("Stopped; nothing is left running.");
    match outcome {
        Err(error) if error.is::<interrupt::Interrupted>() && !options.once => Ok(()),
        other => other,
    }
}

/// Whether an `up` runs in this clone, ready or not: a `dev.json` alone may be what a killed one left.
pub fn is_running() -> bool {
    let lock = File::open(place::dot().join("up.lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// A second `up` on the same data would be a disaster; so it tells where the first one is.
fn only_one() -> Result<File> {
    let lock = File::create(place::dot().join("up.lock"))?;
    match lock.try_lock() {
        Ok(()) => {
            // What a killed predecessor left.
            std::fs::remove_file(dev_file()).ok();
            Ok(lock)
        }
        Err(TryLockError::WouldBlock) => match Dev::load() {
            Some(dev) => bail!(
                "it runs already: console {}, invoke {} (all of it: {})",
                dev.console_url,
                dev.invoke_url,
                dev_file().display()
            ),
            None => bail!("another `cargo xtask up` is starting in this clone"),
        },
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock .cartwright/up.lock"),
    }
}

fn run_stack(
    home: &Home,
    console: Option<PathBuf>,
    supervisor: &mut Supervisor,
    options: &Options,
) -> Result<()> {
    let mut secrets = stack::secrets(home)?;
    let mut wiring = stack::servers(home, &secrets, options.executors, supervisor)?;
    wiring.console_dir = console;
    stack::migrate(&wiring, &home.log("migrate"))?;
    fleet::adopt_disks(&home.folder, options.executors)?;
    for role in Role::ALL {
        supervisor.start(stack::member(home, &wiring, role)?)?;
    }
    for member in fleet::members(home, &wiring)? {
        supervisor.start(member)?;
    }
    supervisor.await_ready(&match options.executors {
        1 => "Starting billing, api, worker and executor".to_owned(),
        several => format!("Starting billing, api, worker, {several} executors and their proxy"),
    })?;
    let (api_url, invoke_url) = (
        wiring.listeners.url(Role::Api),
        wiring.listeners.invoke_url(),
    );
    let known = secrets.find("platform_key");
    if !known.is_some_and(|key| demo::opens(&api_url, key, "/v1/platform/tenants?limit=1")) {
        if known.is_some() {
            say("The platform key in secrets.json is another database's: making one for this");
        }
        secrets.set("platform_key", stack::platform_key(&wiring, "up")?);
        secrets.save(&home.secrets())?;
    }
    let file = home.secrets();
    let demo = tended(supervisor, move || {
        demo::run(&api_url, &invoke_url, &mut secrets, &file)
    })?;
    let mut dev = dev(&wiring, demo, supervisor)?;
    dev.save()?;
    print(&addresses(&dev, home));
    while !options.once && !interrupt::asked() {
        std::thread::sleep(Duration::from_millis(100));
        if supervisor.tend() {
            dev.pids = supervisor.pids();
            dev.save()?;
        }
    }
    Ok(())
}

/// Do something slow while the members are looked after, which only this thread may do.
fn tended<T: Send + 'static>(
    supervisor: &mut Supervisor,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let worker = std::thread::spawn(work);
    while !worker.is_finished() {
        interrupt::check()?;
        supervisor.tend();
        std::thread::sleep(Duration::from_millis(20));
    }
    worker
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn dev(wiring: &Wiring, demo: Demo, supervisor: &Supervisor) -> Result<Dev> {
    let url = |role| wiring.listeners.url(role);
    let roles = Role::ALL.iter().map(|role| url(*role));
    let more = &wiring.listeners.more_executors;
    let more = more.iter().map(|(public, _)| format!("http://{public}"));
    let platform_key =
        Secrets::load(&place::dot().join("secrets.json"))?.context("secrets.json is gone")?;
    Ok(Dev {
        api_url: url(Role::Api),
        invoke_url: wiring.listeners.invoke_url(),
        console_url: url(Role::Api),
        billing_url: url(Role::Billing),
        metrics_urls: roles
            .chain(more)
            .map(|url| format!("{url}/metrics"))
            .collect(),
        database_url: wiring.database_url.clone(),
        redis_url: wiring.redis_url.clone(),
        s3_endpoint: wiring.object_store.endpoint.clone(),
        platform_key: platform_key.get("platform_key")?.to_owned(),
        demo,
        pids: supervisor.pids(),
    })
}

fn addresses(dev: &Dev, home: &Home) -> String {
    let console = if place::console_dist().join("index.html").exists() {
        &dev.console_url
    } else {
        "not built in this clone"
    };
    format!(
        "
  Cartwright runs.

    console     {console}
    sign in     {email}   {password}
    api         {api}/v1   (its document: {api}/openapi.json)
    invoke      {invoke}/v1/invoke/{{function}}
    billing     {billing}/metrics
    logs        {logs}
    all of it   {all}

    Run it once more:

    curl -i {invoke}/v1/invoke/{function} \\
      -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' \\
      -d @{sample}
",
        email = dev.demo.email,
        password = dev.demo.password,
        api = dev.api_url,
        invoke = dev.invoke_url,
        billing = dev.billing_url,
        logs = home.folder.join("logs").display(),
        all = dev_file().display(),
        function = dev.demo.function,
        key = dev.demo.api_key,
        sample = demo::sample_file().display(),
    )
}
