//! How an invocation ended: the word that stands in the answer, the meter record, the run log and the console.

use serde::{Deserialize, Serialize};

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant = $code,)*
        }

        impl $name {
            /// Every value, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it in answers, logs and queries.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The byte for it in the meter record. Codes are never used again for something else.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The value with this code.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word).ok_or(UnknownWord)
            }
        }
    };
}

/// A word that names no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the known words")]
pub struct UnknownWord;

coded!(
    /// How a run ended. `ok`, or the code of the 422 problem that says what the function did.
    Outcome {
        /// It returned, and its output stands.
        Ok = 0 "ok",
        /// It used all its fuel.
        FuelExhausted = 1 "fuel_exhausted",
        /// It asked for more memory than its limit.
        MemoryExceeded = 2 "memory_exceeded",
        /// Its calls nested deeper than the stack allows.
        StackOverflow = 3 "stack_overflow",
        /// Its wall-clock limit passed.
        DeadlineExceeded = 4 "deadline_exceeded",
        /// It did what a module may not do: unreachable, division by zero, an access out of bounds.
        Trap = 5 "trap",
        /// It ended itself with a code other than 0.
        Exited = 6 "exited",
        /// It wrote more output than its limit.
        OutputTooLarge = 7 "output_too_large",
        /// Its output is not JSON, or breaks the target's schema.
        OutputInvalid = 8 "output_invalid",
        /// The caller's latency budget ended first.
        BudgetExceeded = 9 "budget_exceeded",
        /// The tenant's spend cap cut it inside the run.
        SpendCapReached = 10 "spend_cap_reached",
        /// Our fault. Recorded, never billed.
        PlatformFault = 255 "platform_fault",
    }
);

coded!(
    /// What started a run.
    Trigger {
        /// `POST /v1/invoke` or `/v1/run`.
        Http = 0 "http",
        /// A try from the console or the command line: billed to nobody.
        Test = 1 "test",
        /// A replay of a recorded run: billed to nobody.
        Replay = 2 "replay",
        /// A delivery of an event.
        Event = 3 "event",
        /// A schedule.
        Schedule = 4 "schedule",
    }
);

coded!(
    /// Whether the tenant pays for a run, and at which price class.
    BillClass {
        /// Recorded, never billed.
        Unbilled = 0 "unbilled",
        /// Billed as a run.
        Run = 1 "run",
        /// Billed as an answer out of the cache of results.
        CacheHit = 2 "cache_hit",
    }
);

impl Outcome {
    /// Whether the same run would end the same again: what it met is the function's own doing, and not a matter of the wall
    /// clock, of the caller's budget, of money, or of us.
    #[must_use]
    pub const fn would_repeat(self) -> bool {
        !matches!(
            self,
            Self::DeadlineExceeded
                | Self::BudgetExceeded
                | Self::SpendCapReached
                | Self::PlatformFault
        )
    }
}

impl BillClass {
    /// Who pays: the tenant for what its function did, never for our faults, tests or replays.
    #[must_use]
    pub const fn of(outcome: Outcome, trigger: Trigger) -> Self {
        match (outcome, trigger) {
            (Outcome::PlatformFault, _) | (_, Trigger::Test | Trigger::Replay) => Self::Unbilled,
            _ => Self::Run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_every_code_leads_back_to_its_outcome() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(*outcome));
            assert_eq!(Outcome::from_code(outcome.code()), Some(*outcome));
        }
        assert_eq!("fine".parse::<Outcome>(), Err(UnknownWord));
        assert_eq!(Outcome::from_code(200), None);
    }

    #[test]
    fn our_faults_and_tests_are_never_billed() {
        assert_eq!(
            BillClass::of(Outcome::PlatformFault, Trigger::Http),
            BillClass::Unbilled
        );
        assert_eq!(
            BillClass::of(Outcome::Ok, Trigger::Test),
            BillClass::Unbilled
        );
        assert_eq!(BillClass::of(Outcome::Trap, Trigger::Http), BillClass::Run);
    }
}
