//! Which firings of a schedule are made up for that is due: a pure decision.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::timing::Timing;

/// Firings that are made up for at once, at most.
const MADE_UP_MAX: usize = 100;

/// A firing that is this late was missed.
const MISSED_AFTER: TimeDelta = TimeDelta::minutes(1);

/// What becomes of firings that nobody was there for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Missed {
    /// None is made up for.
    Skip,
    /// The last of them is.
    #[default]
    Once,
    /// Each is, the last 100 at most.
    All,
}

/// The firings to make now, oldest first, of a schedule whose next one is due.
pub(super) fn due(
    timing: &Timing,
    missed: Missed,
    next_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let count_max = match missed {
        Missed::All => MADE_UP_MAX,
        Missed::Skip | Missed::Once => 1,
    };
    let mut firings = timing.between(next_at, now, count_max);
    if missed == Missed::Skip {
        firings.retain(|firing| now - *firing <= MISSED_AFTER);
    }
    firings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_firings_are_made_up_for_as_asked_and_one_in_time_always_fires() {
        let timing = Timing::read("*/10 * * * *", "UTC").unwrap();
        let at = |text: &str| {
            format!("2026-01-01T{text}Z")
                .parse::<DateTime<Utc>>()
                .unwrap()
        };
        let fired = |missed, now| due(&timing, missed, at("00:00:00"), at(now));
        for missed in [Missed::Skip, Missed::Once, Missed::All] {
            assert_eq!(fired(missed, "00:00:02"), [at("00:00:00")], "{missed:?}");
        }
        assert!(fired(Missed::Skip, "00:35:00").is_empty());
        assert_eq!(fired(Missed::Skip, "00:30:05"), [at("00:30:00")]);
        assert_eq!(fired(Missed::Once, "00:35:00"), [at("00:30:00")]);
        let each = ["00:00:00", "00:10:00", "00:20:00", "00:30:00"].map(at);
        assert_eq!(fired(Missed::All, "00:35:00"), each);
        assert_eq!(fired(Missed::All, "23:59:00").len(), 100);
    }
}
