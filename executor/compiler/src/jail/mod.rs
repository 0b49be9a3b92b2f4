//! The jail that the compiler puts itself in before it reads a byte: limits on what it may take, and on Linux a list of the
//! few system calls that computing needs. Elsewhere only the limits hold, which is weaker: the compiler could still open files.

#[cfg(target_os = "linux")]
mod system_calls;

use std::io;

#[cfg(unix)]
use cartwright_domain::compile::{ADDRESS_SPACE_BYTES_MAX, CPU_SECONDS_MAX};

/// What has to be done while this process has one thread.
pub(crate) fn prepare() {
    leave_namespaces();
    use_one_heap();
}

/// Leave the namespaces of users, network and System V objects where the system lets us. Many containers do not: the system
/// calls that they would matter for are forbidden anyway.
fn leave_namespaces() {
    #[cfg(target_os = "linux")]
    {
        let with_user = libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC;
        if !unshare(with_user) {
            unshare(libc::CLONE_NEWNET | libc::CLONE_NEWIPC);
        }
    }
}

/// Whether this process now has a network of its own, without any interface to the outside.
#[cfg(target_os = "linux")]
fn unshare(namespaces: libc::c_int) -> bool {
    #[expect(unsafe_code, reason = "the standard library has no namespaces")]
    // SAFETY: the call takes a number and touches no memory of ours.
    unsafe {
        libc::unshare(namespaces) == 0
    }
}

/// GNU's allocator gives a second thread a heap of its own, and opens a file of the kernel's to learn whether it may shrink it.
fn use_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(
            unsafe_code,
            reason = "the standard library does not set up its allocator"
        )]
        // SAFETY: the call takes numbers, and no other thread allocates yet.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

/// Shut the door. It does not open again.
pub(crate) fn enter() -> io::Result<()> {
    #[cfg(unix)]
    limits()?;
    #[cfg(target_os = "linux")]
    {
        control(libc::PR_SET_NO_NEW_PRIVS, 1)?;
        control(libc::PR_SET_DUMPABLE, 0)?;
        close_all_but_the_streams()?;
        system_calls::allow_only_computing()?;
    }
    Ok(())
}

#[cfg(unix)]
fn limits() -> io::Result<()> {
    let address_space = limit(
        libc::RLIMIT_AS,
        ADDRESS_SPACE_BYTES_MAX,
        ADDRESS_SPACE_BYTES_MAX,
    );
    if cfg!(target_os = "linux") {
        address_space?; // macOS refuses a limit below what every process maps
    }
    limit(libc::RLIMIT_CPU, CPU_SECONDS_MAX, CPU_SECONDS_MAX + 1)?;
    limit(libc::RLIMIT_FSIZE, 0, 0)?;
    limit(libc::RLIMIT_CORE, 0, 0)?;
    limit(libc::RLIMIT_NPROC, 0, 0)?;
    limit(libc::RLIMIT_NOFILE, 3, 3)
}

/// What one kind of limit is called by the C library in use.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
type Resource = libc::c_int;

#[cfg(unix)]
fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: soft,
        rlim_max: hard,
    };
    #[expect(unsafe_code, reason = "the standard library has no resource limits")]
    // SAFETY: the call reads the limit, which outlives it.
    let done = unsafe { libc::setrlimit(resource, &raw const limit) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(target_os = "linux")]
fn control(option: libc::c_int, value: libc::c_ulong) -> io::Result<()> {
    #[expect(unsafe_code, reason = "the standard library has no process control")]
    // SAFETY: these options take numbers and touch no memory of ours.
    let done = unsafe { libc::prctl(option, value, 0, 0, 0) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whatever the parent left open by mistake is not ours to keep.
#[cfg(target_os = "linux")]
fn close_all_but_the_streams() -> io::Result<()> {
    #[expect(
        unsafe_code,
        reason = "the standard library cannot close what it does not know of"
    )]
    // SAFETY: nothing in this process owns a descriptor above the three streams: it has opened none.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
