//! The system calls of a process that only computes: it reads its input, writes its output, and takes and returns memory that
//! holds no code. Any other call kills it, so that nothing has to be handled and nothing can be tried twice.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is,
    SeccompCondition as Condition, SeccompFilter, SeccompRule as Rule, TargetArch,
};

/// Allow these calls for every thread of this process, for good.
pub(super) fn allow_only_computing() -> io::Result<()> {
    let filter = filter().map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&filter).map_err(io::Error::other)
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let own_process = u64::from(std::process::id());
    let no_code = || only(2, Is::MaskedEq(libc::PROT_EXEC as u64), 0);
    let mut rules: BTreeMap<i64, Vec<Rule>> = BTreeMap::from([
        (libc::SYS_read, vec![only(0, Is::Eq, 0)?]),
        (
            libc::SYS_write,
            vec![only(0, Is::Eq, 1)?, only(0, Is::Eq, 2)?],
        ),
        (libc::SYS_mmap, vec![no_code()?]),
        (libc::SYS_mprotect, vec![no_code()?]),
        (libc::SYS_tgkill, vec![only(0, Is::Eq, own_process)?]), // how the C library aborts
    ]);
    rules.extend(ALWAYS.iter().map(|call| (*call, Vec::new())));
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        architecture,
    )?
    .try_into()
}

/// Calls that reach nothing outside this process, whatever their arguments.
const ALWAYS: [i64; 17] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
];

/// A rule on one argument. File descriptors, protections and process ids are 32 bits.
fn only(argument: u8, is: Is, value: u64) -> Result<Rule, seccompiler::BackendError> {
    Rule::new(vec![Condition::new(argument, Length::Dword, is, value)?])
}
