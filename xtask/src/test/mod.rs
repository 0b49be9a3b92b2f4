//! `cargo xtask test`: all set-up, then every test there is, and one sum at the end.

pub mod counts;
mod needs;
pub mod runners;
pub mod servers;

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::database_url::with_database;
use crate::roles::Role;
use crate::say::{Step, print, say};
use crate::servers::Member;
use crate::stack::{self, Home};
use crate::supervisor::Supervisor;
use crate::test_servers::{self, TestServers};
use crate::wiring::Wiring;
use crate::{build, interrupt, place, ports, sqlx};
use counts::Runner;
use runners::Tally;

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Is every file formatted?
    Format,
    /// The executor's own tests, built alone as the executor is.
    Executor,
    /// The tests of every other package, the whole-stack tests among them.
    Workspace,
    /// The whole-stack tests only.
    Stack,
    /// Does `.sqlx/` describe the queries as they are?
    Sqlx,
    /// The console: types, style, unit tests, the API types' drift. And the client for callers.
    Console,
    /// The console in a browser, on a stack of its own.
    Browser,
}

const ALL: [Part; 6] = [
    Part::Format,
    Part::Executor,
    Part::Workspace,
    Part::Console,
    Part::Browser,
    Part::Sqlx,
];

/// What to test.
#[derive(clap::Args)]
pub struct Options {
    /// Only these parts; all of them when none is named.
    parts: Vec<Part>,
    /// For the tests' own command line, as in `cargo xtask test stack -- tenants:: --nocapture`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Test, and sum up.
pub fn test(options: &Options) -> Result<()> {
    say(
        "Testing Cartwright: set-up first, then every test. Clippy is `cargo clippy`'s, since it builds everything once more.",
    );
    interrupt::install()?;
    let parts = if options.parts.is_empty() {
        ALL.to_vec()
    } else {
        options.parts.clone()
    };
    let _lock = only_one()?;
    let mut supervisor = Supervisor::default();
    let tally = run_parts(&parts, &options.arguments, &mut supervisor);
    supervisor.stop();
    let tally = tally?;
    for failure in &tally.failures {
        say(failure);
    }
    if tally.counts.skipped > 0 {
        say(&format!(
            "{} tests are marked to be skipped",
            tally.counts.skipped
        ));
    }
    // The very last line, for whoever reads only that one.
    print(&format!(
        "{} passed, {} failed",
        tally.counts.passed, tally.counts.failed
    ));
    if tally.counts.failed > 0 {
        bail!(Failed)
    } else {
        Ok(())
    }
}

/// Two runs at a time would have one set of servers. The second one waits.
pub(crate) fn only_one() -> Result<File> {
    std::fs::create_dir_all(place::target())?;
    let lock = File::create(place::target().join("test-stack.lock"))?;
    if lock.try_lock().is_err() {
        let _step = Step::begin("Waiting for another `cargo xtask test` in this clone");
        while lock.try_lock().is_err() {
            interrupt::check()?;
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Ok(lock)
}

/// Tests failed, and it has been said.
#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("tests failed")
    }
}

impl std::error::Error for Failed {}

fn run_parts(parts: &[Part], arguments: &[String], supervisor: &mut Supervisor) -> Result<Tally> {
    let mut tally = Tally::default();
    let asked = |part: Part| parts.contains(&part);
    if asked(Part::Workspace) {
        needs::python()?;
    }
    let chromium = if asked(Part::Browser) {
        Some(needs::chromium()?)
    } else {
        None
    };
    if asked(Part::Workspace) || asked(Part::Stack) {
        build::assemblyscript()?;
    }
    if asked(Part::Format) {
        let mut command = build::cargo("fmt");
        tally.run("Format", Runner::Check, command.args(["--all", "--check"]))?;
    }
    let needs_servers = asked(Part::Workspace) || asked(Part::Stack) || asked(Part::Browser);
    let home = servers::home()?;
    let running = if needs_servers {
        build::binaries()?;
        let console = build::console()?;
        build::client()?;
        Some(servers::start(&home, supervisor, console)?)
    } else {
        None
    };
    for part in parts {
        match part {
            Part::Format => {}
            Part::Executor => {
                let redis_url = match &running {
                    Some(servers) => servers.redis_url.clone(),
                    None => servers::start_redis(&home, supervisor)?,
                };
                let mut cargo = executor_tests(arguments, &home, &redis_url);
                tally.run("Executor tests", Runner::Libtest, &mut cargo)?;
            }
            Part::Workspace => rust(
                &mut tally,
                "Workspace tests",
                build::SELECTIONS[1],
                arguments,
                &home,
            )?,
            Part::Stack => {
                let selection = [build::SELECTIONS[1], &["--test", "it"]].concat();
                rust(&mut tally, "Stack tests", &selection, arguments, &home)?;
            }
            Part::Sqlx => tally.check("Drift of .sqlx", sqlx::check()),
            Part::Console => console(&mut tally)?,
            Part::Browser => {
                let servers = running.as_ref().context("the browser needs servers")?;
                let chromium = chromium
                    .as_ref()
                    .context("the browser tests need a browser")?;
                browser(&mut tally, &home, servers, supervisor, chromium)?;
            }
        }
    }
    Ok(tally)
}

/// The executor's own tests, with a Redis.
pub(crate) fn executor_tests(arguments: &[String], home: &Home, redis_url: &str) -> Command {
    let mut cargo = tests(build::SELECTIONS[0], arguments, home);
    cargo.env(test_servers::REDIS_VARIABLE, redis_url);
    cargo
}

/// Tests of these packages, with these arguments of their own.
fn tests(selection: &[&str], arguments: &[String], home: &Home) -> Command {
    let mut cargo = build::cargo("test");
    cargo
        .args(selection)
        .args(["--no-fail-fast", "--"])
        .args(arguments);
    cargo.env(test_servers::VARIABLE, servers::description(home));
    cargo
}

fn rust(
    tally: &mut Tally,
    what: &str,
    selection: &[&str],
    arguments: &[String],
    home: &Home,
) -> Result<()> {
    let mut cargo = tests(selection, arguments, home);
    tally.run(what, Runner::Libtest, &mut cargo)
}

fn console(tally: &mut Tally) -> Result<()> {
    build::console_packages()?;
    let checks = [
        ("Console types", "typecheck"),
        ("Console style", "lint"),
        ("Drift of the console's API types", "generate:check"),
    ];
    for (what, script) in checks {
        tally.run(what, Runner::Check, npm_run(script)?.env("NO_COLOR", "1"))?;
    }
    tally.run(
        "Console tests",
        Runner::Vitest,
        npm_run("test")?.env("NO_COLOR", "1"),
    )?;
    build::client()?;
    let mut client = Command::new(build::npm()?);
    client
        .args(["run", "--silent", "test"])
        .current_dir(place::root().join("clients/typescript"));
    tally.run(
        "Tests of the client for callers",
        Runner::Node,
        client.env("NO_COLOR", "1"),
    )
}

fn npm_run(script: &str) -> Result<Command> {
    let mut npm = Command::new(build::npm()?);
    npm.args(["run", "--silent", script])
        .current_dir(place::root().join("web-console"));
    Ok(npm)
}

/// Lets messages out to the receiver that the walk has on this machine.
const TO_THE_WALK: [(&str, &str); 3] = [
    ("CARTWRIGHT_OUTBOUND_ALLOW", "127.0.0.1/32"),
    ("CARTWRIGHT_OUTBOUND_PORTS", "443,1024-65535"),
    ("CARTWRIGHT_OUTBOUND_HTTP", "true"),
];

/// Walk through the console on a stack that is like everybody's, but for where messages may go.
fn browser(
    tally: &mut Tally,
    home: &Home,
    servers: &TestServers,
    supervisor: &mut Supervisor,
    chromium: &PathBuf,
) -> Result<()> {
    let executor_data_dir = servers.scratch.join("browser");
    std::fs::create_dir_all(&executor_data_dir)?;
    let wiring = Wiring {
        listeners: ports::listeners(1)?,
        database_url: with_database(&servers.database_url, servers::BROWSER)?,
        redis_url: servers.redis_url.clone(),
        object_store: servers.object_store.clone(),
        secrets: servers.secrets.clone(),
        console_dir: servers.console_dir.clone(),
        executor_data_dir,
        compiler: place::binary("cartwright-compiler"),
    };
    let roles = Role::ALL.iter().map(|role| {
        let mut member = stack::member(home, &wiring, *role)?;
        if matches!(role, Role::Api | Role::Worker) {
            let own = TO_THE_WALK.map(|(name, value)| (name.to_owned(), value.to_owned()));
            member.program.environment.extend(own);
        }
        Ok(member)
    });
    for member in roles.collect::<Result<Vec<Member>>>()? {
        supervisor.start(member)?;
    }
    supervisor.await_ready("Starting a stack for the browser")?;
    let mut command = npm_run("e2e")?;
    command.env("CARTWRIGHT_CONSOLE_URL", wiring.listeners.url(Role::Api));
    command.env(
        "CARTWRIGHT_INVOKE_URL",
        wiring.listeners.url(Role::Executor),
    );
    let platform_key = stack::platform_key(&wiring, "browser")?;
    command.env("CARTWRIGHT_PLATFORM_KEY", platform_key);
    command.env("CHROMIUM_PATH", chromium).env("NO_COLOR", "1");
    tally.run("Browser tests", Runner::Node, &mut command)
}
