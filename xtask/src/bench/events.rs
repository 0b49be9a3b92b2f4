//! Events into the api, and deliveries from the queue to their end, on one machine with everything beside them: how many a second,
//! what each costs, what a transaction that is held open does to that, and how long a quiet tenant waits beside one with a backlog.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Options;
use super::stage::{Function, Stage};
use crate::roles::Role;
use crate::say::{Step, print, say};
use crate::{interrupt, place, run};

/// What must be reached, by the name of the figure: at least, or at most.
const GOALS: [(&str, &str, f64); 4] = [
    ("ingest_events_per_s", "at least", 8_000.0),
    ("deliveries_per_s", "at least", 3_000.0),
    ("cpu_us_per_delivery", "at most", 650.0),
    ("quiet_wait_p99_ms", "at most", 1_000.0),
];

/// And as a part of the undisturbed rate.
const SHARES: [(&str, f64); 2] = [
    ("held_deliveries_per_s", 0.8),
    ("beside_deliveries_per_s", 0.95),
];

/// Set the stage, measure, print the table, keep it in `target/bench/events.json`.
pub(super) fn run(options: &Options) -> Result<()> {
    interrupt::install()?;
    let stage = Stage::set_with(&[
        "cartwright-executor",
        "cartwright-api",
        "cartwright-billing",
        "cartwright-load",
    ])?;
    let measured = ingest(&stage, options).and_then(|ingested| {
        let mut figures = measure(&stage, options)?;
        let all = figures.as_object_mut().context("figures by name")?;
        all.extend(ingested.as_object().cloned().unwrap_or_default());
        Ok(figures)
    });
    stage.strike();
    let figures = measured?;
    let figure = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
    let mut table = String::from("\n");
    for (name, bound, goal) in GOALS {
        let met = if bound == "at least" {
            figure(name) >= goal
        } else {
            figure(name) <= goal
        };
        let verdict = if met { "met" } else { "MISSED" };
        table += &format!(
            "  {name:<28}{:>12.1}   {bound} {goal:.0}: {verdict}\n",
            figure(name)
        );
    }
    for (name, goal) in SHARES {
        let share = figure(name) / figure("deliveries_per_s");
        let verdict = if share >= goal { "met" } else { "MISSED" };
        table += &format!(
            "  {name:<28}{:>12.1}   {share:.2} of the undisturbed, at least {goal}: {verdict}\n",
            figure(name)
        );
    }
    table += "\n  a backlog, deliveries/s:   alone      beside a quiet tenant   whose longest wait, ms\n";
    for part in figures["beside"].as_array().into_iter().flatten() {
        let of = |name: &str| part[name].as_f64().unwrap_or(f64::NAN);
        table += &format!(
            "  {:>33.1}   {:>24.1}   {:>22.1}\n",
            of("alone_per_s"),
            of("beside_per_s"),
            of("quiet_wait_ms"),
        );
    }
    print(&table);
    let file = place::target().join("bench/events.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&figures)?)?;
    say(&format!("The figures are in {}", file.display()));
    Ok(())
}

/// How many events the api takes in, in batches of 100 over 4 connections. Each makes a delivery, which is held so that no worker
/// takes it meanwhile.
fn ingest(stage: &Stage, options: &Options) -> Result<Value> {
    let module = std::fs::read(place::root().join("functions/hello/hello.wasm"))?;
    stage.tenant("sender", &[Function::new("hello", module)])?;
    stage.subscribe_held("sender", "hello", "bench/ingest")?;
    let seconds = (options.measure_ms * 5 / 1_000).max(5);
    let step = Step::begin(&format!("Sending events for {seconds} s"));
    let api = stage.wiring.listeners.url(Role::Api);
    let mut command = Command::new(&stage.load);
    command
        .args([
            "ingest",
            "--tenant",
            "sender",
            "--event-type",
            "bench/ingest",
        ])
        .args(["--address", api.trim_start_matches("http://")])
        .args(["--platform-key", stage.platform_key()])
        .args(["--seconds", &seconds.to_string()]);
    for pid in stage.pids() {
        command.args(["--pid", &pid.to_string()]);
    }
    let output = run::output(&mut command)?;
    step.done();
    serde_json::from_str(&output).with_context(|| format!("not a measurement: {output}"))
}

fn measure(stage: &Stage, options: &Options) -> Result<Value> {
    let module = std::fs::read(place::root().join("functions/hello/hello.wasm"))?;
    for tenant in ["noisy", "quiet"] {
        stage.tenant(tenant, &[Function::new("hello", module.clone())])?;
    }
    let seconds = (options.measure_ms * 5 / 1_000).max(5);
    ensure!(
        options.hold_s > seconds,
        "--hold-s must be longer than a measurement, {seconds} s"
    );
    let step = Step::begin(&format!(
        "Measuring the queue, some {} s",
        options.hold_s + 6 * seconds + 10
    ));
    let mut command = Command::new(&stage.load);
    command
        .args([
            "queue",
            "--noisy",
            "noisy",
            "--quiet",
            "quiet",
            "--function",
            "hello",
        ])
        .args(["--database-url", &stage.wiring.database_url])
        .args([
            "--worker",
            stage
                .wiring
                .listeners
                .url(Role::Worker)
                .trim_start_matches("http://"),
        ])
        .args(["--backlog", &options.backlog.to_string()])
        .args([
            "--seconds",
            &seconds.to_string(),
            "--hold-s",
            &options.hold_s.to_string(),
        ]);
    for pid in stage.pids() {
        command.args(["--pid", &pid.to_string()]);
    }
    let output = run::output(&mut command)?;
    step.done();
    serde_json::from_str(&output).with_context(|| format!("not a measurement: {output}"))
}
