//! What a desk gives back: all that is at hand when others may have it, and at the drain what comes too late.

use chrono::Utc;

use super::{Desk, Told};
use crate::deliveries::work::settle::Settlement;

impl Desk {
    /// Give back everything at hand, for others to take at once.
    pub(super) async fn release(&mut self) {
        let now = Utc::now();
        for delivery in self.fair.take_all() {
            self.busy.left(&delivery);
            self.due.look_at(delivery.flow(), now);
            self.settle(Settlement::untouched(&delivery, now)).await;
        }
    }

    /// Wait until nothing runs and no claim is under way.
    pub(super) async fn empty(&mut self) {
        while self.running > 0 || self.is_claiming {
            match self.told.recv().await {
                Some(Told::Ran(ran)) => self.take_ran(*ran).await,
                Some(Told::Claimed(_, claims)) => {
                    self.is_claiming = false;
                    for delivery in claims.unwrap_or_default().taken {
                        self.settle(Settlement::untouched(&delivery, Utc::now()))
                            .await;
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
    }
}
