//! Runs: begins the delivery whose turn it is, as far as there are places, and takes what came of it.

use std::time::{Duration, Instant};

use cartwright_domain::outcome::Outcome;
use chrono::{DateTime, Utc};

use super::{Desk, Told};
use crate::deliveries::work::SETTLEMENTS_MAX;
use crate::deliveries::work::attempt::{Pressure, Verdict, attempt};
use crate::deliveries::work::claimed::{Claimed, FunctionKey};
use crate::deliveries::work::fair::Charged;
use crate::deliveries::work::retry::chance;
use crate::deliveries::work::settle::Settlement;

/// A delivery that was attempted.
pub(super) struct Ran {
    delivery: Claimed,
    charged: Charged,
    began: Instant,
    began_at: DateTime<Utc>,
    verdict: Verdict,
}

impl Desk {
    /// Begin what is next, as far as there are places.
    pub(super) fn run_next(&mut self) {
        let now = Instant::now();
        if self.resting_until.is_some_and(|until| until > now) {
            return;
        }
        self.resting_until = None;
        // What cannot be written is not run either.
        while self.running < self.pace.limit() && self.settling.capacity() > SETTLEMENTS_MAX / 2 {
            let busy = &self.busy;
            let Some((_, charged, mut delivery)) =
                self.fair.next(|delivery| busy.may_run(delivery))
            else {
                return;
            };
            self.busy.left(&delivery);
            self.busy.began(&delivery);
            self.running += 1;
            let (delivering, tell) = (self.delivering.clone(), self.tell.clone());
            let rests = self.busy.rests(&delivery, now);
            tokio::spawn(async move {
                let (began, began_at) = (Instant::now(), Utc::now());
                let verdict = match rests {
                    Some(until) => Verdict::Fault {
                        code: String::new(),
                        error: "its function rests".to_owned(),
                        pressure: Some(Pressure::Function(until.saturating_duration_since(began))),
                    },
                    None => {
                        attempt(
                            &mut delivery,
                            &delivering.executors,
                            &delivering.object_store,
                        )
                        .await
                    }
                };
                let ran = Ran {
                    delivery,
                    charged,
                    began,
                    began_at,
                    verdict,
                };
                tell.send(Told::Ran(Box::new(ran))).ok();
            });
        }
    }

    pub(super) async fn take_ran(&mut self, ran: Ran) {
        let Ran {
            delivery,
            charged,
            began,
            began_at,
            verdict,
        } = ran;
        let (now, key, function) = (Instant::now(), delivery.flow(), delivery.function());
        self.running -= 1;
        self.busy.ended(function, delivery.subscription_id);
        let took = now.duration_since(began);
        self.fair.ended(&key, charged, took.as_secs_f64() * 1_000.0);
        self.feel(&verdict, function, now);
        metrics::counter!("cartwright_delivery_attempts_total", "result" => verdict.name())
            .increment(1);
        metrics::histogram!("cartwright_delivery_attempt_seconds").record(took.as_secs_f64());
        let settlement = Settlement::of(&delivery, verdict, began_at, Utc::now(), chance());
        if let Settlement::Back(back) = &settlement {
            self.due.look_at(key, back.ready_at);
        }
        self.settle(settlement).await;
    }

    /// Whoever says that it is too much gets less.
    fn feel(&mut self, verdict: &Verdict, function: FunctionKey, now: Instant) {
        let pressure = match verdict {
            Verdict::Fault { pressure, .. } => pressure,
            // The wall clock also counts what others run beside it, so it gets more room the next time.
            Verdict::Failed { cause, .. } if cause == Outcome::DeadlineExceeded.as_str() => {
                self.busy.too_much(function, now);
                return;
            }
            _ => {
                self.pace.went_well();
                self.busy.went_well(function);
                return;
            }
        };
        match pressure {
            Some(Pressure::Executors(wait)) => {
                self.pace.too_much(self.running, now);
                let until = now + (*wait).min(Duration::from_secs(1));
                self.resting_until =
                    Some(self.resting_until.map_or(until, |other| other.max(until)));
            }
            Some(Pressure::Concurrency) => self.busy.too_much(function, now),
            Some(Pressure::Function(wait)) => self.busy.rest(function, now + *wait, now),
            None => {}
        }
    }
}
