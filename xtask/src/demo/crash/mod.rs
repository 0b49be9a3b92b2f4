//! `cargo xtask demo crash`: kills the executor and billing again and again under load, then holds every answer that
//! was given against the bill.

mod account;
mod load;

use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, kill_process};
use serde_json::json;

use super::client::Client;
use super::{FUNCTION, deploy, module_file, sample_file};
use crate::process::{Signal, signal_group};
use crate::say::{Step, print, say};
use crate::secrets::new_password;
use crate::up::{self, Dev};
use crate::{fleet, interrupt, run};

/// How hard to try.
#[derive(clap::Args)]
pub struct Options {
    /// How often the executor is killed.
    #[arg(long, default_value_t = 10)]
    executor_kills: u32,
    /// How often billing is killed.
    #[arg(long, default_value_t = 5)]
    billing_kills: u32,
    /// Runs in flight at any time.
    #[arg(long, default_value_t = 24)]
    in_flight: usize,
    /// Answers to have at the end, at least.
    #[arg(long, default_value_t = 10_000)]
    answers: usize,
    /// Executors of the stack that is started for this, killed in turn. A stack that runs already is taken as it is.
    #[arg(long, default_value_t = 1)]
    executors: usize,
}

/// Show it: on the stack that runs, or on one that is started for it.
pub fn crash(options: &Options) -> Result<()> {
    say(
        "Kills under load: what was answered has to be on the bill, once; what is on the bill has to have been started.",
    );
    interrupt::install()?;
    let mut own = if up::is_running() {
        None
    } else {
        // Its words are shown: they tell of every restart.
        Some(run::start(Command::new(std::env::current_exe()?).args([
            "up",
            "--executors",
            &options.executors.to_string(),
        ]))?)
    };
    let outcome = ready(&mut own).and_then(|()| show(options));
    if let Some(stack) = &mut own {
        signal_group(stack.id(), Signal::TERM);
        stack.wait()?;
    }
    outcome
}

/// Wait until the stack is ready: ours, or the one that was there.
fn ready(own: &mut Option<Child>) -> Result<()> {
    // What a killed `up` left is removed by the next one, once it has the lock.
    while !up::is_running() || Dev::load().is_none() {
        if let Some(status) = own.as_mut().map(Child::try_wait).transpose()?.flatten() {
            bail!("`cargo xtask up` ended with {status}");
        }
        interrupt::check()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn show(options: &Options) -> Result<()> {
    let dev = Dev::load().context("the stack has gone")?;
    let members = dev.pids.keys();
    let executors: Vec<&String> = members
        .filter(|member| fleet::is_executor(member))
        .collect();
    let client = newcomer(&dev)?;
    let input = std::fs::read(sample_file())?;
    let stop = Arc::new(AtomicBool::new(false));
    let load = load::Load::start(&client, &input, options.in_flight, &stop);
    let killed = kills(options, &executors, &load);
    stop.store(true, Ordering::SeqCst);
    let sent = load.finish();
    killed?;
    let step = Step::begin("Waiting until the bill stands still");
    account::await_settlement(&client, sent.answered.len() as u64)?;
    step.done();
    let step = Step::begin("Reading every invocation behind the bill");
    let bill = account::Bill::read(&client)?;
    step.done();
    let verdict = account::reconcile(&sent, &bill, executors.len());
    print(&verdict.story);
    if verdict.holds {
        Ok(())
    } else {
        bail!("the bill does not hold")
    }
}

/// Kill in turns, each time with the load back at work, until there were enough kills and enough answers.
fn kills(options: &Options, executors: &[&String], load: &load::Load) -> Result<()> {
    let rounds = options.executor_kills.max(options.billing_kills);
    let quota = (options.answers / rounds.max(1) as usize).max(1);
    for (round, executor) in (0..rounds).zip(executors.iter().cycle()) {
        work(load, quota)?;
        if round < options.executor_kills {
            kill(executor, round + 1, load)?;
        }
        if round < options.billing_kills {
            work(load, 1)?;
            kill("billing", round + 1, load)?;
        }
    }
    let so_far = load.answered();
    work(load, options.answers.saturating_sub(so_far).max(1))
}

/// Wait until there were so many more answers, and some time has passed: who dies right after its start is held back
/// longer each time.
fn work(load: &load::Load, answers: usize) -> Result<()> {
    let (began, goal) = (Instant::now(), load.answered() + answers);
    let until = began + Duration::from_secs(120);
    while load.answered() < goal || began.elapsed() < Duration::from_millis(1500) {
        interrupt::check()?;
        if Instant::now() > until {
            bail!(
                "only {} answers of {goal} in two minutes; see the executor's log",
                load.answered()
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Kill a role, and wait until `up` has another process for it.
fn kill(role: &str, turn: u32, load: &load::Load) -> Result<()> {
    let pid = |dev: &Dev| dev.pids.get(role).copied();
    let victim = Dev::load()
        .as_ref()
        .and_then(pid)
        .with_context(|| format!("{role} does not run"))?;
    let target = i32::try_from(victim)
        .ok()
        .and_then(Pid::from_raw)
        .context("a process id")?;
    say(&format!(
        "kill -9 {victim} ({role}, number {turn}), after {} answers",
        load.answered()
    ));
    kill_process(target, Signal::KILL)?;
    let until = Instant::now() + Duration::from_secs(60);
    while Dev::load()
        .as_ref()
        .and_then(pid)
        .is_none_or(|now| now == victim)
    {
        interrupt::check()?;
        if Instant::now() > until {
            bail!("{role} was not started again within a minute");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A tenant of the show's own, so that the sums are nobody else's.
fn newcomer(dev: &Dev) -> Result<Client> {
    let mut client = Client::new(&dev.api_url, &dev.invoke_url);
    let password = new_password()?;
    let tenant = format!("crash-{}", &password[..8]);
    let email = format!("{tenant}@example.com");
    let account = json!({"email": email, "password": password, "tenant": tenant});
    client
        .post("/v1/auth/signup", &account)?
        .expect(201, "signing up")?;
    let login = json!({"email": email, "password": password});
    client.access_token = client
        .post("/v1/auth/login", &login)?
        .expect(200, "signing in")?
        .text_at("/access_token")?;
    let key = client
        .post("/v1/api-keys", &json!({"name": "crash"}))?
        .expect(201, "making an API key")?;
    client.api_key = key.text_at("/key")?;
    deploy(&client, FUNCTION, &std::fs::read(module_file())?)?;
    Ok(client)
}
