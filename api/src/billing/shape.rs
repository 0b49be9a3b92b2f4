//! What billing tells, as it stands in the OpenAPI document: `domain::wire` knows nothing of OpenAPI.

#![expect(dead_code, reason = "these describe the types of domain::wire")]

use utoipa::ToSchema;
use uuid::Uuid;

/// What a month has cost so far.
#[derive(ToSchema)]
#[schema(as = Estimate)]
pub(super) struct EstimateSchema {
    /// The billing period: a calendar month, UTC.
    period: PeriodSchema,
    /// The currency of every amount.
    #[schema(example = "USD")]
    currency: String,
    /// One per meter and tier.
    lines: Vec<EstimateLineSchema>,
    /// Sum of the lines, each rounded once: a decimal.
    #[schema(example = "1.23")]
    total: String,
    /// The total at the period's end, should it go on like this: a decimal.
    forecast: String,
    /// Up to when records were counted.
    as_of: String,
}

/// A span of time.
#[derive(ToSchema)]
#[schema(as = Period)]
struct PeriodSchema {
    /// Start.
    from: String,
    /// End, exclusive.
    to: String,
}

/// One line of an estimate.
#[derive(ToSchema)]
#[schema(as = EstimateLine)]
struct EstimateLineSchema {
    /// In words.
    description: String,
    /// How much of the unit: a decimal.
    quantity: String,
    /// What is counted.
    #[schema(example = "1,000,000 invocations")]
    unit: String,
    /// Price of one unit: a decimal.
    unit_price: String,
    /// Rounded to the currency's minor unit: a decimal.
    amount: String,
}

/// A plan: what it allows and what it charges.
#[derive(ToSchema)]
#[schema(as = Plan)]
pub(super) struct PlanSchema {
    /// Whose.
    tenant_id: Uuid,
    /// The plan's code, such as `standard`.
    plan: String,
    /// The version of the plan.
    plan_version: u32,
    /// What it allows one invocation.
    limits: LimitsSchema,
    /// The first prices that are not free.
    prices: UnitPricesSchema,
    /// Runs that are free in every period.
    free_invocations: u64,
    /// Fuel that is free in every period.
    free_fuel: u64,
}

/// The limits of one invocation.
#[derive(ToSchema)]
#[schema(as = Limits)]
pub(crate) struct LimitsSchema {
    /// Fuel.
    fuel: u64,
    /// Linear memory in bytes.
    memory_bytes_max: u64,
    /// Wall-clock time in milliseconds.
    wall_ms: u32,
    /// Input in bytes.
    input_bytes_max: u32,
    /// Output in bytes.
    output_bytes_max: u32,
    /// Log in bytes.
    log_bytes_max: u32,
    /// Runs of one function at the same time, on one executor.
    concurrency_max: u32,
}

/// What one unit costs once the free units are used.
#[derive(ToSchema)]
#[schema(as = UnitPrices)]
struct UnitPricesSchema {
    /// The price sheet that these prices stand in.
    price_sheet: u32,
    /// The currency of all prices.
    currency: String,
    /// Price of 1,000,000 invocations: a decimal.
    #[schema(example = "0.3")]
    per_million_invocations: String,
    /// Price of 1,000,000,000 units of fuel: a decimal.
    #[schema(example = "0.02")]
    per_billion_fuel: String,
    /// Price of 1,000,000 results that were given again without a run: a decimal.
    #[schema(example = "0.1")]
    per_million_cached_hits: String,
}
