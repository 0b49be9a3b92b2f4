//! What tests need of the machine beside what `up` needs: a browser and a Python.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{find, run};

/// The system's browser, brought where permitted: a test that is skipped for want of one proves nothing.
pub(super) fn chromium() -> Result<PathBuf> {
    let find = || {
        let names = [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
        ];
        let application =
            PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        names
            .iter()
            .find_map(|name| find::program(name))
            .or_else(|| find::is_executable(&application).then_some(application))
    };
    if find().is_none() {
        find::CHROMIUM.install()?;
    }
    find().context("Chromium was installed, and is still not found")
}

/// Rating is held against a second implementation, in Python 3.9 or later.
pub(super) fn python() -> Result<()> {
    if find::program("python3").is_none() {
        find::PYTHON.install()?;
    }
    let python =
        find::program("python3").context("Python was installed, and is still not found")?;
    let newer = "import sys; sys.exit(sys.version_info < (3, 9))";
    run::output(Command::new(&python).args(["-c", newer])).with_context(|| {
        format!(
            "Python 3.9 or later is needed; {} is older",
            python.display()
        )
    })?;
    Ok(())
}
