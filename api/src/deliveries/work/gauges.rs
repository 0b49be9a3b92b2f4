//! What the queue shows of itself, lane by lane.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::fair::FlowKey;
use super::store::Depth;
use crate::deliveries::lane::Lane;

/// How long the one that waits longest in each lane has been due.
pub(super) fn show_lags(heads: &HashMap<FlowKey, DateTime<Utc>>, now: DateTime<Utc>) {
    for lane in Lane::ALL {
        let of_lane = heads.iter().filter(|(key, _)| key.lane == lane.number());
        let first = of_lane.map(|(_, ready_at)| *ready_at).min();
        let lag = first.map_or(TimeDelta::zero(), |first| now - first);
        let lag = lag.to_std().unwrap_or_default().as_secs_f64();
        metrics::gauge!("cartwright_delivery_lag_seconds", "lane" => lane.name()).set(lag);
    }
}

/// What is in each lane, by what it waits for.
pub(super) fn show_depths(depths: &[Depth]) {
    for lane in Lane::ALL {
        let depth = depths.iter().find(|depth| depth.lane == lane.number());
        let states = depth.map_or([0; 4], |depth| {
            [depth.waiting, depth.running, depth.later, depth.held]
        });
        for (count, state) in states.iter().zip(["waiting", "running", "later", "held"]) {
            // A queue never holds as many as a float cannot count.
            metrics::gauge!("cartwright_deliveries_queued", "lane" => lane.name(), "state" => state)
                .set(*count as f64);
        }
    }
}
