//! What became of events: one delivery for each subscription that an event met, attempted until it ends.

mod change;
pub(crate) mod days;
pub(crate) mod enqueue;
mod failures;
pub(crate) mod held;
pub(crate) mod lane;
mod listed;
pub(crate) mod replays;
mod share;
mod store;
pub(crate) mod work;

pub(crate) use change::{__path_cancel, __path_replay, cancel, replay};
pub(crate) use failures::{__path_list as __path_failures, list as failures};
pub(crate) use listed::{__path_get, __path_list, get, list};
pub(crate) use share::{__path_put as __path_put_share, put as put_share};
