//! The engine from outside: every ending, the same answer every time, nothing left behind in a slot, no pointer believed.

mod determinism;
mod endings;
mod isolation;
mod limits;
mod pointers;
mod stage;
mod wasi;
