//! What became of events: one delivery for each subscription that an event met, attempted until it ends.

pub(crate) mod enqueue;
pub(crate) mod held;
mod store;
