//! Ctrl-C and its relatives: the first asks for an orderly end, the second for an immediate one.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// From now on signals are counted instead of ending this process.
pub fn install() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            ASKED.fetch_add(1, Ordering::SeqCst);
        }
    });
    Ok(())
}

/// Whether we were asked to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}

/// Whether we were asked again.
pub fn insisted() -> bool {
    ASKED.load(Ordering::SeqCst) > 1
}

/// An error when we were asked to end: for the middle of long work.
pub fn check() -> Result<()> {
    if asked() { bail!(Interrupted) } else { Ok(()) }
}

/// The error that says so.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped on request")
    }
}

impl std::error::Error for Interrupted {}
