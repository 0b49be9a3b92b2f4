//! Waiting for a file to change, by looking: no system's own notices, so it works on every file system alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::project::{FILE, Project};

/// How long to wait between two looks. A look at a hundred files takes less than a millisecond.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Folders that builds fill: never a source.
const NOT_SOURCES: [&str; 5] = ["target", "node_modules", "build", "dist", ".git"];

/// Files as they were at the last look.
pub(crate) struct Watch {
    roots: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, SystemTime>,
}

impl Watch {
    /// Watch a project's sources and these files.
    pub(crate) fn new(project: Option<&Project>, files: Vec<PathBuf>) -> Result<Self> {
        let mut roots = files;
        roots.extend(project.map(sources).unwrap_or_default());
        let seen = look(&roots);
        Ok(Self { roots, seen })
    }

    /// Return when something is other than at the last look.
    pub(crate) fn wait(&mut self) {
        loop {
            std::thread::sleep(BETWEEN_LOOKS);
            let now = look(&self.roots);
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

/// When the newest of a project's sources was written.
pub(crate) fn newest(project: &Project) -> Option<SystemTime> {
    look(&sources(project)).into_values().max()
}

/// What a project is built of: what it says itself, else everything in its folder that no build makes.
fn sources(project: &Project) -> Vec<PathBuf> {
    let Some(build) = &project.build else {
        return Vec::new();
    };
    if build.watch.is_empty() {
        return vec![project.folder.clone()];
    }
    let carried = [&build.settings, &build.sample];
    let named = build.watch.iter().chain(carried.into_iter().flatten());
    let mut sources: Vec<PathBuf> = named.map(|path| project.path(path)).collect();
    sources.push(project.folder.join(FILE));
    sources
}

/// Every file in these folders, or these files themselves, with the time of its last change.
fn look(roots: &[PathBuf]) -> BTreeMap<PathBuf, SystemTime> {
    let mut seen = BTreeMap::new();
    let mut open: Vec<PathBuf> = roots.to_vec();
    while let Some(path) = open.pop() {
        let Ok(metadata) = path.metadata() else {
            continue; // gone, which is a change too
        };
        if !metadata.is_dir() {
            seen.insert(path, metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            continue;
        }
        let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
        open.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| is_source(path)),
        );
    }
    seen
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    !name.is_some_and(|name| NOT_SOURCES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_changed_and_a_gone_file_are_changes_and_what_a_build_makes_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let roots = [folder.path().to_owned()];
        let file = folder.path().join("main.rs");
        let empty = look(&roots);

        std::fs::write(&file, "one").unwrap();
        let written = look(&roots);
        assert_ne!(written, empty);

        let later = SystemTime::now() + Duration::from_secs(10);
        std::fs::File::open(&file)
            .unwrap()
            .set_modified(later)
            .unwrap();
        let changed = look(&roots);
        assert_ne!(changed, written);

        std::fs::create_dir(folder.path().join("target")).unwrap();
        std::fs::write(folder.path().join("target/made"), "").unwrap();
        assert_eq!(look(&roots), changed);

        std::fs::remove_file(&file).unwrap();
        assert_eq!(look(&roots), empty);
    }
}
