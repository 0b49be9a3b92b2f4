//! A stack of servers and roles from nothing: what `up` runs on kept data, and `demo crash` under load.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::probe::Probe;
use crate::process::{Program, Signal};
use crate::roles::Role;
use crate::say::say;
use crate::secrets::{Secrets, new_password};
use crate::servers::ground::Ground;
use crate::servers::postgres::{self, Durability};
use crate::servers::{Member, object_store, redis};
use crate::supervisor::Supervisor;
use crate::wiring::Wiring;
use crate::{fleet, place, ports, run};

/// The database that the roles share.
pub const DATABASE: &str = "cartwright";

/// The folders of a stack.
#[derive(Clone, Debug)]
pub struct Home {
    /// Everything lies in here.
    pub folder: PathBuf,
}

impl Home {
    /// Make what is missing of it.
    pub fn at(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(folder.join("logs"))?;
        Ok(Self { folder })
    }

    /// A member's log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// The secrets' file.
    pub fn secrets(&self) -> PathBuf {
        self.folder.join("secrets.json")
    }

    /// Keep one older log of each member, so that logs end somewhere.
    pub fn turn_logs(&self) -> Result<()> {
        for entry in std::fs::read_dir(self.folder.join("logs"))? {
            let log = entry?.path();
            if log.extension().is_some_and(|extension| extension == "log") {
                std::fs::rename(&log, log.with_extension("log.before"))?;
            }
        }
        Ok(())
    }

    /// Remove all data and secrets. What was installed stays.
    pub fn empty(&self) -> Result<()> {
        Ground::of(&self.folder)?.remove_outside()?;
        for data in ["postgres", "postgres.new", "redis", "s3", "executor"] {
            remove(&self.folder.join(data))?;
        }
        for disk in fleet::more_disks(&self.folder)? {
            remove(&disk)?;
        }
        for file in ["secrets.json", "ports.json"] {
            std::fs::remove_file(self.folder.join(file)).ok();
        }
        Ok(())
    }
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Read the secrets, or have them made. Data without its secrets is of no use to anybody.
pub fn secrets(home: &Home) -> Result<Secrets> {
    let file = home.secrets();
    if let Some(secrets) = Secrets::load(&file)? {
        return Ok(secrets);
    }
    let cluster = Ground::of(&home.folder)?.folder.join("postgres");
    if cluster.join("PG_VERSION").exists() {
        bail!(
            "there is data in {} and its {} is gone: start with --fresh to lose that data too",
            home.folder.display(),
            file.display()
        );
    }
    let secrets = generate()?;
    secrets.save(&file)?;
    Ok(secrets)
}

/// Have all secrets made: the roles' by the api, the servers' here.
pub fn generate() -> Result<Secrets> {
    let lines =
        run::output(Command::new(place::binary("cartwright-api")).args(["keys", "generate"]))?;
    let mut secrets = Secrets::from_lines(&lines);
    for server in ["postgres_password", "redis_password", "s3_secret"] {
        secrets.set(server, new_password()?);
    }
    Ok(secrets)
}

/// Start the servers that are not given, and wire so many executors and the other roles to all of them.
pub fn servers(
    home: &Home,
    secrets: &Secrets,
    executors: usize,
    supervisor: &mut Supervisor,
) -> Result<Wiring> {
    let ground = Ground::of(&home.folder)?;
    if ground.lies_outside() {
        say(&format!(
            "The servers' data lies in {}: their user cannot enter this clone, and nothing here is opened for it",
            ground.folder.display()
        ));
    }
    let ports = ports::remembered(
        &home.folder.join("ports.json"),
        &["postgres", "redis", "s3"],
    )?;
    let given = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    let database_url = match given("DATABASE_URL") {
        Some(url) => url,
        None => {
            let (port, password) = (ports["postgres"], secrets.get("postgres_password")?);
            let log = home.log("postgres");
            supervisor.start(postgres::prepare(
                &ground,
                port,
                password,
                &[DATABASE],
                Durability::Kept,
                log,
            )?)?;
            postgres::url(port, password, DATABASE)
        }
    };
    let redis_url = match given("REDIS_URL") {
        Some(url) => url,
        None => {
            let (port, password) = (ports["redis"], secrets.get("redis_password")?);
            supervisor.start(redis::prepare(
                &ground,
                port,
                password,
                Durability::Kept,
                home.log("redis"),
            )?)?;
            redis::url(port, password)
        }
    };
    let object_store = match object_store::given() {
        Some(given) => given,
        None => {
            let (folder, secret) = (home.folder.join("s3"), secrets.get("s3_secret")?);
            let (member, store) =
                object_store::prepare(&folder, ports["s3"], secret, home.log("s3"))?;
            supervisor.start(member)?;
            store
        }
    };
    supervisor.await_ready("Starting Postgres, Redis and the object store")?;
    let executor_data_dir = home.folder.join("executor");
    std::fs::create_dir_all(&executor_data_dir)?;
    Ok(Wiring {
        listeners: ports::listeners(executors)?,
        database_url,
        redis_url,
        object_store,
        secrets: secrets.clone(),
        console_dir: None,
        executor_data_dir,
        compiler: place::binary("cartwright-compiler"),
    })
}

/// Bring the database to the newest migration.
pub fn migrate(wiring: &Wiring, log: &Path) -> Result<()> {
    let mut command = Command::new(place::binary("cartwright-api"));
    command
        .arg("migrate")
        .env_clear()
        .envs(crate::process::inherited())
        .envs(wiring.migration_environment()?);
    run::logged("Migrating the database", &mut command, log)
}

/// Have a key made that acts for any tenant.
pub fn platform_key(wiring: &Wiring, name: &str) -> Result<String> {
    let mut command = Command::new(place::binary("cartwright-api"));
    command
        .args(["keys", "platform", "--name", name])
        .env("DATABASE_URL", &wiring.database_url);
    let said = run::output(&mut command)?;
    let key = said
        .split_whitespace()
        .find(|word| word.starts_with("cw_platform_"));
    Ok(key
        .context("`cartwright-api keys platform` printed no key")?
        .to_owned())
}

/// How a role is run in this stack.
pub fn member(home: &Home, wiring: &Wiring, role: Role) -> Result<Member> {
    let (binary, arguments) = role.command();
    Ok(Member {
        program: Program {
            name: role.name().to_owned(),
            path: place::binary(binary),
            arguments: arguments
                .iter()
                .map(|argument| (*argument).to_owned())
                .collect(),
            environment: wiring.environment(role)?,
            identity: None,
            log: home.log(role.name()),
            // A role is built to lose nothing when killed, and a drain would wait for servers that end at this moment too.
            on_our_death: Signal::KILL,
        },
        address: wiring
            .listeners
            .public
            .get(&role)
            .context("a role without a listener")?
            .clone(),
        probe: Probe::HttpOk("/readyz"),
        goodbye: Signal::TERM,
    })
}
