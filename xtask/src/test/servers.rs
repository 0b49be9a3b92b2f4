//! The servers of a test run: as `up` starts them, on data that is thrown away and therefore not synced.

use std::path::PathBuf;

use anyhow::Result;

use crate::roles::Listeners;
use crate::secrets::{Secrets, new_password};
use crate::servers::ground::Ground;
use crate::servers::postgres::{self, Durability};
use crate::servers::{object_store, redis};
use crate::stack::{self, Home};
use crate::supervisor::Supervisor;
use crate::test_servers::TestServers;
use crate::wiring::{ObjectStore, Wiring};
use crate::{place, ports};

/// Migrated once; each stack of a test gets a copy.
pub const TEMPLATE: &str = "cartwright_template";

/// The browser tests' own.
pub const BROWSER: &str = "cartwright_browser";

/// Where a test run lives.
pub fn home() -> Result<Home> {
    let folder = place::target().join("test-stack");
    std::fs::create_dir_all(&folder)?;
    Home::at(folder)
}

/// Start them on empty data, with a migrated template.
pub fn start(
    home: &Home,
    supervisor: &mut Supervisor,
    console_dir: Option<PathBuf>,
) -> Result<TestServers> {
    home.empty()?;
    home.turn_logs()?;
    let scratch = home.folder.join("stacks");
    std::fs::remove_dir_all(&scratch).ok();
    std::fs::create_dir_all(&scratch)?;
    let secrets = stack::generate()?;
    let ports = ports::remembered(
        &home.folder.join("ports.json"),
        &["postgres", "redis", "s3"],
    )?;
    let ground = Ground::of(&home.folder)?;
    let (port, password) = (ports["postgres"], secrets.get("postgres_password")?);
    let databases = [TEMPLATE, BROWSER];
    supervisor.start(postgres::prepare(
        &ground,
        port,
        password,
        &databases,
        Durability::ThrownAway,
        home.log("postgres"),
    )?)?;
    let redis_password = secrets.get("redis_password")?;
    supervisor.start(redis::prepare(
        &ground,
        ports["redis"],
        redis_password,
        Durability::ThrownAway,
        home.log("redis"),
    )?)?;
    let buckets = home.folder.join("s3");
    let (s3, object_store) = object_store::prepare(
        &buckets,
        ports["s3"],
        secrets.get("s3_secret")?,
        home.log("s3"),
    )?;
    supervisor.start(s3)?;
    supervisor.await_ready("Starting Postgres, Redis and the object store")?;
    for database in databases {
        let wiring = migration(
            &secrets,
            &object_store,
            postgres::url(port, password, database),
        );
        stack::migrate(&wiring, &home.log("migrate"))?;
    }
    let servers = TestServers {
        database_url: postgres::url(port, password, "postgres"),
        template: TEMPLATE.to_owned(),
        redis_url: redis::url(ports["redis"], redis_password),
        object_store,
        buckets,
        secrets,
        console_dir,
        scratch,
    };
    servers.save(&description(home))?;
    Ok(servers)
}

/// Start Redis alone, for the executor's own tests; its address.
pub fn start_redis(home: &Home, supervisor: &mut Supervisor) -> Result<String> {
    home.turn_logs()?;
    let password = new_password()?;
    let port = ports::remembered(&home.folder.join("redis-port.json"), &["redis"])?["redis"];
    let ground = Ground::of(&home.folder)?;
    supervisor.start(redis::prepare(
        &ground,
        port,
        &password,
        Durability::ThrownAway,
        home.log("redis"),
    )?)?;
    supervisor.await_ready("Starting Redis")?;
    Ok(redis::url(port, &password))
}

/// Where the tests read about the servers.
pub fn description(home: &Home) -> PathBuf {
    home.folder.join("servers.json")
}

/// As much wiring as a migration looks at.
fn migration(secrets: &Secrets, object_store: &ObjectStore, database_url: String) -> Wiring {
    Wiring {
        listeners: Listeners::default(),
        database_url,
        redis_url: String::new(),
        object_store: object_store.clone(),
        secrets: secrets.clone(),
        console_dir: None,
        executor_data_dir: PathBuf::new(),
        compiler: PathBuf::new(),
    }
}
