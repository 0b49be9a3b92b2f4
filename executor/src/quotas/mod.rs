//! Quotas: how much of the fleet a tenant or a function may take. Requests are decided by atomics of this process
//! (`rule`, `set`, `denied`); what these are filled with is leased from Redis ahead of need (`ledger`, `places`, `link`,
//! `leases`), found out from billing when Redis lost it (`usage`), and shared out by the number of executors when Redis
//! is away (`alone`). `docs/quotas.md` has the bounds.

mod alone;
mod denied;
mod desk;
#[cfg(test)]
mod fleet_tests;
mod leases;
mod ledger;
mod link;
mod places;
mod rule;
mod set;
mod usage;

pub(crate) use denied::Denied;
pub(crate) use desk::Desk;
pub(crate) use leases::{Leases, unix_ms};
pub(crate) use link::Time;
pub(crate) use set::{Pass, QuotaSet};
pub(crate) use usage::find_usage;
