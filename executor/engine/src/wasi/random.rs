//! `random_get`: a stream of bytes that only the seed decides, so that a replay draws the same.

use sha2::{Digest, Sha256};
use wasmtime::Linker;

use super::{Call, Refusal, define};
use crate::fuel;
use crate::guest::Guest;

pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define(
        linker,
        "random_get",
        |call: &mut Call<'_>, (pointer, length): (u32, u32)| {
            let span = call.memory.span(pointer, length)?;
            call.charge(u64::from(length), fuel::HOST_RANDOM_BYTE)?;
            call.guest.asked_time_or_chance = true;
            call.guest.randomness.fill(call.memory.bytes_mut(span));
            Ok::<(), Refusal>(())
        },
    )
}

/// Block `n` of the stream, from 0, is `SHA-256("cartwright random 1" ‖ seed ‖ n)`, with `n` as 8 bytes, the lowest first.
/// How the guest cuts the stream into calls changes nothing.
pub(crate) struct Randomness {
    seed: [u8; 32],
    blocks_drawn: u64,
    block: [u8; 32],
    /// Bytes of `block` already given.
    given: usize,
}

impl Randomness {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            blocks_drawn: 0,
            block: [0; 32],
            given: 32,
        }
    }

    fn fill(&mut self, mut out: &mut [u8]) {
        while !out.is_empty() {
            if self.given == self.block.len() {
                self.draw();
            }
            let length = out.len().min(self.block.len() - self.given);
            let (now, rest) = out.split_at_mut(length);
            now.copy_from_slice(&self.block[self.given..self.given + length]);
            self.given += length;
            out = rest;
        }
    }

    fn draw(&mut self) {
        let hash = Sha256::new()
            .chain_update(b"cartwright random 1")
            .chain_update(self.seed)
            .chain_update(self.blocks_drawn.to_le_bytes());
        self.block = hash.finalize().into();
        self.blocks_drawn += 1;
        self.given = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_does_not_depend_on_how_it_is_cut() {
        let (mut whole, mut parts) = ([0; 100], [0; 100]);
        Randomness::new([7; 32]).fill(&mut whole);
        let mut randomness = Randomness::new([7; 32]);
        for part in parts.chunks_mut(7) {
            randomness.fill(part);
        }
        assert_eq!(whole, parts);
        let first: [u8; 32] =
            Sha256::digest([b"cartwright random 1".as_slice(), &[7; 32], &[0; 8]].concat()).into();
        assert_eq!(whole[..32], first);
    }
}
