//! Where the servers' data lies, and whom they run as.
//!
//! A plain user runs them as himself, in the folder that he asked for. Root may not run Postgres, so servers that root
//! starts run as `postgres` or `nobody`, who must be able to reach their data. When they can reach the folder, the data
//! lies there and belongs to them. When a parent of it is closed to others, as root's home is, nothing is opened for
//! them: the data lies in `/var/lib/cartwright-dev/<hash of the folder's path>` instead, and the link `servers` in the
//! folder points there.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::Identity;
use crate::run;

const OUTSIDE: &str = "/var/lib/cartwright-dev";

/// A folder for servers, and their user.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where each server has a folder of its own.
    pub folder: PathBuf,
    /// Whom they run as; none means as we do.
    pub identity: Option<Identity>,
    link: PathBuf,
}

impl Ground {
    /// Find the ground for the servers of what lies in `base`, a folder that exists.
    pub fn of(base: &Path) -> Result<Self> {
        let base = base.canonicalize()?;
        let link = base.join("servers");
        if !rustix::process::geteuid().is_root() {
            return Ok(Self {
                folder: base,
                identity: None,
                link,
            });
        }
        let identity = server_identity()?;
        if reaches(identity, &base) {
            return Ok(Self {
                folder: base,
                identity: Some(identity),
                link,
            });
        }
        let mut hasher = DefaultHasher::new();
        base.hash(&mut hasher);
        let folder = Path::new(OUTSIDE).join(format!("{:016x}", hasher.finish()));
        for open in [Path::new(OUTSIDE), &folder] {
            std::fs::create_dir_all(open)
                .with_context(|| format!("cannot make {}", open.display()))?;
            std::fs::set_permissions(open, PermissionsExt::from_mode(0o755))?;
        }
        if !reaches(identity, &folder) {
            bail!(
                "the user with number {}, whom the servers run as, cannot reach {}",
                identity.uid,
                folder.display()
            );
        }
        if std::fs::read_link(&link).ok().as_ref() != Some(&folder) {
            std::fs::remove_file(&link).ok();
            symlink(&folder, &link)?;
        }
        Ok(Self {
            folder,
            identity: Some(identity),
            link,
        })
    }

    /// A folder that belongs to the servers' user and to nobody else.
    pub fn own_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        self.give(&folder, 0o700)?;
        Ok(folder)
    }

    /// Write a file that the servers' user alone can read.
    pub fn own_file(&self, file: &Path, text: &str) -> Result<()> {
        std::fs::write(file, "")?;
        self.give(file, 0o600)?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Whether a server's user can use what is there, or is the only thing in its way that it belongs to another.
    pub fn check_owner(&self, folder: &Path) -> Result<()> {
        let owner = folder.metadata()?.uid();
        let wanted = self.identity.map_or_else(
            || rustix::process::geteuid().as_raw(),
            |identity| identity.uid,
        );
        if owner != wanted {
            bail!(
                "{} belongs to the user with number {owner}, not {wanted}: run this as whoever ran it before, or remove that folder",
                folder.display()
            );
        }
        Ok(())
    }

    /// Whether the servers' user can run a file.
    pub fn reaches(&self, file: &Path) -> bool {
        self.identity.is_none_or(|identity| reaches(identity, file))
    }

    /// Whether the data lies elsewhere than where it was asked for.
    pub fn lies_outside(&self) -> bool {
        self.folder.starts_with(OUTSIDE)
    }

    /// Remove everything that lies outside of the folder that was asked for.
    pub fn remove_outside(&self) -> Result<()> {
        if self.lies_outside() {
            std::fs::remove_dir_all(&self.folder)?;
            std::fs::remove_file(&self.link)?;
        }
        Ok(())
    }

    fn give(&self, path: &Path, mode: u32) -> Result<()> {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode))?;
        if let Some(identity) = self.identity {
            chown(path, Some(identity.uid), Some(identity.gid))?;
        }
        Ok(())
    }
}

/// Whom servers run as when we are root. It has to have a name, since `initdb` looks its own up.
fn server_identity() -> Result<Identity> {
    for name in ["postgres", "nobody"] {
        let number = |flag: &str| -> Option<u32> {
            run::output(Command::new("id").args([flag, name]))
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        if let (Some(uid), Some(gid)) = (number("-u"), number("-g")) {
            return Ok(Identity { uid, gid });
        }
    }
    bail!(
        "Postgres does not run as root, and this system has neither a user `postgres` nor `nobody` to run it as: add one"
    )
}

/// Whether a user can enter a folder or run a file, with all the parents that lead there.
fn reaches(identity: Identity, path: &Path) -> bool {
    let mut test = Command::new("test");
    test.arg("-x")
        .arg(path)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    identity.apply(&mut test);
    test.status().is_ok_and(|status| status.success())
}
