//! `cargo xtask`: sets up, starts and tests everything on one machine.
fn main() {}
