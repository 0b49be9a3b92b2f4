//! The fuel table: what each kind of work costs. A change here changes every fuel number, so it raises the engine epoch.
//!
//! | work | fuel |
//! | --- | --- |
//! | an operator of the module | 1; `nop`, `drop`, `block`, `loop`, `else`, `end`, `return`, `unreachable` 0 |
//! | `memory.copy`, `memory.fill`, `memory.init` | 1, and 1 per byte |
//! | `table.copy`, `table.fill`, `table.init`, `table.grow` | 1, and 1 per element |
//! | `memory.grow` | 1, and [`MEMORY_GROW_PER_PAGE`] per page of 64 KiB |
//! | a call of the host | [`HOST_CALL`], and what it moves: [`HOST_BYTE`], [`HOST_VECTOR`], [`HOST_SUBSCRIPTION`], [`HOST_RANDOM_BYTE`] |
//!
//! The host's work burns no fuel by itself, so each call is charged before it does it: a storm of calls ends like an endless loop.

use wasmtime::OperatorCost;

/// Per page of 64 KiB that `memory.grow` asks for. The most that the engine's table can say; the memory limit bounds the rest.
pub const MEMORY_GROW_PER_PAGE: u8 = u8::MAX;

/// Per call of a host function, whatever it does: about the time that leaving and entering the guest takes.
pub const HOST_CALL: u64 = 200;

/// Per byte that a host function copies into or out of the guest.
pub const HOST_BYTE: u64 = 1;

/// Per entry of a list of buffers.
pub const HOST_VECTOR: u64 = 10;

/// Per subscription of `poll_oneoff`.
pub const HOST_SUBSCRIPTION: u64 = 50;

/// Per byte of randomness.
pub const HOST_RANDOM_BYTE: u64 = 16;

/// A guest gives way to others after this much fuel: some 30 to 100 µs.
pub const SLICE: u64 = 1_000_000;

/// The engine's part of the table.
pub(crate) fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.variable.memory_grow_per_page = MEMORY_GROW_PER_PAGE;
    cost
}
