//! The engine epoch: which engine and which fuel cost table a fuel number belongs to.

/// The epoch of this build. It rises when wasmtime's version or the fuel cost table changes; fuel of two epochs is not comparable.
pub const ENGINE_EPOCH: u16 = 1;

/// What an epoch stands for, for people.
#[must_use]
pub const fn describe(epoch: u16) -> Option<&'static str> {
    match epoch {
        1 => Some("wasmtime 48.0.8, fuel table 1"),
        _ => None,
    }
}
