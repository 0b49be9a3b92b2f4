//! What becomes of a refresh token that is presented: a pure decision.
//!
//! A session is a chain of tokens, numbered from 1; each is exchanged for the next. A token that was exchanged before and
//! comes again was copied by someone, and nobody can tell who is who, so the session ends - except that two requests of
//! one browser may refresh at the same moment: the last exchanged token is good for its successor for a few seconds more.

use chrono::{DateTime, TimeDelta, Utc};

/// How long after its exchange a token still leads to the same successor.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);

/// A session, and the token of it that was presented.
pub(super) struct Presented {
    /// The number of the newest token of the chain.
    pub(super) newest: i32,
    /// The number of the one that was presented.
    pub(super) generation: i32,
    /// When that one was exchanged.
    pub(super) used_at: Option<DateTime<Utc>>,
    /// When the session ends by itself.
    pub(super) expires_at: DateTime<Utc>,
    /// When it was ended.
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotation {
    /// It is the newest: make its successor.
    Exchange,
    /// It was exchanged just now: its successor, once more.
    Repeat,
    /// It was exchanged long ago, or its successor was: end the session.
    Reuse,
    /// The session is over.
    Over,
}

/// Decide.
pub(super) fn decide(presented: &Presented, now: DateTime<Utc>) -> Rotation {
    if presented.ended_at.is_some() || presented.expires_at <= now {
        return Rotation::Over;
    }
    if presented.generation == presented.newest {
        return Rotation::Exchange;
    }
    let is_parent_of_newest = presented.generation + 1 == presented.newest;
    let just_now = presented.used_at.is_some_and(|at| now - at <= OVERLAP);
    if is_parent_of_newest && just_now {
        Rotation::Repeat
    } else {
        Rotation::Reuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(newest: i32, generation: i32, used_s_ago: Option<i64>) -> Rotation {
        let now = Utc::now();
        let presented = Presented {
            newest,
            generation,
            used_at: used_s_ago.map(|seconds| now - TimeDelta::seconds(seconds)),
            expires_at: now + TimeDelta::days(1),
            ended_at: None,
        };
        decide(&presented, now)
    }

    #[test]
    fn the_newest_is_exchanged_and_its_parent_repeated_for_ten_seconds() {
        assert_eq!(decided(3, 3, None), Rotation::Exchange);
        assert_eq!(decided(3, 2, Some(10)), Rotation::Repeat);
        assert_eq!(decided(3, 2, Some(11)), Rotation::Reuse);
    }

    #[test]
    fn an_older_one_is_reuse_however_fresh() {
        assert_eq!(decided(3, 1, Some(1)), Rotation::Reuse);
        assert_eq!(decided(3, 1, None), Rotation::Reuse);
    }

    #[test]
    fn what_is_over_stays_over() {
        let now = Utc::now();
        let mut presented = Presented {
            newest: 1,
            generation: 1,
            used_at: None,
            expires_at: now,
            ended_at: None,
        };
        assert_eq!(decide(&presented, now), Rotation::Over);
        presented.expires_at = now + TimeDelta::days(1);
        presented.ended_at = Some(now);
        assert_eq!(decide(&presented, now), Rotation::Over);
    }
}
