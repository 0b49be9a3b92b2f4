//! One stack: its roles' processes, and what is its own of the servers behind them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::crypto::ring;
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;
use xtask::database_url::with_database;
use xtask::process::{Program, Running, Signal};
use xtask::roles::{Listeners, Role};
use xtask::test_servers::TestServers;
use xtask::wiring::Wiring;

use crate::faults::{Backend, Wire};
use crate::{Tenant, eventually, eventually_ok, executors, spawner, workers};

/// How long a role may take until it is ready. Generous: two cores may be busy with a build.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What may differ from one stack to the next.
#[derive(Default)]
pub struct Options {
    /// Put a wire that can be cut before each server: see [`Stack::cut`].
    pub faults: bool,
    /// Variables for single roles, over those that they get anyway.
    pub environment: Vec<(Role, &'static str, String)>,
    /// Servers that are cut off before the roles start (needs `faults`; does not wait for readiness).
    pub cut_at_start: Vec<Backend>,
    /// Executors beside the one that every stack has: see [`Stack::executor_url`].
    pub more_executors: usize,
    /// Workers beside the one that every stack has.
    pub more_workers: usize,
}

/// A process of a stack: its role, and its number among those of the role, from 0.
pub(crate) type Seat = (Role, usize);

/// A running stack. It ends when it is dropped, at the latest with the test binary.
pub struct Stack {
    /// Control plane, console, docs.
    pub api_url: String,
    /// Data plane: `POST {invoke_url}/v1/invoke/{function}`.
    pub invoke_url: String,
    /// Billing's health and metrics.
    pub billing_url: String,
    /// The worker's health and metrics.
    pub worker_url: String,
    /// How everything is wired together.
    pub wiring: Wiring,
    /// The folder of this stack: `<role>.log`, and the executor's disk under `executor/`.
    pub folder: PathBuf,
    pub(crate) urls: BTreeMap<Seat, String>,
    environments: BTreeMap<Seat, BTreeMap<String, String>>,
    running: Mutex<BTreeMap<Seat, Running>>,
    wires: BTreeMap<Backend, Wire>,
    platform_key: OnceCell<String>,
}

impl Stack {
    /// The stack that the tests of this binary share.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Stack> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start(Options::default())).await
    }

    /// A stack of one's own, ready.
    pub async fn start(options: Options) -> Self {
        let ready = options.cut_at_start.is_empty();
        let stack = Self::wire(&options)
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
        for backend in &options.cut_at_start {
            stack.cut(*backend);
        }
        for seat in stack.seats() {
            stack.run_seat(seat);
        }
        if ready {
            for seat in stack.seats() {
                stack.seat_ready(seat).await;
            }
        }
        stack
    }

    async fn wire(options: &Options) -> Result<Self> {
        // Fails when it is done already, which is as good.
        ring::default_provider().install_default().ok();
        let servers = TestServers::from_env()?;
        let name = format!("stack-{}", Uuid::now_v7().simple());
        let folder = servers.scratch.join(&name);
        std::fs::create_dir_all(folder.join("executor"))?;
        std::fs::create_dir_all(servers.buckets.join(&name))?;
        let mut database_url = clone_database(&servers, &name).await?;
        let mut redis_url = format!(
            "{}/{}",
            servers.redis_url,
            next_redis_number(&servers).await?
        );
        let mut object_store = servers.object_store.clone();
        object_store.bucket = name;
        let mut wires = BTreeMap::new();
        if options.faults {
            let endpoint = object_store
                .endpoint
                .as_mut()
                .context("an object store without an address")?;
            for (backend, url) in [
                (Backend::Database, &mut database_url),
                (Backend::Redis, &mut redis_url),
                (Backend::ObjectStore, endpoint),
            ] {
                let server = authority(url)?.to_owned();
                let wire = Wire::to(&server).await?;
                *url = url.replace(&server, &wire.address.to_string());
                wires.insert(backend, wire);
            }
        }
        let mut ports = free_ports();
        let wiring = Wiring {
            listeners: free_listeners(&mut ports)?,
            database_url,
            redis_url,
            object_store,
            secrets: servers.secrets,
            console_dir: servers.console_dir,
            executor_data_dir: folder.join("executor"),
            compiler: xtask::place::binary("cartwright-compiler"),
        };
        let mut environments = BTreeMap::new();
        let mut urls = BTreeMap::new();
        for role in Role::ALL {
            let mut environment = wiring.environment(role)?;
            if role == Role::Executor {
                // A machine that is busy with tests is no overload, unless a test says so.
                environment.insert("CARTWRIGHT_SHED_DELAY_MS".to_owned(), "0".to_owned());
                // Nor is a machine whose disk is nearly full: what the tests write is small.
                environment.insert("CARTWRIGHT_DISK_SHED_PERCENT".to_owned(), "100".to_owned());
            }
            let own = options
                .environment
                .iter()
                .filter(|(whose, ..)| *whose == role);
            environment.extend(own.map(|(_, name, value)| ((*name).to_owned(), value.clone())));
            environments.insert((role, 0), environment);
            urls.insert((role, 0), wiring.listeners.url(role));
        }
        executors::add(
            options.more_executors,
            &folder,
            &mut ports,
            &mut environments,
            &mut urls,
        )?;
        workers::add(
            options.more_workers,
            &mut ports,
            &mut environments,
            &mut urls,
        )?;
        Ok(Self {
            api_url: wiring.listeners.url(Role::Api),
            invoke_url: wiring.listeners.url(Role::Executor),
            billing_url: wiring.listeners.url(Role::Billing),
            worker_url: wiring.listeners.url(Role::Worker),
            wiring,
            folder,
            urls,
            environments,
            running: Mutex::default(),
            wires,
            platform_key: OnceCell::new(),
        })
    }

    /// Start a role that does not run. It is not ready yet: see [`Stack::ready`].
    pub fn run(&self, role: Role) {
        self.run_seat((role, 0));
    }

    pub(crate) fn run_seat(&self, seat: Seat) {
        let (binary, arguments) = seat.0.command();
        let program = Program {
            name: seat_name(seat),
            path: xtask::place::binary(binary),
            arguments: arguments
                .iter()
                .map(|argument| (*argument).to_owned())
                .collect(),
            environment: self.environments[&seat].clone(),
            identity: None,
            log: self.log_file(seat),
            on_our_death: Signal::KILL,
        };
        let running = spawner::spawn(program).unwrap_or_else(|error| panic!("{error:#}"));
        self.running().insert(seat, running);
    }

    /// Wait until a role says that it is ready.
    pub async fn ready(&self, role: Role) {
        self.seat_ready((role, 0)).await;
    }

    pub(crate) async fn seat_ready(&self, seat: Seat) {
        let (url, http) = (
            format!("{}/readyz", self.urls[&seat]),
            reqwest::Client::new(),
        );
        let (name, log) = (seat_name(seat), self.log_file(seat));
        let what = format!("{name} answers 200 on /readyz (its log: {})", log.display());
        eventually_ok(&what, READY_WITHIN, async || {
            if let Some(ended) = self.running().get_mut(&seat).and_then(Running::exited) {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{name} ended ({ended}) and said:\n{said}");
            }
            let answer = http.get(&url).send().await;
            let answer = answer.map_err(|error| error.to_string())?;
            if answer.status() == 200 {
                return Ok(());
            }
            Err(answer.text().await.unwrap_or_default())
        })
        .await;
    }

    /// Kill a role: no drain, no goodbye.
    pub fn kill(&self, role: Role) {
        self.kill_seat((role, 0));
    }

    pub(crate) fn kill_seat(&self, seat: Seat) {
        drop(self.running().remove(&seat));
    }

    /// Ask a role to end (SIGTERM) and wait; how it ended.
    pub async fn stop(&self, role: Role) -> ExitStatus {
        let mut running = self.running().remove(&(role, 0)).expect("a role that runs");
        running.signal(Signal::TERM);
        eventually(
            "a role ends after SIGTERM",
            Duration::from_secs(40),
            async || running.exited(),
        )
        .await
    }

    /// Kill a role if it runs, start it, and wait until it is ready.
    pub async fn restart(&self, role: Role) {
        self.kill(role);
        self.run(role);
        self.ready(role).await;
    }

    /// Whether a role's process lives.
    pub fn lives(&self, role: Role) -> bool {
        self.running()
            .get_mut(&(role, 0))
            .is_some_and(|running| running.exited().is_none())
    }

    /// A role's process id.
    pub fn pid(&self, role: Role) -> u32 {
        self.running()
            .get(&(role, 0))
            .expect("a role that runs")
            .pid()
    }

    /// All that a role has written to its log so far.
    pub fn log(&self, role: Role) -> String {
        std::fs::read_to_string(self.log_file((role, 0))).unwrap_or_default()
    }

    fn log_file(&self, seat: Seat) -> PathBuf {
        self.folder.join(format!("{}.log", seat_name(seat)))
    }

    /// Take a server away from this stack's roles: connections break, new ones are refused.
    pub fn cut(&self, backend: Backend) {
        self.wires
            .get(&backend)
            .expect("a stack started with `faults: true`")
            .cut();
    }

    /// Have everything from and to a server of this stack's roles arrive so much later.
    pub fn slow(&self, backend: Backend, late_ms: u64) {
        self.wires
            .get(&backend)
            .expect("a stack started with `faults: true`")
            .slow(late_ms);
    }

    /// Give it back.
    pub fn mend(&self, backend: Backend) {
        self.wires
            .get(&backend)
            .expect("a stack started with `faults: true`")
            .mend();
    }

    /// The base URL of a role's internal listener.
    pub fn internal_url(&self, role: Role) -> String {
        self.wiring.listeners.internal_url(role)
    }

    /// A connection to this stack's database as its owner, who sees all: for asserting, never for arranging.
    pub async fn database(&self) -> PgConnection {
        PgConnection::connect(&self.wiring.database_url)
            .await
            .expect("the database of this stack")
    }

    /// A connection under a role's own login, which sees what the role may.
    pub async fn database_as(&self, role: Role) -> PgConnection {
        let url = self.wiring.login_url(role).expect("a role with a login");
        PgConnection::connect(&url)
            .await
            .expect("the database of this stack")
    }

    /// Sign up and in as a new tenant, whose slug begins with `name`, with an API key.
    pub async fn tenant(&self, name: &str) -> Tenant {
        Tenant::sign_up(self, name).await
    }

    /// The platform's key, made by `cartwright-api keys platform`.
    pub async fn platform_key(&self) -> &str {
        self.platform_key
            .get_or_init(|| self.make_platform_key())
            .await
    }

    /// What `cartwright-api keys` says to an operator, who acts as the owner of the database.
    pub async fn keys(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = tokio::process::Command::new(xtask::place::binary("cartwright-api"));
        command
            .arg("keys")
            .args(arguments)
            .env("DATABASE_URL", &self.wiring.database_url);
        command.output().await.expect("cartwright-api starts")
    }

    async fn make_platform_key(&self) -> String {
        let output = self.keys(&["platform", "--name", "tests"]).await;
        let said = String::from_utf8_lossy(&output.stdout);
        let key = said
            .split_whitespace()
            .find(|word| word.starts_with("cw_platform_"));
        key.unwrap_or_else(|| {
            panic!(
                "no platform key: {said}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
        .to_owned()
    }

    /// In the order in which they are started.
    fn seats(&self) -> Vec<Seat> {
        let of = |role| self.urls.keys().filter(move |seat| seat.0 == role).copied();
        Role::ALL.into_iter().flat_map(of).collect()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<Seat, Running>> {
        self.running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn clone_database(servers: &TestServers, stack: &str) -> Result<String> {
    let name = stack.replace('-', "_");
    let mut connection = PgConnection::connect(&servers.database_url).await?;
    let statement = format!("create database {name} template {}", servers.template);
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    with_database(&servers.database_url, &name)
}

/// Redis numbers its databases, and `cargo xtask test` gives it many; the first is for handing out the others.
async fn next_redis_number(servers: &TestServers) -> Result<i64> {
    let client = redis::Client::open(servers.redis_url.as_str())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    Ok(redis::cmd("INCR")
        .arg("stacks")
        .query_async(&mut connection)
        .await?)
}

/// `host:port` of a URL.
fn authority(url: &str) -> Result<&str> {
    let (_, rest) = url.split_once("://").context("a server without a URL")?;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    Ok(authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host))
}

/// `executor`, and `executor-1` for the next.
fn seat_name((role, number): Seat) -> String {
    match number {
        0 => role.name().to_owned(),
        number => format!("{}-{number}", role.name()),
    }
}

/// Ports below the range from which the kernel takes those of outgoing connections, so that none is taken between the
/// look and the start; each process begins elsewhere.
fn free_ports() -> impl Iterator<Item = String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    std::iter::repeat_with(|| {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        10_000 + (std::process::id().wrapping_mul(97) + turn) % 20_000
    })
    // The first 20,000 are all that there are.
    .take(20_000)
    .filter_map(|port| u16::try_from(port).ok())
    .filter(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
    .map(|port| format!("127.0.0.1:{port}"))
}

fn free_listeners(ports: &mut impl Iterator<Item = String>) -> Result<Listeners> {
    let mut listeners = Listeners::default();
    for role in Role::ALL {
        listeners
            .public
            .insert(role, ports.next().context("no free port")?);
        if role.internal_listen_variable().is_some() {
            listeners
                .internal
                .insert(role, ports.next().context("no free port")?);
        }
    }
    Ok(listeners)
}
