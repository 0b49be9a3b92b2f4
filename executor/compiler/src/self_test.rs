//! The proof that the jail holds: each thing that it forbids is tried by a child of its own, once outside, where it must
//! succeed, or the attempt proves nothing, and once inside, where it must not.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use clap::ValueEnum;

use crate::jail;

/// What a prisoner could try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attempt {
    /// Open a file.
    OpenFile,
    /// Open a socket.
    OpenSocket,
    /// Start another program.
    StartProgram,
    /// Start a thread.
    StartThread,
    /// Signal another process.
    SignalParent,
    /// Make memory that holds code.
    MapCode,
    /// Take 2 GiB of memory.
    TakeMemory,
}

impl Attempt {
    fn words(self) -> &'static str {
        match self {
            Self::OpenFile => "open a file",
            Self::OpenSocket => "open a socket",
            Self::StartProgram => "start another program",
            Self::StartThread => "start a thread",
            Self::SignalParent => "signal another process",
            Self::MapCode => "make memory that holds code",
            Self::TakeMemory => "take 2 GiB of memory",
        }
    }

    /// Whether it succeeded.
    fn make(self) -> bool {
        match self {
            Self::OpenFile => std::fs::File::open("/dev/null").is_ok(),
            Self::OpenSocket => std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
            Self::StartProgram => Command::new("/bin/sh")
                .args(["-c", "exit 0"])
                .status()
                .is_ok_and(|status| status.success()),
            Self::StartThread => std::thread::Builder::new()
                .spawn(|| ())
                .is_ok_and(|thread| thread.join().is_ok()),
            Self::SignalParent => signal_parent(),
            Self::MapCode => map_code(),
            Self::TakeMemory => Vec::<u8>::new().try_reserve_exact(2 << 30).is_ok(),
        }
    }
}

/// An attempt that failed without killing its process says so by this code.
const REFUSED: u8 = 10;

/// Make one attempt, in a process of its own.
pub(crate) fn attempt(attempt: Attempt, jailed: bool) -> anyhow::Result<ExitCode> {
    if jailed {
        jail::prepare();
        jail::enter()?;
    }
    Ok(if attempt.make() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(REFUSED)
    })
}

/// Make every attempt outside and inside, say how each went, and fail if one went as it must not.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut holds = true;
    for attempt in Attempt::value_variants() {
        let (outside, inside) = (child(*attempt, false)?, child(*attempt, true)?);
        let refused = !inside.success();
        let verdict = match (outside.success(), refused) {
            (true, true) => "refused",
            (true, false) => "NOT REFUSED",
            (false, _) => "UNPROVEN: it fails outside the jail too",
        };
        holds &= outside.success() && refused;
        println!("{}: {verdict} ({})", attempt.words(), describe(inside));
    }
    if cfg!(target_os = "linux") {
        println!(
            "{}",
            if holds {
                "the jail holds"
            } else {
                "the jail does NOT hold"
            }
        );
        return Ok(if holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    println!(
        "this system has no filter of system calls: only the limits on memory, time and files hold here"
    );
    Ok(ExitCode::SUCCESS)
}

fn child(attempt: Attempt, jailed: bool) -> anyhow::Result<ExitStatus> {
    let name = attempt.to_possible_value().expect("no attempt is skipped");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("--attempt")
        .arg(name.get_name())
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    if jailed {
        command.arg("--jailed");
    }
    Ok(command.status()?)
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGSYS), _) => "killed by the filter of system calls".into(),
        (Some(signal), _) => format!("killed by signal {signal}"),
        (None, Some(code)) if code == i32::from(REFUSED) => "answered with an error".into(),
        (None, Some(code)) => format!("exited with code {code}"),
        (None, None) => "ended in an unknown way".into(),
    }
}

fn signal_parent() -> bool {
    let parent = std::os::unix::process::parent_id();
    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    // SAFETY: signal 0 only asks whether the process could be signalled.
    unsafe {
        libc::kill(parent.cast_signed(), 0) == 0
    }
}

fn map_code() -> bool {
    #[expect(unsafe_code, reason = "the standard library maps no memory")]
    // SAFETY: a new private mapping touches no memory of ours; it is never used.
    let mapped = unsafe {
        let protection = libc::PROT_READ | libc::PROT_EXEC;
        libc::mmap(
            std::ptr::null_mut(),
            4096,
            protection,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        )
    };
    mapped != libc::MAP_FAILED
}
