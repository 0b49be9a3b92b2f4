//! What one invocation costs by the tenant's own price sheet. Rating a month is billing's work; this is the price on the receipt.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Pico, divide_half_even};

/// The first price that is not free of each meter, from one version of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPrices {
    /// The price sheet (the version of the plan) that these prices stand in.
    pub price_sheet: u32,
    /// The currency of all prices.
    pub currency: Currency,
    /// Price of 1,000,000 invocations.
    pub per_million_invocations: Pico,
    /// Price of 1,000,000,000 units of fuel.
    pub per_billion_fuel: Pico,
    /// Price of 1,000,000 results that were given again without a run.
    #[serde(default)]
    pub per_million_cached_hits: Pico,
}

impl UnitPrices {
    /// List price of one invocation that burned this much fuel, rounded half to even to twelve decimals.
    #[must_use]
    pub fn cost_of_run(&self, fuel: u64) -> Pico {
        // Over one denominator, so that the price is rounded once.
        let invocation = self.per_million_invocations.0 * 1_000;
        let burned = self.per_billion_fuel.0 * i128::from(fuel);
        Pico(divide_half_even(invocation + burned, 1_000_000_000))
    }

    /// List price of one result that was given again, rounded likewise.
    #[must_use]
    pub fn cost_of_cached_hit(&self) -> Pico {
        Pico(divide_half_even(self.per_million_cached_hits.0, 1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_costs_its_invocation_and_its_fuel() {
        let prices = UnitPrices {
            price_sheet: 1,
            currency: Currency::USD,
            per_million_invocations: "0.30".parse().unwrap(),
            per_billion_fuel: "0.02".parse().unwrap(),
            per_million_cached_hits: "0.10".parse().unwrap(),
        };
        assert_eq!(prices.cost_of_cached_hit().to_string(), "0.0000001");
        assert_eq!(prices.cost_of_run(0).to_string(), "0.0000003");
        assert_eq!(prices.cost_of_run(195_170).to_string(), "0.0000042034");
        assert_eq!(prices.cost_of_run(1).to_string(), "0.00000030002");
    }
}
