//! The servers behind the roles: Postgres, Redis and an object store, as children on loopback where none is given.

pub mod ground;
pub mod object_store;
pub mod postgres;
pub mod redis;

use crate::probe::Probe;
use crate::process::{Program, Signal};

/// A program with how to know that it is ready and how to ask it to end.
#[derive(Clone, Debug)]
pub struct Member {
    /// What to start.
    pub program: Program,
    /// Where it listens.
    pub address: String,
    /// How to know that it answers.
    pub probe: Probe,
    /// The signal that ends it in good order.
    pub goodbye: Signal,
}
