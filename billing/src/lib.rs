//! From usage to money, exactly: price sheets, rating, the estimate of a month. Pure: the clock and the rows come in as
//! arguments. Taking in meter batches and telling what they say is left to the binary.

pub mod decimal;
pub mod forecast;
pub mod month;
pub mod rating;
