//! The zoo: hostile modules, made by code, each with the ending that it must have. The compiler's tests judge and run them in
//! process; the whole-stack tests send them through the front door and look at the neighbours afterwards.

mod bombs;
mod imports;
mod not_wasm;
mod running;
mod shapes;

use cartwright_domain::compile::FindingCode;
use cartwright_domain::outcome::Outcome;

/// One hostile module.
#[derive(Clone, Copy)]
pub struct Animal {
    /// What it is, in words.
    pub name: &'static str,
    /// How it must end.
    pub ending: Ending,
    make: fn() -> Vec<u8>,
}

/// How a hostile module must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// At upload: it is refused, and this is among its findings.
    Refused(FindingCode),
    /// At upload, one way or the other, and within the compiler's time: it is accepted, or refused for what compiling takes.
    Bounded,
    /// It is accepted, and a run of it on the input `{}` ends in one of these ways. Where there are two, it depends on whether
    /// the machine or the fuel is faster.
    Runs(&'static [Outcome]),
}

impl Animal {
    /// The bytes to upload.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        (self.make)()
    }
}

/// Every animal. Names are unique.
#[must_use]
pub fn animals() -> Vec<Animal> {
    [
        not_wasm::ANIMALS,
        imports::ANIMALS,
        shapes::ANIMALS,
        bombs::ANIMALS,
        running::ANIMALS,
    ]
    .concat()
}

const fn refused(name: &'static str, code: FindingCode, make: fn() -> Vec<u8>) -> Animal {
    Animal {
        name,
        ending: Ending::Refused(code),
        make,
    }
}

const fn runs(name: &'static str, outcomes: &'static [Outcome], make: fn() -> Vec<u8>) -> Animal {
    Animal {
        name,
        ending: Ending::Runs(outcomes),
        make,
    }
}

/// The binary form of a module in the text format.
fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the animal is written in the text format")
}

/// A well-behaved module, to be spoilt.
fn healthy() -> Vec<u8> {
    running::writes("null")
}
