//! Artifacts on their way into the engine: sealed so that they can no longer change, then verified, and only then loaded.

use std::io;

use sha2::{Digest, Sha256};

/// An artifact that can no longer change. On Linux it lives in a memory file sealed against writing, growing and shrinking,
/// so what is verified and what is mapped are the same bytes; elsewhere it is a copy in memory.
#[derive(Debug)]
pub struct SealedArtifact {
    bytes: Sealed,
    length: usize,
}

/// An artifact whose digest somebody vouched for. The only thing that [`crate::Engine::load`] takes.
#[derive(Debug)]
pub struct VerifiedArtifact(SealedArtifact);

impl SealedArtifact {
    /// Copy `bytes` to where nobody can change them, and seal it.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        Ok(Self {
            bytes: Sealed::new(bytes)?,
            length: bytes.len(),
        })
    }

    /// Length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// SHA-256 of the sealed bytes, read back from where they are sealed.
    pub fn sha256(&self) -> io::Result<[u8; 32]> {
        let mut hash = Sha256::new();
        self.bytes.read(self.length, |chunk| hash.update(chunk))?;
        Ok(hash.finalize().into())
    }

    /// Let `check` decide, from the digest of the sealed bytes, whether to trust them: it verifies the signature. Loading an
    /// artifact of a stranger's making would run his machine code in this process.
    pub fn verify<E: From<io::Error>>(
        self,
        check: impl FnOnce([u8; 32]) -> Result<(), E>,
    ) -> Result<VerifiedArtifact, E> {
        check(self.sha256()?)?;
        Ok(VerifiedArtifact(self))
    }
}

impl VerifiedArtifact {
    /// Length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.length
    }

    /// Map the sealed bytes as a module.
    pub(crate) fn map(&self, engine: &wasmtime::Engine) -> wasmtime::Result<wasmtime::Module> {
        self.0.bytes.map(engine)
    }
}

#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Sealed(std::fs::File);

#[cfg(target_os = "linux")]
impl Sealed {
    fn new(bytes: &[u8]) -> io::Result<Self> {
        use std::io::Write as _;

        use memfd::FileSeal::{SealGrow, SealSeal, SealShrink, SealWrite};

        let memory = memfd::MemfdOptions::new()
            .close_on_exec(true)
            .allow_sealing(true)
            .create("cartwright-artifact")
            .map_err(io::Error::other)?;
        memory.as_file().write_all(bytes)?;
        memory
            .add_seals(&[SealGrow, SealShrink, SealWrite, SealSeal])
            .map_err(io::Error::other)?;
        Ok(Self(memory.into_file()))
    }

    fn read(&self, length: usize, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;

        let mut chunk = vec![0; length.min(64 << 10)];
        let mut done = 0;
        while done < length {
            let wanted = chunk.len().min(length - done);
            self.0.read_exact_at(&mut chunk[..wanted], done as u64)?;
            each(&chunk[..wanted]);
            done += wanted;
        }
        Ok(())
    }

    fn map(&self, engine: &wasmtime::Engine) -> wasmtime::Result<wasmtime::Module> {
        let file = self.0.try_clone()?;
        #[expect(
            unsafe_code,
            reason = "an artifact is machine code; this is the one place that takes it in"
        )]
        // SAFETY: a `VerifiedArtifact` is made only after its digest was vouched for as our own compiler's work, and the
        // sealed file behind it cannot have changed since, nor change while it is mapped. Wasmtime checks that version,
        // target and settings match.
        unsafe {
            wasmtime::Module::deserialize_open_file(engine, file)
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Sealed(Box<[u8]>);

#[cfg(not(target_os = "linux"))]
impl Sealed {
    fn new(bytes: &[u8]) -> io::Result<Self> {
        Ok(Self(bytes.into()))
    }

    fn read(&self, _length: usize, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        each(&self.0);
        Ok(())
    }

    fn map(&self, engine: &wasmtime::Engine) -> wasmtime::Result<wasmtime::Module> {
        #[expect(
            unsafe_code,
            reason = "an artifact is machine code; this is the one place that takes it in"
        )]
        // SAFETY: a `VerifiedArtifact` is made only after its digest was vouched for as our own compiler's work, and this
        // copy is private to it. Wasmtime checks that version, target and settings match.
        unsafe {
            wasmtime::Module::deserialize(engine, &self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_of_the_sealed_bytes() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let sealed = SealedArtifact::from_bytes(&bytes).expect("it seals");
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(sealed.sha256().expect("it reads"), expected);
        assert_eq!(sealed.length(), bytes.len());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_sealed_artifact_can_be_neither_written_nor_cut_nor_lengthened() {
        use std::os::unix::fs::FileExt as _;

        let sealed = SealedArtifact::from_bytes(b"machine code").expect("it seals");
        let file = &sealed.bytes.0;
        assert_eq!(
            file.write_at(b"x", 0).unwrap_err().kind(),
            io::ErrorKind::PermissionDenied
        );
        assert_eq!(
            file.set_len(1).unwrap_err().kind(),
            io::ErrorKind::PermissionDenied
        );
        assert_eq!(
            file.set_len(100).unwrap_err().kind(),
            io::ErrorKind::PermissionDenied
        );
    }

    #[test]
    fn an_artifact_that_nobody_vouches_for_is_not_verified() {
        let sealed = SealedArtifact::from_bytes(b"machine code").expect("it seals");
        let refused = sealed
            .verify(|_| Err(io::Error::other("no signature")))
            .unwrap_err();
        assert_eq!(refused.to_string(), "no signature");
    }
}
