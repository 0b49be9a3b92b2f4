//! A child process: its own group, its own log file, an environment made from nothing, and an end that comes with ours.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process_group};

/// Whom a server runs as, when we are root and it may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

impl Identity {
    /// Let `command` run as this user, in a folder that every user may enter.
    pub fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).current_dir("/");
    }
}

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Program {
    /// What we call it when we speak of it.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment, but for what [`inherited`] lets through.
    pub environment: BTreeMap<String, String>,
    /// Whom it runs as; none means as we do.
    pub identity: Option<Identity>,
    /// Where its output goes, appended.
    pub log: PathBuf,
    /// What the kernel sends it when we die without a word (Linux only).
    pub on_our_death: Signal,
}

/// The variables that any program may need and that hold no secret of ours.
pub fn inherited() -> impl Iterator<Item = (String, String)> {
    ["PATH", "HOME", "LANG", "TZ", "TMPDIR"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
}

impl Program {
    /// Start it. Call this from a thread that lives as long as the child shall: the kernel counts the end of the
    /// spawning thread as the parent's death.
    pub fn spawn(&self) -> Result<Running> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("cannot write {}", self.log.display()))?;
        let log_start = log.metadata()?.len();
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(inherited())
            .envs(&self.environment);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(identity) = self.identity {
            identity.apply(&mut command);
        }
        end_with_us(&mut command, self.on_our_death);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        Ok(Running {
            name: self.name.clone(),
            child,
            log: self.log.clone(),
            log_start,
            started: Instant::now(),
        })
    }
}

/// Have the kernel end the child when we are killed and cannot. Other systems than Linux have nothing like it.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_us(command: &mut Command, signal: Signal) {
    let parent = rustix::process::getpid();
    #[expect(
        unsafe_code,
        reason = "only between fork and exec can a child ask for its parent's death signal"
    )]
    // SAFETY: the closure makes two system calls and allocates nothing, so it is sound after a fork of threads.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            // We may have died before the line above; then no signal would ever come.
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(rustix::io::Errno::SRCH.into())
            }
        });
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_us(_command: &mut Command, _signal: Signal) {}

/// A child that was started and not yet waited for. Dropping it kills its whole group.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    log: PathBuf,
    log_start: u64,
    started: Instant,
}

impl Running {
    /// What we call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is its group's too.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// How it ended, if it did.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Send a signal to it and to whatever it started.
    pub fn signal(&self, signal: Signal) {
        signal_group(self.pid(), signal);
    }

    /// Wait for its end, at most so long.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.exited() {
                Some(status) => return Some(status),
                None if Instant::now() >= until => return None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Kill it and its group, and wait.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().ok();
    }

    /// The last lines of what it wrote since it was started.
    pub fn last_words(&self, lines: usize) -> String {
        tail(&self.log, self.log_start, lines).unwrap_or_default()
    }

    /// The file it writes to.
    pub fn log(&self) -> &Path {
        &self.log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exited().is_none() {
            self.kill();
        }
    }
}

/// Send a signal to a whole group. It may be gone already, which is what most signals ask for.
pub fn signal_group(leader: u32, signal: Signal) {
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        kill_process_group(group, signal).ok();
    }
}

/// The last `lines` lines of a log, none of them from before byte `from`.
pub fn tail(log: &Path, from: u64, lines: usize) -> Result<String> {
    const LONGEST_BYTES: u64 = 16 * 1024;
    let mut file = File::open(log)?;
    let start = file
        .metadata()?
        .len()
        .saturating_sub(LONGEST_BYTES)
        .max(from);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}
