//! Claiming ahead: whose deliveries to take next, and what becomes of those that were taken.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::{AWAY, Desk, Told};
use crate::deliveries::work::busy::Room;
use crate::deliveries::work::claimed::Claimed;
use crate::deliveries::work::fair::FlowKey;
use crate::deliveries::work::retry::chance;
use crate::deliveries::work::settle::Settlement;
use crate::deliveries::work::store::{self, Claims, NotClaimed, Want};
use crate::error::ApiError;

/// Claimed at a time beyond what is held ahead, so that a flow with a backlog never keeps another from coming to hand.
const RESERVE: usize = 64;

impl Desk {
    /// Claim for those who are next, one statement at a time.
    pub(super) fn claim_next(&mut self) {
        let (now, at) = (Instant::now(), Utc::now());
        let Some(worker) = self.worker else { return };
        if self.is_claiming || self.resting_until.is_some_and(|until| until > now) {
            return;
        }
        let room = (self.ahead + RESERVE).saturating_sub(self.fair.len());
        let (fair, half) = (&self.fair, self.ahead / 2);
        // Whoever has much at hand waits until a statement is worth it.
        let hungry = self.due.now(at, now).filter(|key| fair.len_of(key) <= half);
        let shares = self.fair.share_out(hungry, room, self.ahead);
        if shares.is_empty() {
            return;
        }
        let wants: Vec<Want> = shares
            .into_iter()
            .map(|(key, count)| Want {
                key,
                count,
                floor: self.due.floor(&key),
            })
            .collect();
        wants.iter().for_each(|want| self.due.taking(want.key));
        self.is_claiming = true;
        let (delivering, tell) = (self.delivering.clone(), self.tell.clone());
        let given_up = self.given_up.clone();
        tokio::spawn(async move {
            let claims = match delivering.database.crossing().await {
                Ok(mut crossing) => store::claim(&mut crossing, worker, &wants).await,
                Err(error) => Err(NotClaimed::unasked(error)),
            };
            // What may be held without this worker's knowledge is free when its lease has lapsed.
            if claims.as_ref().is_err_and(|failed| !failed.is_undone) {
                given_up.notify_one();
            }
            tell.send(Told::Claimed(wants, claims.map_err(|failed| failed.error)))
                .ok();
        });
    }

    pub(super) async fn take_claimed(&mut self, wants: &[Want], claims: Result<Claims, ApiError>) {
        self.is_claiming = false;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!("cannot take deliveries: {error}");
                wants.iter().for_each(|want| self.due.is_due(want.key));
                self.resting_until = Some(Instant::now() + AWAY);
                return;
            }
        };
        metrics::counter!("cartwright_delivery_claims_total").increment(1);
        metrics::counter!("cartwright_deliveries_claimed_total")
            .increment(claims.taken.len() as u64);
        let mut taken: HashMap<FlowKey, (usize, usize)> = HashMap::new();
        for delivery in claims.taken {
            let (count, refused) = taken.entry(delivery.flow()).or_default();
            *count += 1;
            if !self.have(delivery).await {
                *refused += 1;
            }
        }
        for want in wants {
            if let Some(looked) = claims.looked.get(&want.key) {
                self.due.looked(want.key, looked.last);
                // It found as many as it asked for: there may be more, whatever became of these.
                if looked.count == want.count {
                    self.due.is_due(want.key);
                }
            }
            // Mostly what cannot run: look again when something may have changed.
            let (count, refused) = taken.get(&want.key).copied().unwrap_or_default();
            if refused * 2 > count {
                self.due
                    .rest(want.key, Instant::now() + Duration::from_millis(100));
            }
        }
    }

    /// Have this at hand, unless it ends here or has to wait elsewhere. False when it was given back.
    async fn have(&mut self, delivery: Claimed) -> bool {
        if Some(delivery.worker_id) != self.worker {
            return true;
        }
        if let Some(end) = delivery.ends_here(Utc::now()) {
            self.settle(end).await;
            return true;
        }
        let now = Instant::now();
        match self.busy.room(&delivery, now) {
            Room::Here => {
                self.busy.came(&delivery);
                self.fair.push(delivery.flow(), delivery);
                true
            }
            Room::Rests(until) => {
                self.put_off(&delivery, until.saturating_duration_since(now))
                    .await;
                false
            }
            Room::Full => {
                self.put_off(&delivery, Duration::from_millis(250)).await;
                false
            }
        }
    }

    /// Give it back untouched for at least so long, and for up to twice that.
    async fn put_off(&mut self, delivery: &Claimed, at_least: Duration) {
        let wait = at_least
            .max(Duration::from_millis(100))
            .mul_f64(1.0 + chance());
        let ready_at = Utc::now() + wait;
        self.due.look_at(delivery.flow(), ready_at);
        metrics::counter!("cartwright_deliveries_put_off_total").increment(1);
        self.settle(Settlement::untouched(delivery, ready_at)).await;
    }
}
