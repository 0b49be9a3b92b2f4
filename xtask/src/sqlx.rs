//! `cargo xtask sqlx`: what `.sqlx/` says of each query, asked anew of a database with the newest migrations.
//!
//! The migrations go in through Postgres' single-user mode: the api, which applies them otherwise, may not build
//! while `.sqlx/` is behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::say::say;
use crate::secrets::new_password;
use crate::servers::ground::Ground;
use crate::servers::postgres::{self, Durability};
use crate::stack::Home;
use crate::supervisor::Supervisor;
use crate::{build, interrupt, place, ports, run};

const SCRATCH: &str = "cartwright_sqlx";

/// The packages with queries, by a file whose touch makes cargo expand them again.
const PACKAGES: [&str; 2] = ["api/src/main.rs", "billing/src/lib.rs"];

/// Write `.sqlx/`, or compare it.
#[derive(clap::Args)]
pub struct Options {
    /// Change nothing; fail when `.sqlx/` is not what it should be.
    #[arg(long)]
    check: bool,
}

/// Do it from the command line.
pub fn sqlx(options: &Options) -> Result<()> {
    interrupt::install()?;
    if options.check { check() } else { write() }
}

/// Fail when `.sqlx/` is not what it should be.
pub fn check() -> Result<()> {
    let (now, committed) = (described()?, read(&folder())?);
    let stale: Vec<String> = committed
        .keys()
        .filter(|name| !now.contains_key(*name))
        .map(|name| format!("{name} has no query"))
        .collect();
    let missing: Vec<String> = now
        .iter()
        .filter(|(name, text)| committed.get(*name) != Some(text))
        .map(|(name, _)| format!("{name} is missing or old"))
        .collect();
    let differences: Vec<String> = stale.into_iter().chain(missing).collect();
    ensure!(
        differences.is_empty(),
        ".sqlx is behind; run `cargo xtask sqlx`:\n{}",
        differences.join("\n")
    );
    Ok(())
}

fn write() -> Result<()> {
    let now = described()?;
    std::fs::create_dir_all(folder())?;
    for name in read(&folder())?
        .keys()
        .filter(|name| !now.contains_key(*name))
    {
        std::fs::remove_file(folder().join(name))?;
    }
    for (name, text) in &now {
        std::fs::write(folder().join(name), text)?;
    }
    say(&format!(".sqlx describes {} queries", now.len()));
    Ok(())
}

fn folder() -> PathBuf {
    place::root().join(".sqlx")
}

/// Every file's name and text.
fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .context("a file without a name")?
                .to_string_lossy()
                .into_owned();
            files.insert(name, std::fs::read_to_string(path)?);
        }
    }
    Ok(files)
}

/// What a build against a migrated database says of every query.
fn described() -> Result<BTreeMap<String, String>> {
    let folder = place::target().join("sqlx");
    std::fs::remove_dir_all(&folder).ok();
    let home = Home::at(folder)?;
    home.empty()?;
    let mut supervisor = Supervisor::default();
    let outcome = build_against_database(&home, &mut supervisor);
    supervisor.stop();
    home.empty()?;
    outcome
}

fn build_against_database(
    home: &Home,
    supervisor: &mut Supervisor,
) -> Result<BTreeMap<String, String>> {
    let ground = Ground::of(&home.folder)?;
    let (port, password) = (
        ports::remembered(&home.folder.join("ports.json"), &["postgres"])?["postgres"],
        new_password()?,
    );
    let member = postgres::prepare(
        &ground,
        port,
        &password,
        &[SCRATCH],
        Durability::ThrownAway,
        home.log("postgres"),
    )?;
    for migration in migrations()? {
        let text = std::fs::read_to_string(&migration)?;
        postgres::execute(&ground, SCRATCH, &text)
            .with_context(|| format!("{} fails", migration.display()))?;
    }
    supervisor.start(member)?;
    supervisor.await_ready("Starting a Postgres with the newest migrations")?;
    let described = home.folder.join("described");
    std::fs::create_dir_all(&described)?;
    for file in PACKAGES {
        let file = std::fs::File::options()
            .append(true)
            .open(place::root().join(file));
        file.context("a package with queries has moved")?
            .set_modified(std::time::SystemTime::now())?;
    }
    let mut cargo = build::cargo("build");
    cargo.args(build::SELECTIONS[1]).arg("--bins");
    cargo
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &described);
    cargo.env("DATABASE_URL", postgres::url(port, &password, SCRATCH));
    run::shown(
        "Building what has queries, against that Postgres",
        &mut cargo,
    )?;
    let files = read(&described)?;
    if files.is_empty() {
        bail!("the build described no query");
    }
    Ok(files)
}

fn migrations() -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(place::root().join("migrations"))?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    Ok(files)
}
