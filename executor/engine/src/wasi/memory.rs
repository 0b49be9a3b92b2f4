//! The guest's memory as the host may touch it: every pointer and length is checked on every call, and none is kept.

use super::errno::Errno;

/// Buffers in one scatter or gather list.
const VECTORS_MAX: u32 = 1024;

/// The whole linear memory of the guest, for the time of one call. A guest without an exported memory has an empty one.
pub(super) struct GuestMemory<'a>(&'a mut [u8]);

/// A buffer of the guest, known to lie inside its memory for the time of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: usize,
    length: usize,
}

impl Span {
    pub(super) fn length(self) -> usize {
        self.length
    }
}

impl<'a> GuestMemory<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// Check that `length` bytes at `pointer` lie inside the memory.
    pub(super) fn span(&self, pointer: u32, length: u32) -> Result<Span, Errno> {
        let (start, length) = (pointer as usize, length as usize);
        match start.checked_add(length) {
            Some(end) if end <= self.0.len() => Ok(Span { start, length }),
            _ => Err(Errno::Fault),
        }
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        &self.0[span.start..span.start + span.length]
    }

    pub(super) fn bytes_mut(&mut self, span: Span) -> &mut [u8] {
        &mut self.0[span.start..span.start + span.length]
    }

    pub(super) fn read<const N: usize>(&self, pointer: u32) -> Result<[u8; N], Errno> {
        let span = self.span(pointer, N as u32)?;
        Ok(self
            .bytes(span)
            .try_into()
            .expect("the span has this length"))
    }

    pub(super) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        let span = self.span(pointer, length)?;
        self.bytes_mut(span).copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// Check a list of buffers, each an address and a length: all lie inside the memory, and together they are no longer than
    /// an answer can say.
    pub(super) fn check(&self, vectors: Vectors) -> Result<(), Errno> {
        self.span(vectors.pointer, vectors.count * 8)?;
        let mut total = 0_u32;
        for index in vectors.indices() {
            let span = self.vector(vectors, index)?;
            total = total
                .checked_add(span.length as u32)
                .ok_or(Errno::Invalid)?;
        }
        Ok(())
    }

    /// One buffer of a checked list. It is checked again, since filling an earlier buffer may have overwritten the list.
    pub(super) fn vector(&self, vectors: Vectors, index: u32) -> Result<Span, Errno> {
        let entry: [u8; 8] = self.read(vectors.pointer + index * 8)?;
        let [p0, p1, p2, p3, l0, l1, l2, l3] = entry;
        self.span(
            u32::from_le_bytes([p0, p1, p2, p3]),
            u32::from_le_bytes([l0, l1, l2, l3]),
        )
    }
}

/// A list of buffers in the guest's memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors {
    pointer: u32,
    count: u32,
}

impl Vectors {
    /// A list of `count` buffers at `pointer`, not checked yet.
    pub(super) fn new(pointer: u32, count: u32) -> Result<Self, Errno> {
        if count > VECTORS_MAX {
            Err(Errno::Invalid)
        } else {
            Ok(Self { pointer, count })
        }
    }

    pub(super) fn indices(self) -> std::ops::Range<u32> {
        0..self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_leaves_the_memory_is_refused() {
        let mut bytes = [0; 16];
        let memory = GuestMemory::new(&mut bytes);
        for (pointer, length) in [(0, 0), (0, 16), (16, 0), (15, 1)] {
            assert!(memory.span(pointer, length).is_ok(), "{pointer} {length}");
        }
        for (pointer, length) in [
            (0, 17),
            (16, 1),
            (17, 0),
            (u32::MAX, 1),
            (1, u32::MAX),
            (u32::MAX, u32::MAX),
        ] {
            assert_eq!(
                memory.span(pointer, length),
                Err(Errno::Fault),
                "{pointer} {length}"
            );
        }
    }

    #[test]
    fn a_list_of_buffers_is_checked_whole() {
        let check = |bytes: &mut [u8], pointer, count| {
            GuestMemory::new(bytes).check(Vectors::new(pointer, count)?)
        };
        let mut bytes = [0; 32];
        bytes[4] = 4; // the first: 4 bytes at 0
        bytes[8] = 30;
        bytes[12] = 2; // the second: 2 bytes at 30
        assert_eq!(check(&mut bytes, 0, 2), Ok(()));
        bytes[12] = 3;
        assert_eq!(check(&mut bytes, 0, 2), Err(Errno::Fault));
        assert_eq!(check(&mut bytes, 0, 1), Ok(()));
        assert_eq!(check(&mut bytes, 0, 5), Err(Errno::Fault));
        assert_eq!(check(&mut bytes, u32::MAX, 1), Err(Errno::Fault));
        assert_eq!(check(&mut bytes, 0, u32::MAX), Err(Errno::Invalid));
    }
}
