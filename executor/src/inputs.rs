//! Request bodies in memory: all together are bounded, since a connection costs a sender nothing and its body costs us memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All inputs that are being read or run, in bytes.
const BYTES_MAX: u64 = 512 << 20;

/// The room that is taken. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct InputRoom(Arc<AtomicU64>);

impl InputRoom {
    /// Take room for an input, if there is any; it is given back with what is returned.
    pub(crate) fn take(&self, bytes: u64) -> Option<Taken> {
        let before = self.0.fetch_add(bytes, Ordering::AcqRel);
        let taken = Taken {
            room: self.clone(),
            bytes,
        };
        (before + bytes <= BYTES_MAX).then_some(taken)
    }
}

/// Room that an input takes.
pub(crate) struct Taken {
    room: InputRoom,
    bytes: u64,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_given_back() {
        let room = InputRoom::default();
        let taken = room.take(BYTES_MAX - 1).expect("there is room");
        assert!(room.take(2).is_none());
        assert!(room.take(1).is_some());
        drop(taken);
        assert!(room.take(BYTES_MAX).is_some());
    }
}
