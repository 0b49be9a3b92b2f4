//! `cartwright.toml`: what a folder with a function's source says about it, so that commands need fewer arguments.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cartwright_domain::names::{FunctionName, TargetName};
use serde::Deserialize;

use crate::failure::Failure;

/// The file's name. It is looked for here and in each folder above.
pub(crate) const FILE: &str = "cartwright.toml";

/// A project file. Paths in it are relative to its own folder.
///
/// ```toml
/// function = "volume-discount"   # its name on the server
/// target = "cart.discount"       # the extension point that it answers; optional
/// module = "target/wasm32-wasip1/release/volume_discount.wasm"
/// config = "config.json"         # its configuration, for local runs and `config set`; optional
/// input = "samples/cart.json"    # what local runs are given when nothing else is said; optional
/// profile = "staging"            # whose credentials of `cartwright login --profile`; optional
///
/// [build]                        # optional: without it, `module` is taken as it is
/// command = "cargo build --release --target wasm32-wasip1"
/// watch = ["src"]                # what `run --watch` looks at
/// settings = "settings.schema.json"  # carried in the module: the console's settings form; optional
/// sample = "samples/cart.json"   # carried in the module: the input that the console offers to try; optional
/// ```
///
/// It names a profile and no address: credentials never follow an address that a checked-out file chose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    /// The function's name on the server.
    pub(crate) function: FunctionName,
    /// The extension point that it answers.
    #[serde(default)]
    pub(crate) target: Option<TargetName>,
    /// The module that a build leaves.
    pub(crate) module: PathBuf,
    /// Its configuration, a JSON file.
    #[serde(default)]
    pub(crate) config: Option<PathBuf>,
    /// The input of local runs, a JSON file.
    #[serde(default)]
    pub(crate) input: Option<PathBuf>,
    /// The profile whose server and credentials are used.
    #[serde(default)]
    pub(crate) profile: Option<String>,
    /// How the module is built.
    #[serde(default)]
    pub(crate) build: Option<Build>,
    /// The folder that the file is in.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// How the module is built.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Build {
    /// A command for the shell, run in the project's folder.
    pub(crate) command: String,
    /// Files and folders whose change means that a build is due.
    #[serde(default)]
    pub(crate) watch: Vec<PathBuf>,
    /// The JSON Schema of the settings, put into the module as its custom section `cartwright.settings`.
    #[serde(default)]
    pub(crate) settings: Option<PathBuf>,
    /// An input to try, put into the module as its custom section `cartwright.sample`.
    #[serde(default)]
    pub(crate) sample: Option<PathBuf>,
}

impl Project {
    /// The project that the working directory is in, if it is in one.
    pub(crate) fn find() -> Result<Option<Self>> {
        let here = std::env::current_dir().context("find the working directory")?;
        let Some(folder) = here.ancestors().find(|folder| folder.join(FILE).is_file()) else {
            return Ok(None);
        };
        Self::read(&folder.join(FILE)).map(Some)
    }

    /// Read a project file.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
        let mut project: Self =
            toml::from_str(&text).with_context(|| format!("{shown} is no project file"))?;
        project.folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(project)
    }

    /// A path of the file, as the working directory sees it.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

/// The function that a command is about: the one that it names, or else the project's.
pub(crate) fn function(
    named: Option<&FunctionName>,
    project: Option<&Project>,
) -> Result<FunctionName, Failure> {
    let known = named.or_else(|| project.map(|project| &project.function));
    known.cloned().ok_or_else(|| {
        Failure::local(format!(
            "which function? Name it, or work in a folder with a {FILE}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_file_is_read_and_its_paths_are_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let text = "function = \"discount\"\ntarget = \"cart.discount\"\nmodule = \"out.wasm\"\n[build]\ncommand = \"make\"\n";
        std::fs::write(&file, text).unwrap();

        let project = Project::read(&file).unwrap();

        assert_eq!(project.function.as_str(), "discount");
        assert_eq!(
            project.path(&project.module),
            folder.path().join("out.wasm")
        );
        assert_eq!(project.build.unwrap().command, "make");
    }

    #[test]
    fn a_misspelt_key_and_a_bad_name_are_refused_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for text in [
            "function = \"discount\"\nmodule = \"o\"\nmodul = 1\n",
            "function = \"Discount!\"\nmodule = \"o\"\n",
        ] {
            std::fs::write(&file, text).unwrap();
            let why = format!("{:#}", Project::read(&file).unwrap_err());
            assert!(why.contains("line"), "{why}");
        }
    }
}
