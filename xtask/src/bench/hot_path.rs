//! One invocation through the whole data plane, beside what the same machine does without it in the same minute.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::peers::Peer;
use super::rows::{Budget, Measured, Rounds, table};
use super::stage::{Call, Function, Stage};
use super::{Options, equal_runs, same_fuel};
use crate::roles::Role;
use crate::say::{Step, print, say};
use crate::{fuel, interrupt, place, run};

const BARE: &str = "bare axum, hello";
const DISCOUNT: &str = "invoke discount, one function";
/// Its answer is a constant text. What must be reached of it is the floor of the measurements that the design rests on:
/// docs/decisions/0007.
const PEER: &str = "wasmtime serve, fresh";
pub(super) const CONNECTIONS: [usize; 2] = [32, 1];

/// How often a case is warmed for a second before that is given up.
const WARM_ATTEMPTS: usize = 30;

/// One thing to measure: a plan, and the process whose time it takes.
struct Case {
    name: &'static str,
    plan: PathBuf,
    pid: u32,
    /// Holds at 32 connections; with one, idle wake-ups are on the bill of each request.
    budget: Budget,
}

/// Set the stage, measure every case in turn, print the table, keep it in `target/bench/hot-path.json`.
pub(super) fn run(options: &Options) -> Result<()> {
    interrupt::install()?;
    let stage = Stage::set()?;
    let measured = measure(&stage, options);
    stage.strike();
    let rows = measured?.rows(BARE);
    print(&table(&rows));
    let file = place::target().join("bench/hot-path.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&rows)?)?;
    say(&format!("The table is in {}", file.display()));
    Ok(())
}

fn measure(stage: &Stage, options: &Options) -> Result<Rounds> {
    same_fuel::check(stage)?;
    let (hello, discount) = (
        Peer::start(&stage.load, "hello")?,
        Peer::start(&stage.load, "discount")?,
    );
    let mut cases = cases(stage, options, &hello, &discount)?;
    let wasmtime = wasmtime_serve()?;
    for (name, peer) in &wasmtime {
        cases.push(Case {
            name,
            plan: plan(name, peer.address, [("/", None, None)])?,
            pid: peer.pid(),
            budget: Budget::default(),
        });
    }
    let mut rounds = Rounds::default();
    for case in &cases {
        warm(stage, case)?;
    }
    if let Some(case) = cases.iter().find(|case| case.name == DISCOUNT) {
        equal_runs::check(&stage.load, &case.plan, fuel::DISCOUNT_RUST.fuel)?;
    }
    let step = Step::begin(&format!(
        "Measuring {} cases in {} rounds",
        cases.len(),
        options.rounds
    ));
    for _ in 0..options.rounds {
        for connections in CONNECTIONS {
            for case in &cases {
                interrupt::check()?;
                let measured = drive(stage, case, connections, options.measure_ms)?;
                ensure!(
                    measured.refused + measured.broken == 0 && measured.ok > 0,
                    "{}: {} answers, {} refused, {} broken",
                    case.name,
                    measured.ok,
                    measured.refused,
                    measured.broken
                );
                let budget = if connections == 32 {
                    case.budget
                } else {
                    Budget::default()
                };
                rounds.add(case.name, connections, budget, measured);
            }
        }
    }
    step.done();
    Ok(rounds)
}

/// Send until every request is answered: an executor looks up at most 50 keys a second, so 200 tenants take some seconds.
fn warm(stage: &Stage, case: &Case) -> Result<()> {
    for _ in 0..WARM_ATTEMPTS {
        interrupt::check()?;
        if drive(stage, case, 32, 1_000)?.refused == 0 {
            return Ok(());
        }
    }
    bail!(
        "{}: requests are still refused after {WARM_ATTEMPTS} s of warming",
        case.name
    )
}

/// The peer that others use for the same job, where it is installed: a fresh instance a request, as ours, and a reused one.
fn wasmtime_serve() -> Result<Vec<(&'static str, Peer)>> {
    let Some(wasmtime) = crate::find::program("wasmtime") else {
        say(
            "wasmtime is not on PATH: its rows are left out (cargo install wasmtime-cli --version 48.0.8 --locked)",
        );
        return Ok(Vec::new());
    };
    Ok(vec![
        (PEER, Peer::wasmtime(&wasmtime, &[])?),
        (
            "wasmtime serve, reused",
            Peer::wasmtime(&wasmtime, &["--max-instance-reuse-count", "128"])?,
        ),
    ])
}

fn cases(stage: &Stage, options: &Options, hello: &Peer, discount: &Peer) -> Result<Vec<Case>> {
    let functions = place::root().join("functions");
    let read = |path: &str| {
        std::fs::read(functions.join(path)).with_context(|| format!("functions/{path}"))
    };
    let module = read(fuel::DISCOUNT_RUST.module)?;
    let cart = String::from_utf8(read(fuel::DISCOUNT_RUST.sample)?)?;
    let hello_module = read(fuel::HELLO.module)?;
    let own = stage.tenant(
        "bench",
        &[
            Function::new("hello", hello_module),
            Function::new("discount", module.clone()),
            Function::memoised("known", module.clone()),
        ],
    )?;
    let many = stage.many_tenants(options.functions, &module)?;

    let (executor, pid) = (
        stage.wiring.listeners.url(Role::Executor),
        stage.executor_pid()?,
    );
    let executor: SocketAddr = executor.trim_start_matches("http://").parse()?;
    let budget = |cpu_us| Budget {
        cpu_us: Some(cpu_us),
        ..Budget::default()
    };
    let calls = |name, calls: &[Call], body: &str| {
        plan(
            name,
            executor,
            calls
                .iter()
                .map(|call| (&*call.path, Some(&*call.token), Some(body))),
        )
    };
    Ok(vec![
        Case {
            name: BARE,
            plan: plan("bare", hello.address, [("/", None, None)])?,
            pid: hello.pid(),
            budget: Budget::default(),
        },
        Case {
            name: "invoke hello",
            plan: calls("hello", &own[..1], "{}")?,
            pid,
            budget: Budget {
                of_bare: Some(0.5),
                rate_of: Some((1.5, PEER)),
                ..budget(20.0)
            },
        },
        Case {
            name: "native discount, axum",
            plan: plan("native", discount.address, [("/", None, Some(&*cart))])?,
            pid: discount.pid(),
            budget: Budget::default(),
        },
        Case {
            name: DISCOUNT,
            plan: calls("discount", &own[1..2], &cart)?,
            pid,
            budget: Budget {
                rate_of: Some((0.9, PEER)),
                ..budget(50.0)
            },
        },
        Case {
            name: "invoke discount, known result",
            plan: calls("known", &own[2..], &cart)?,
            pid,
            budget: Budget {
                cpu_share_of: Some((0.6, DISCOUNT)),
                ..Budget::default()
            },
        },
        Case {
            name: "invoke discount, many functions",
            plan: calls("many", &shuffled(&many), &cart)?,
            pid,
            budget: budget(180.0),
        },
    ])
}

/// Every function once, in an order in which no tenant's follow each other: a stride that is coprime to their number.
fn shuffled(calls: &[Call]) -> Vec<Call> {
    let stride = (1..)
        .map(|n| 2 * n + 377)
        .find(|stride| gcd(*stride, calls.len()) == 1)
        .unwrap_or(1);
    let order = (0..calls.len()).map(|n| &calls[n * stride % calls.len()]);
    order
        .map(|call| Call {
            path: call.path.clone(),
            token: call.token.clone(),
        })
        .collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn plan<'a>(
    name: &str,
    address: SocketAddr,
    requests: impl IntoIterator<Item = (&'a str, Option<&'a str>, Option<&'a str>)>,
) -> Result<PathBuf> {
    let requests: Vec<_> = requests
        .into_iter()
        .map(|(path, token, body)| json!({"path": path, "token": token, "body": body}))
        .collect();
    let file = place::target()
        .join("bench")
        .join(format!("plan-{name}.json"));
    std::fs::write(
        &file,
        serde_json::to_vec(&json!({"address": address, "requests": requests}))?,
    )?;
    Ok(file)
}

fn drive(stage: &Stage, case: &Case, connections: usize, duration_ms: u64) -> Result<Measured> {
    let output = run::output(
        Command::new(Path::new(&stage.load))
            .args(["drive", "--plan"])
            .arg(&case.plan)
            .args([
                "--connections",
                &connections.to_string(),
                "--duration-ms",
                &duration_ms.to_string(),
            ])
            .args(["--pid", &case.pid.to_string()]),
    )?;
    serde_json::from_str(&output)
        .with_context(|| format!("{}: not a measurement: {output}", case.name))
}
