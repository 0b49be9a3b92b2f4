//! The compiler's process: a jailed child that is given one module and answers with one frame, or dies. Nothing that it says
//! is trusted further than `domain::compile` states.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use cartwright_domain::compile::frame::{self, BYTES_MAX};
use cartwright_domain::compile::{CompileReport, Death, WALL_MS_MAX};
use cartwright_domain::names::TargetName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// What it writes for people is cut here.
const SAID_BYTES_MAX: usize = 4 << 10;

/// Which compiler to run, and how many at a time.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CompilerConfig {
    /// The program that compiles modules in a jail; `cartwright-compiler` beside this program when absent.
    #[arg(long, env = "CARTWRIGHT_COMPILER")]
    pub(crate) compiler: Option<PathBuf>,
    /// Modules that are compiled at the same time; one less than there are processors when absent, and at least one.
    #[arg(long, env = "CARTWRIGHT_COMPILES_MAX", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) compiles_max: Option<u16>,
}

impl CompilerConfig {
    /// The program.
    pub(crate) fn program(&self) -> anyhow::Result<PathBuf> {
        if let Some(program) = &self.compiler {
            return Ok(program.clone());
        }
        let own = std::env::current_exe().context("where this program is cannot be told")?;
        Ok(own.with_file_name("cartwright-compiler"))
    }

    /// Jobs at the same time. One processor is left to what else this machine does.
    pub(crate) fn slots(&self) -> usize {
        self.compiles_max.map_or_else(
            || std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).max(1)),
            usize::from,
        )
    }
}

/// How a compilation ended.
pub(super) enum Ending {
    /// The compiler answered. The artifact is there when the module was accepted.
    Answered(Box<CompileReport>, Option<Vec<u8>>),
    /// It died.
    Died(Death),
}

/// Compile one module. `Err` is a fault of ours: the child could not be started, or wrote what is no frame.
pub(super) async fn compile(
    program: &Path,
    module: &[u8],
    target: Option<&TargetName>,
    memory_bytes_max: u64,
) -> anyhow::Result<Ending> {
    let mut child = start(program, target, memory_bytes_max)?;
    let within = Duration::from_millis(WALL_MS_MAX);
    let conversed = tokio::time::timeout(within, converse(&mut child, module)).await;
    let Ok(conversed) = conversed else {
        // Kills, and waits until it is gone: a child that lived on would hold the processor against the next.
        child.kill().await.context("the compiler cannot be ended")?;
        return Ok(Ending::Died(Death::WallTime));
    };
    let (status, answer) = conversed?;
    if !status.success() {
        return Ok(Ending::Died(death_of(status)));
    }
    let Ok((report, artifact)) = frame::decode(&answer) else {
        return Ok(Ending::Died(Death::Exit(0)));
    };
    Ok(Ending::Answered(
        Box::new(report),
        artifact.map(<[u8]>::to_vec),
    ))
}

fn start(
    program: &Path,
    target: Option<&TargetName>,
    memory_bytes_max: u64,
) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command
        .arg("--memory-bytes-max")
        .arg(memory_bytes_max.to_string())
        // What it does not know, a module that breaks out of it cannot learn.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C in the terminal is for us: we let the child end its work.
        .process_group(0)
        .kill_on_drop(true);
    if let Some(target) = target {
        command.arg("--target").arg(target.as_str());
    }
    command
        .spawn()
        .with_context(|| format!("the compiler {} cannot be started", program.display()))
}

/// Give it the module and take its answer, at the same time: either pipe may fill up first.
async fn converse(child: &mut Child, module: &[u8]) -> anyhow::Result<(ExitStatus, Vec<u8>)> {
    let missing = "the compiler was started with three pipes";
    let mut input = child.stdin.take().context(missing)?;
    let output = child.stdout.take().context(missing)?;
    let errors = child.stderr.take().context(missing)?;
    let give = async move {
        // A child that died stops reading; its death is told by its status.
        input.write_all(module).await.ok();
        drop(input);
    };
    let ((), answer, said) = tokio::join!(
        give,
        read_at_most(output, BYTES_MAX),
        read_at_most(errors, SAID_BYTES_MAX)
    );
    let status = child.wait().await.context("the compiler's end was lost")?;
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    if !said.trim().is_empty() {
        tracing::info!(%status, "the compiler said: {}", said.trim());
    }
    let answer = answer?;
    ensure!(
        answer.len() <= BYTES_MAX,
        "the compiler's answer is too long"
    );
    Ok((status, answer))
}

/// Up to one byte more than this. The pipe is closed then, which ends a child that goes on writing.
async fn read_at_most(from: impl AsyncRead + Unpin, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .await
        .context("the compiler's answer cannot be read")?;
    Ok(bytes)
}

fn death_of(status: ExitStatus) -> Death {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => Death::Signal(signal),
        None => Death::Exit(status.code().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    /// A program that stands in for the compiler and ends as the test wants.
    fn stand_in(script: &str) -> tempfile::TempPath {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "#!/bin/sh\n{script}").unwrap();
        let mut permissions = file.as_file().metadata().unwrap().permissions();
        permissions.set_mode(0o755);
        file.as_file().set_permissions(permissions).unwrap();
        file.into_temp_path()
    }

    async fn death(script: &str) -> Option<Death> {
        let program = stand_in(script);
        match compile(&program, &[0; 1 << 20], None, 1 << 20)
            .await
            .unwrap()
        {
            Ending::Died(death) => Some(death),
            Ending::Answered(..) => None,
        }
    }

    #[tokio::test]
    async fn a_compiler_that_dies_says_how() {
        assert_eq!(death("kill -SEGV $$").await, Some(Death::Signal(11)));
        assert_eq!(death("exit 7").await, Some(Death::Exit(7)));
        assert_eq!(death("echo no frame").await, Some(Death::Exit(0)));
    }

    #[tokio::test]
    async fn a_compiler_that_writes_for_ever_is_ended() {
        let program = stand_in("exec /usr/bin/yes");
        let ended = compile(&program, b"", None, 1 << 20).await;
        // Its pipe closes after the largest frame, and writing on ends it.
        assert!(matches!(ended, Err(_) | Ok(Ending::Died(_))));
    }

    #[tokio::test]
    async fn a_compiler_that_is_not_there_is_our_fault() {
        assert!(
            compile(Path::new("/nonexistent"), b"", None, 1)
                .await
                .is_err()
        );
    }
}
