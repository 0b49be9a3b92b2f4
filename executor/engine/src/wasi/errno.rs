//! The error numbers of WASI preview 1 that this implementation answers.

/// An error number, as the guest gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Errno {
    Success = 0,
    /// No such open descriptor.
    BadDescriptor = 8,
    /// A pointer or length that leaves the guest's memory.
    Fault = 21,
    /// An argument that means nothing.
    Invalid = 28,
    /// No such function here.
    NoSuchCall = 52,
    /// Not a directory.
    NotDirectory = 54,
    /// Not a socket.
    NotSocket = 57,
    /// Not supported on this kind of descriptor.
    NotSupported = 58,
    /// A stream has no position.
    NoPosition = 70,
}

/// The three streams are the only descriptors there ever are.
pub(super) const STREAMS: u32 = 3;

/// `errno` for a stream, "no such descriptor" for anything else.
pub(super) fn for_stream(descriptor: u32, errno: Errno) -> Errno {
    if descriptor < STREAMS {
        errno
    } else {
        Errno::BadDescriptor
    }
}
