//! The one who starts the members of a stack, waits until they answer, restarts those that die, and ends them all.
//! It runs on one thread, the one that lives as long as the stack: see [`Program::spawn`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt;
use crate::process::{Running, Signal};
use crate::say::{Step, quote, say};
use crate::servers::Member;

/// How long a member may take until it answers. A loaded machine may need much of it.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Somewhat longer than a role may drain.
const DRAIN_WITHIN: Duration = Duration::from_secs(35);

const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(15);

/// A member that lived so long died of something new; its backoff begins anew.
const LONG_LIFE: Duration = Duration::from_secs(1);

/// The end goes in this order: who takes work, who keeps the books, who keeps the data.
const LAST_RITES: [&[&str]; 4] = [
    &["proxy"],
    &["executor", "worker"],
    &["api", "billing"],
    &["redis", "s3", "postgres"],
];

/// All members of one stack.
#[derive(Default)]
pub struct Supervisor {
    members: Vec<Managed>,
}

struct Managed {
    member: Member,
    state: State,
    deaths_in_a_row: u32,
}

enum State {
    Runs(Running),
    Rests { until: Instant },
}

impl Supervisor {
    /// Start a member.
    pub fn start(&mut self, member: Member) -> Result<()> {
        let running = member.program.spawn()?;
        self.members.push(Managed {
            member,
            state: State::Runs(running),
            deaths_in_a_row: 0,
        });
        Ok(())
    }

    /// Wait until everybody answers. Who dies before that will not do better the next time: that is an error.
    pub fn await_ready(&mut self, what: &str) -> Result<()> {
        let step = Step::begin(what);
        let until = Instant::now() + READY_WITHIN;
        for managed in &mut self.members {
            managed.await_ready(until)?;
        }
        step.done();
        Ok(())
    }

    /// Look after everybody once. Whether a process has changed.
    pub fn tend(&mut self) -> bool {
        let mut changed = false;
        for managed in &mut self.members {
            changed |= managed.tend();
        }
        changed
    }

    /// Who runs, by process id.
    pub fn pids(&self) -> BTreeMap<String, u32> {
        let running = self
            .members
            .iter()
            .filter_map(|managed| match &managed.state {
                State::Runs(running) => Some((running.name().to_owned(), running.pid())),
                State::Rests { .. } => None,
            });
        running.collect()
    }

    /// End everybody in good order; at once when asked a second time.
    pub fn stop(mut self) {
        let drain = |running: &mut Running| {
            let until = Instant::now() + DRAIN_WITHIN;
            while running.exited().is_none() && Instant::now() < until && !interrupt::insisted() {
                std::thread::sleep(Duration::from_millis(20));
            }
            if running.exited().is_none() {
                say(&format!(
                    "{} did not end by itself: killing it",
                    running.name()
                ));
                running.kill();
            }
        };
        for names in LAST_RITES {
            let (ending, staying) = std::mem::take(&mut self.members)
                .into_iter()
                .partition::<Vec<_>, _>(|managed| {
                    // Of several alike, `executor-2` goes with `executor`.
                    let kind = kind_of(&managed.member.program.name);
                    names.contains(&kind)
                });
            self.members = staying;
            let mut ending: Vec<(Running, Signal)> =
                ending.into_iter().filter_map(Managed::goodbye).collect();
            for (running, goodbye) in &ending {
                running.signal(*goodbye);
            }
            for (running, _) in &mut ending {
                drain(running);
            }
        }
    }
}

/// What kind of member it is, whatever its number: `executor` of `executor-2`.
fn kind_of(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((kind, number)) if number.parse::<u32>().is_ok() => kind,
        _ => name,
    }
}

impl Managed {
    fn await_ready(&mut self, until: Instant) -> Result<()> {
        let State::Runs(running) = &mut self.state else {
            return Ok(());
        };
        let mut missing = String::new();
        while Instant::now() < until {
            interrupt::check()?;
            if let Some(status) = running.exited() {
                quote(&running.last_words(12));
                bail!(
                    "{} ended ({status}) before it was ready; its log: {}",
                    running.name(),
                    running.log().display()
                );
            }
            match self.member.probe.ask(running.pid(), &self.member.address) {
                // It has to be alive after the answer, too: another's answer would do otherwise.
                Ok(()) if running.exited().is_none() => return Ok(()),
                Ok(()) => {}
                Err(error) => missing = error,
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        quote(&running.last_words(12));
        bail!(
            "{} is not ready after {READY_WITHIN:?}: {missing}; its log: {}",
            running.name(),
            running.log().display()
        )
    }

    fn tend(&mut self) -> bool {
        match &mut self.state {
            State::Runs(running) => {
                let Some(status) = running.exited() else {
                    return false;
                };
                self.deaths_in_a_row = if running.age() > LONG_LIFE {
                    1
                } else {
                    self.deaths_in_a_row + 1
                };
                let backoff =
                    FIRST_BACKOFF * 2_u32.saturating_pow(self.deaths_in_a_row - 1).min(1000);
                let backoff = backoff.min(LONGEST_BACKOFF);
                say(&format!(
                    "{} died ({status}); starting it again in {:.1} s. Its last words:",
                    running.name(),
                    backoff.as_secs_f64()
                ));
                quote(&running.last_words(4));
                // What it started must not outlive it.
                running.signal(Signal::KILL);
                self.state = State::Rests {
                    until: Instant::now() + backoff,
                };
                true
            }
            State::Rests { until } if Instant::now() < *until => false,
            State::Rests { .. } => match self
                .member
                .program
                .spawn()
                .context("it cannot be started again")
            {
                Ok(running) => {
                    say(&format!(
                        "{} runs again, as process {}",
                        running.name(),
                        running.pid()
                    ));
                    self.state = State::Runs(running);
                    true
                }
                Err(error) => {
                    say(&format!("{}: {error:#}", self.member.program.name));
                    self.state = State::Rests {
                        until: Instant::now() + LONGEST_BACKOFF,
                    };
                    false
                }
            },
        }
    }

    fn goodbye(self) -> Option<(Running, Signal)> {
        match self.state {
            State::Runs(running) => Some((running, self.member.goodbye)),
            State::Rests { .. } => None,
        }
    }
}
