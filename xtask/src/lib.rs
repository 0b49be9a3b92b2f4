//! What starts a stack on one machine: for `cargo xtask up`, and for the tests that want a stack of their own.
//! It knows the roles by their commands and environment only; it links none of them.

pub mod place;
pub mod process;
pub mod roles;
pub mod secrets;
pub mod test_servers;
