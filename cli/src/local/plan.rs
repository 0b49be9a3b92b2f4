//! The plan `standard`, which a new tenant has: its limits and prices, for runs that no server is asked about. A test of the
//! whole stack holds these numbers equal to what a new tenant is told.

use cartwright_domain::limits::Limits;
use cartwright_domain::money::{Currency, Pico};
use cartwright_domain::price::UnitPrices;

/// Its name.
pub(crate) const NAME: &str = "standard";

/// Its limits.
pub(crate) const LIMITS: Limits = Limits {
    fuel: 100_000_000,
    memory_bytes_max: 16 << 20,
    wall_ms: 1_000,
    input_bytes_max: 1 << 20,
    output_bytes_max: 1 << 20,
    log_bytes_max: 64 << 10,
    concurrency_max: 64,
};

/// Its prices past what is free: 0.30 USD for a million runs, 0.02 USD for a billion units of fuel, 0.10 USD for a million
/// results from the cache, which a local run never has.
pub(crate) const PRICES: UnitPrices = UnitPrices {
    price_sheet: 1,
    currency: Currency::USD,
    per_million_invocations: Pico(300_000_000_000),
    per_billion_fuel: Pico(20_000_000_000),
    per_million_cached_hits: Pico(100_000_000_000),
};

/// What a run of this much fuel costs: `0.00000098808 USD`.
pub(crate) fn cost(fuel: u64) -> String {
    format!("{} {}", PRICES.cost_of_run(fuel), PRICES.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_read_as_they_are_published() {
        assert_eq!(PRICES.per_million_invocations.to_string(), "0.3");
        assert_eq!(PRICES.per_billion_fuel.to_string(), "0.02");
        assert_eq!(cost(34_404), "0.00000098808 USD");
    }
}
