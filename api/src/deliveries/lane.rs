//! The lanes of a tenant's queue.

use serde::Serialize;
use utoipa::ToSchema;

/// How soon a delivery is taken beside others of its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = LaneName)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub(crate) enum Lane {
    /// Events and schedules as they come.
    Live = 0,
    /// Many at once.
    Bulk = 1,
    /// Replays of what was delivered before.
    Replay = 2,
}

impl Lane {
    /// Each, in the order of their numbers.
    pub(crate) const ALL: [Self; 3] = [Self::Live, Self::Bulk, Self::Replay];

    /// Its number in the database.
    pub(crate) const fn number(self) -> i16 {
        self as i16
    }

    /// The lane of this number; the least urgent, where it is none that we know.
    pub(crate) fn of(number: i16) -> Self {
        let mut lanes = Self::ALL.into_iter();
        let found = lanes.find(|lane| lane.number() == number);
        found.unwrap_or(Self::Replay)
    }

    /// What people read.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Bulk => "bulk",
            Self::Replay => "replay",
        }
    }

    /// What it weighs beside the others: a tenant's events as they come are 16 times as urgent as its replays.
    pub(super) const fn weight(self) -> f64 {
        match self {
            Self::Live => 16.0,
            Self::Bulk => 4.0,
            Self::Replay => 1.0,
        }
    }
}
