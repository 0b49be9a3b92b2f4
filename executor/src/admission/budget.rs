//! How long a caller wants to wait for a whole call: the header `Cartwright-Budget-Ms`. Who is cut by it ends
//! `budget_exceeded` and pays for the fuel used; who had not begun pays nothing.

use std::time::{Duration, Instant};

use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::problem::Code;
use cartwright_engine::Finished;
use http::{HeaderMap, HeaderName};

use super::Refusal;

const BUDGET_MS: HeaderName = HeaderName::from_static("cartwright-budget-ms");

/// The most that a function may take by any plan, and as much again for getting it ready.
const BUDGET_MS_MAX: u32 = 2 * Limits::CEILING.wall_ms;

/// When a call is over, whoever has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    began: Instant,
    ms: u32,
}

impl Budget {
    /// What the caller asks for, from the arrival of its request on.
    pub(super) fn of(headers: &HeaderMap, arrived: Instant) -> Result<Option<Self>, Refusal> {
        let Some(value) = headers.get(BUDGET_MS) else {
            return Ok(None);
        };
        let ms = value.to_str().ok().and_then(|text| text.parse().ok());
        match ms {
            Some(ms @ 1..=BUDGET_MS_MAX) => Ok(Some(Self { began: arrived, ms })),
            _ => Err(Refusal::new(
                Code::InvalidRequest,
                format!(
                    "the header `Cartwright-Budget-Ms` must be a whole number from 1 to {BUDGET_MS_MAX}, in milliseconds"
                ),
            )),
        }
    }

    pub(super) fn ends(&self) -> Instant {
        self.began + Duration::from_millis(self.ms.into())
    }

    /// The limits of a run that begins now, or its refusal when there is no time left for it.
    pub(super) fn within(&self, limits: Limits, now: Instant) -> Result<Limits, Refusal> {
        let left = self.ends().saturating_duration_since(now);
        if left.is_zero() {
            return Err(self.not_begun());
        }
        let left_ms = u32::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
        Ok(Limits {
            wall_ms: limits.wall_ms.min(left_ms),
            ..limits
        })
    }

    /// A run that was stopped at `lowered` limits: by the budget, if that was less than its own limit.
    pub(super) fn name_cut(
        &self,
        own: &Limits,
        lowered: &Limits,
        mut finished: Finished,
    ) -> Finished {
        if finished.outcome != Outcome::DeadlineExceeded || lowered.wall_ms == own.wall_ms {
            return finished;
        }
        finished.outcome = Outcome::BudgetExceeded;
        if let Some(error) = &mut finished.error {
            let used_ms = finished.wall.as_millis();
            error.message = format!(
                "the function was stopped after {used_ms} ms, at the end of the caller's budget of {} ms for the whole call; the fuel that it used is billed",
                self.ms
            );
            error.limit = Some(self.ms.into());
            error.used = Some(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
        finished
    }

    /// There was no time left to begin.
    pub(super) fn not_begun(&self) -> Refusal {
        Refusal::new(
            Code::BudgetExceeded,
            format!(
                "the caller's budget of {} ms ended before the function began; nothing was billed",
                self.ms
            ),
        )
        .with("limit", self.ms)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn budget(text: &str) -> Result<Option<Budget>, Refusal> {
        let headers = HeaderMap::from_iter([(BUDGET_MS, HeaderValue::from_str(text).unwrap())]);
        Budget::of(&headers, Instant::now())
    }

    #[test]
    fn a_budget_is_whole_milliseconds() {
        assert_eq!(budget("50").unwrap().unwrap().ms, 50);
        assert!(
            Budget::of(&HeaderMap::new(), Instant::now())
                .unwrap()
                .is_none()
        );
        for bad in ["", "0", "-1", "1.5", "x", "60001"] {
            assert_eq!(
                budget(bad).unwrap_err().problem.code,
                Code::InvalidRequest,
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_left_of_a_budget_lowers_the_wall_clock_limit_and_never_raises_it() {
        let budget = budget("50").unwrap().unwrap();
        let at = |ms: u64| budget.began + Duration::from_millis(ms);
        let wall_ms = |own: u32, ms: u64| {
            let own = Limits {
                wall_ms: own,
                ..Limits::CEILING
            };
            budget.within(own, at(ms)).map(|limits| limits.wall_ms).ok()
        };
        assert_eq!(wall_ms(1_000, 0), Some(50));
        assert_eq!(wall_ms(1_000, 30), Some(20));
        assert_eq!(wall_ms(5, 30), Some(5));
        assert_eq!(wall_ms(1_000, 50), None);
        let refusal = budget.within(Limits::CEILING, at(60)).unwrap_err();
        assert_eq!(refusal.problem.code, Code::BudgetExceeded);
    }
}
