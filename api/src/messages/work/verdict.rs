//! What follows from an attempt: a pure decision by the rules of Standard Webhooks.

use std::time::Duration;

use http::StatusCode;

use crate::outbound::{Answer, Failure};

/// How long after the attempt before the next is made; the first is made at once. The specification's own schedule.
const DELAYS_S: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A delay is longer or shorter by at most this, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// Who says that it is overwhelmed is left alone for so long at least.
const THROTTLE_MIN: Duration = Duration::from_secs(5);

/// And at most, since the endpoint's other messages wait, too.
const THROTTLE_MAX: Duration = Duration::from_secs(600);

/// What to do with a message after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was received.
    Delivered,
    /// Try again after this; leave the whole endpoint alone for the second, where there is one.
    Again(Duration, Option<Duration>),
    /// That was the last attempt.
    GiveUp,
    /// The endpoint wants nothing any more.
    Gone,
}

/// What follows from the attempt with this number, from 1. `chance` is 0 to 1, anew each time.
pub(super) fn verdict(attempt: i16, ending: &Result<Answer, Failure>, chance: f64) -> Verdict {
    let (status, wish) = match ending {
        Ok(answer) => (Some(answer.status), answer.retry_after),
        Err(_) => (None, None),
    };
    match status {
        Some(status) if status.is_success() => return Verdict::Delivered,
        Some(StatusCode::GONE) => return Verdict::Gone,
        _ => {}
    }
    let step = usize::try_from(attempt).unwrap_or(1).saturating_sub(1);
    let Some(base_s) = DELAYS_S.get(step) else {
        return Verdict::GiveUp;
    };
    let base = Duration::from_secs(*base_s);
    // Neither sooner than planned, nor so late that a receiver could hold on to what it never answers.
    let delay = match wish {
        Some(wish) => wish.clamp(base, base * 2),
        None => base.mul_f64(1.0 + JITTER * (2.0 * chance - 1.0)),
    };
    let overwhelmed = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    let throttle = status
        .filter(|status| overwhelmed.contains(status))
        .map(|_| {
            wish.unwrap_or(THROTTLE_MIN)
                .clamp(THROTTLE_MIN, THROTTLE_MAX)
        });
    Verdict::Again(delay, throttle)
}

/// The attempt in a word, for its row.
pub(super) fn outcome(ending: &Result<Answer, Failure>) -> &'static str {
    match ending {
        Ok(answer) if answer.status.is_success() => "delivered",
        Ok(_) => "http_status",
        Err(failure) => failure.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after_s: Option<u64>) -> Result<Answer, Failure> {
        Ok(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: retry_after_s.map(Duration::from_secs),
        })
    }

    #[test]
    fn only_2xx_is_received_and_410_is_the_end() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(1, &answer(status, None), 0.5), Verdict::Delivered);
        }
        for status in [301, 302, 307, 308, 400, 401, 404, 500, 503] {
            let again = Verdict::Again(Duration::from_secs(5), None);
            assert_eq!(verdict(1, &answer(status, None), 0.5), again, "{status}");
        }
        assert_eq!(verdict(3, &answer(410, None), 0.5), Verdict::Gone);
    }

    #[test]
    fn ten_attempts_are_made_in_the_specifications_steps_give_or_take_a_fifth() {
        let failed = Err(Failure::TimedOut);
        let mut total = Duration::ZERO;
        for (step, delay_s) in DELAYS_S.into_iter().enumerate() {
            let attempt = i16::try_from(step).unwrap() + 1;
            let base = Duration::from_secs(delay_s);
            for (chance, factor) in [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)] {
                let again = Verdict::Again(base.mul_f64(factor), None);
                assert_eq!(verdict(attempt, &failed, chance), again);
            }
            total += base;
        }
        assert_eq!(verdict(10, &failed, 0.5), Verdict::GiveUp);
        assert_eq!(total, Duration::from_secs(75 * 3600 + 35 * 60 + 5));
    }

    #[test]
    fn who_is_overwhelmed_is_left_alone_as_long_as_it_says_within_bounds() {
        for status in [429, 502, 504] {
            for (attempt, said, delay, throttle) in [
                (1, None, 5, 5),
                (1, Some(0), 5, 5),
                (1, Some(7), 7, 7),
                (1, Some(3_600), 10, 600),
                (2, Some(20), 300, 20),
                (2, Some(u64::MAX), 600, 600),
            ] {
                let wanted = Verdict::Again(
                    Duration::from_secs(delay),
                    Some(Duration::from_secs(throttle)),
                );
                assert_eq!(
                    verdict(attempt, &answer(status, said), 0.5),
                    wanted,
                    "{status} {said:?}"
                );
            }
        }
        // Another failure may say when to come back, too; the endpoint's other messages do not wait for that.
        assert_eq!(
            verdict(1, &answer(503, Some(8)), 0.5),
            Verdict::Again(Duration::from_secs(8), None)
        );
    }
}
