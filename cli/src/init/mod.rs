//! `cartwright init`: a project to start from, whole and runnable.

mod templates;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cartwright_domain::names::{FunctionName, TargetName};
use serde_json::json;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use templates::{TEMPLATES, Template};

/// The target when none is named.
const USUAL_TARGET: &str = "cart.discount";

#[derive(clap::Args)]
pub(crate) struct InitArgs {
    /// The language: `rust`, `assemblyscript`, `javascript` or `c`.
    #[arg(long, value_name = "LANGUAGE")]
    template: String,
    /// The extension point that the function answers. There are templates for `cart.discount` in every language, and for
    /// `payment.filter` and `shipping.rates` in Rust.
    #[arg(long, default_value = USUAL_TARGET)]
    target: TargetName,
    /// The function's name; that of the folder when absent.
    #[arg(long)]
    name: Option<FunctionName>,
    /// The folder: new, or empty.
    folder: PathBuf,
}

/// Write a template's files into a folder.
pub(crate) fn init(start: &Start, args: &InitArgs) -> Result<Ending, Failure> {
    let template = find(&args.template, args.target.as_str())?;
    let name = name(args)?;
    refuse_full(&args.folder)?;
    for file in template.files() {
        let path = args.folder.join(file.path);
        write(&path, &file.content(name.as_str()))?;
    }
    let folder = args.folder.display();
    if start.output.json {
        let files: Vec<_> = template.files().map(|file| file.path).collect();
        start
            .output
            .document(&json!({"folder": args.folder, "function": name, "files": files}))?;
    } else {
        start.output.say(format_args!(
            "{name}, in {}, for {}: {} files in {folder}\nit needs {}\n\n  cd {folder}\n  cartwright test          build it, and run its \
             samples\n  cartwright run --watch   run it on its input after every change",
            template.language,
            template.target,
            template.files().count(),
            template.needs,
        ));
    }
    Ok(Ending::Done)
}

/// The template for a language and a target; else which there are.
fn find(language: &str, target: &str) -> Result<&'static Template, Failure> {
    let found = TEMPLATES
        .iter()
        .find(|template| template.language == language && template.target == target);
    found.ok_or_else(|| {
        let there_are: Vec<_> = TEMPLATES
            .iter()
            .map(|template| {
                format!(
                    "\n  --template {} --target {}",
                    template.language, template.target
                )
            })
            .collect();
        Failure::local(format!(
            "there is no template in {language} for {target}; there are:{}",
            there_are.concat()
        ))
    })
}

/// The function's name: as given, or the folder's.
fn name(args: &InitArgs) -> Result<FunctionName, Failure> {
    if let Some(name) = &args.name {
        return Ok(name.clone());
    }
    let folder = std::path::absolute(&args.folder).context("find the working directory")?;
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    name.parse().map_err(|error| {
        Failure::local(format!(
            "{error}: name the function with --name, since the folder's name will not do"
        ))
    })
}

/// Nothing of anybody's is written over.
fn refuse_full(folder: &Path) -> Result<(), Failure> {
    let is_full = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_full || folder.is_file() {
        return Err(Failure::local(format!(
            "{} is not empty: name a new folder",
            folder.display()
        )));
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("write {}", path.display()))
}
