//! What starts a stack on one machine: for `cargo xtask up`, and for the tests that want a stack of their own.
//! It knows the roles by their commands and environment only; it links none of them.

pub mod bench;
pub mod build;
pub mod database_url;
pub mod demo;
pub mod find;
pub mod fleet;
pub mod fuel;
pub mod interrupt;
pub mod place;
pub mod ports;
pub mod probe;
pub mod process;
pub mod roles;
pub mod run;
pub mod say;
pub mod secrets;
pub mod servers;
pub mod sqlx;
pub mod stack;
pub mod supervisor;
pub mod test;
pub mod test_servers;
pub mod up;
pub mod wiring;
