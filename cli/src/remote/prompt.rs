//! Asking a person: in the open, or without an echo. A secret never comes as an argument, which other users could read.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, Result, bail, ensure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Ask for a line.
pub(super) fn line(question: &str) -> Result<String> {
    ensure!(
        io::stdin().is_terminal(),
        "{question}? Nobody is there to ask; see --help for how to say it otherwise"
    );
    ask(question);
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .context("read the answer")?;
    Ok(line.trim().to_owned())
}

/// Read a secret: typed without an echo, or the first line of standard input where that is no terminal.
pub(super) fn secret(question: &str) -> Result<String> {
    let secret = if io::stdin().is_terminal() {
        ask(question);
        typed()?
    } else {
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .context("read standard input")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    ensure!(!secret.is_empty(), "{question}: nothing was given");
    Ok(secret)
}

fn ask(question: &str) {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}: ")
        .and_then(|()| stderr.flush())
        .ok();
}

/// Byte by byte, since Ctrl-C must be ours to handle: the default would leave the terminal without its echo.
fn typed() -> Result<String> {
    let _silence = Silence::begin()?;
    let mut secret = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.context("read the answer")? {
            b'\r' | b'\n' => break,
            // Ctrl-C and, before anything was typed, Ctrl-D.
            0x03 => bail!("interrupted"),
            0x04 if secret.is_empty() => bail!("interrupted"),
            0x08 | 0x7f => {
                // A whole character goes, however many bytes it has.
                while secret.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            // Ctrl-U begins again.
            0x15 => secret.clear(),
            byte => secret.push(byte),
        }
    }
    String::from_utf8(secret).context("the answer is not UTF-8")
}

/// A terminal without an echo, until it is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("ask the terminal")?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).context("silence the terminal")?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
        writeln!(io::stderr().lock()).ok();
    }
}
