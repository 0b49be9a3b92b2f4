//! The rules of a tenant or a function together, a run's pass through them, and what its caller reads of both.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartwright_domain::ids::{FunctionId, TenantId};
use cartwright_domain::quotas::{QuotaKind, Quotas};

use super::denied::Denied;
use super::desk::Desk;
use super::rule::{Rule, RuleId, Verdict};

/// The rules of a tenant or of a function that are set.
pub(crate) struct QuotaSet {
    rules: Box<[Arc<Rule>]>,
    /// Items of `RateLimit-Policy`, one for each rule that refuses and whose unit the field knows.
    policies: String,
}

impl QuotaSet {
    /// The rules of these terms. Those that were there before go on counting. `None` when nothing is limited, so that a
    /// run of such a function asks nobody.
    pub(crate) fn of(
        desk: &Arc<Desk>,
        tenant: TenantId,
        function: Option<FunctionId>,
        terms: &Quotas,
        before: Option<&Arc<Self>>,
    ) -> Option<Arc<Self>> {
        let rules: Box<[_]> = terms
            .rules()
            .map(|(kind, terms)| {
                let id = RuleId {
                    tenant,
                    function,
                    kind,
                };
                let held = before.and_then(|before| before.rules.iter().find(|rule| rule.id == id));
                held.map_or_else(
                    || Rule::new(id, terms, desk.clone()),
                    |rule| {
                        rule.set(terms);
                        rule.clone()
                    },
                )
            })
            .collect();
        let policies = terms
            .rules()
            .filter(|(kind, rule)| !rule.shadow && !kind.is_fuel())
            .map(|(kind, rule)| Policy(name(function, kind), kind, rule.limit).to_string())
            .collect::<Vec<_>>()
            .join(", ");
        (!rules.is_empty()).then(|| Arc::new(Self { rules, policies }))
    }

    /// What `RateLimit` says of the rules.
    pub(crate) fn left(&self) -> impl fmt::Display {
        AllLeft(self)
    }

    /// The rules of which callers are told: those that refuse, and whose unit the fields know.
    fn told(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let rules = self.rules.iter();
        rules.filter(|rule| !rule.is_shadow() && !rule.id.kind.is_fuel())
    }

    /// What `RateLimit-Policy` says of the rules.
    pub(crate) fn policies(&self) -> &str {
        &self.policies
    }
}

/// Items of `RateLimit`, each but the first after a comma.
struct AllLeft<'a>(&'a QuotaSet);

impl fmt::Display for AllLeft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for rule in self.0.told() {
            write!(f, "{comma}{}", Left(rule))?;
            comma = ", ";
        }
        Ok(())
    }
}

/// The name of a policy in headers and problems.
pub(super) fn name(function: Option<FunctionId>, kind: QuotaKind) -> &'static str {
    match (function, kind) {
        (None, QuotaKind::Rate) => "tenant-rate",
        (None, QuotaKind::Concurrency) => "tenant-concurrency",
        (None, QuotaKind::DailyInvocations) => "tenant-daily-invocations",
        (None, QuotaKind::MonthlyInvocations) => "tenant-monthly-invocations",
        (None, QuotaKind::DailyFuel) => "tenant-daily-fuel",
        (None, QuotaKind::MonthlyFuel) => "tenant-monthly-fuel",
        (Some(_), QuotaKind::Rate) => "function-rate",
        (Some(_), QuotaKind::Concurrency) => "function-concurrency",
        (Some(_), QuotaKind::DailyInvocations) => "function-daily-invocations",
        (Some(_), QuotaKind::MonthlyInvocations) => "function-monthly-invocations",
        (Some(_), QuotaKind::DailyFuel) => "function-daily-fuel",
        (Some(_), QuotaKind::MonthlyFuel) => "function-monthly-fuel",
    }
}

/// One item of `RateLimit-Policy`.
pub(super) struct Policy(
    pub(super) &'static str,
    pub(super) QuotaKind,
    pub(super) u64,
);

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, kind, limit) = self;
        write!(f, "\"{name}\";q={limit}")?;
        match kind.period() {
            Some(period) => write!(f, ";w={}", period.seconds()),
            None if *kind == QuotaKind::Concurrency => f.write_str(";qu=\"concurrent-requests\""),
            None => f.write_str(";w=1"),
        }
    }
}

/// What one run took of the rules. It gives back what the run held when it is dropped, and all that a run of ours that
/// did not happen must not count.
pub(crate) struct Pass {
    sets: [Option<Arc<QuotaSet>>; 2],
    /// Of each set, a bit for each rule that it took from.
    taken: [u8; 2],
    has_run: bool,
}

impl Pass {
    /// For a run that no quota counts.
    pub(crate) fn uncounted() -> Self {
        Self {
            sets: [None, None],
            taken: [0; 2],
            has_run: false,
        }
    }

    /// Ask every rule of the tenant and of the function. All agree, or nothing is taken.
    pub(crate) fn through(
        tenant: Option<&Arc<QuotaSet>>,
        function: Option<&Arc<QuotaSet>>,
    ) -> Result<Self, Denied> {
        let mut pass = Self {
            sets: [tenant.cloned(), function.cloned()],
            ..Self::uncounted()
        };
        let Self { sets, taken, .. } = &mut pass;
        let mut denied = None;
        'sets: for (set, taken) in sets.iter().zip(taken) {
            for (at, rule) in set.iter().flat_map(|set| set.rules.iter()).enumerate() {
                match rule.ask() {
                    Verdict::Taken => *taken |= 1 << at,
                    Verdict::Free => {}
                    Verdict::Refused => {
                        denied = Some(Denied(rule.clone()));
                        break 'sets;
                    }
                }
            }
        }
        let Some(denied) = denied else {
            return Ok(pass);
        };
        // A rule further on refused: what the ones before gave was not used.
        for (rule, _) in pass.taken_from().filter(|(_, is_rate)| *is_rate) {
            rule.give_back();
        }
        Err(denied)
    }

    /// The run is over and burned so much fuel. What is not billed as a run counts for no day and no month.
    pub(crate) fn ran(&mut self, fuel: u64, is_billed: bool) {
        self.has_run = is_billed;
        if !is_billed {
            return;
        }
        for rule in self.sets.iter().flatten().flat_map(|set| set.rules.iter()) {
            if rule.id.kind.is_fuel() {
                rule.charge(fuel);
            }
        }
    }

    /// Rules that it took from, each with whether that is a rate.
    fn taken_from(&self) -> impl Iterator<Item = (&Arc<Rule>, bool)> {
        self.sets
            .iter()
            .zip(self.taken)
            .flat_map(|(set, taken)| {
                set.iter()
                    .flat_map(|set| set.rules.iter())
                    .enumerate()
                    .filter(move |(at, _)| taken & (1 << at) != 0)
            })
            .map(|(_, rule)| (rule, rule.id.kind == QuotaKind::Rate))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.taken == [0; 2] {
            return;
        }
        for (rule, is_rate) in self.taken_from() {
            let is_place = rule.id.kind == QuotaKind::Concurrency;
            if is_place || (!is_rate && !self.has_run) {
                rule.give_back();
            }
        }
    }
}

/// Further items of `RateLimit`, each after a comma.
impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in self.sets.iter().flatten().flat_map(|set| set.told()) {
            write!(f, ", {}", Left(rule))?;
        }
        Ok(())
    }
}

/// One item of `RateLimit`.
struct Left<'a>(&'a Rule);

impl fmt::Display for Left<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RuleId { function, kind, .. } = self.0.id;
        write!(f, "\"{}\";r={}", name(function, kind), self.0.left())?;
        if kind == QuotaKind::Concurrency {
            return Ok(());
        }
        write!(f, ";t={}", self.0.whole_again_s())
    }
}

impl Rule {
    fn is_shadow(&self) -> bool {
        self.shadow.load(Ordering::Relaxed)
    }
}
