//! The nouns that every role shares: ids, names, limits, outcomes, meter records, money, and the wire between roles.
//!
//! No input or output, no clock, no async: everything here is a value or a pure function of values.

pub mod api_key;
pub mod artifact;
pub mod compile;
pub mod engine_epoch;
pub mod ids;
pub mod input_query;
pub mod limits;
pub mod log_line;
pub mod meter;
pub mod money;
pub mod names;
pub mod outcome;
pub mod price;
pub mod problem;
pub mod quotas;
pub mod seed;
pub mod wire;
