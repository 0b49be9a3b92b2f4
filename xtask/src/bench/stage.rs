//! What stands before the first measurement: a stack whose executor is a release build, and its tenants with their functions.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::demo::client::{Answer, Client};
use crate::roles::Role;
use crate::say::Step;
use crate::stack::{self, Home};
use crate::supervisor::Supervisor;
use crate::wiring::Wiring;
use crate::{build, place, run};

/// Functions of one tenant in the case of many tenants.
const FUNCTIONS_PER_TENANT: usize = 5;

/// A request of a plan: see `cartwright-load drive`.
pub(crate) struct Call {
    /// The function's path on the executor.
    pub(crate) path: String,
    /// Its tenant's key.
    pub(crate) token: String,
}

/// What a tenant has deployed.
pub(crate) struct Function {
    name: String,
    module: Vec<u8>,
    /// Whether its results are kept.
    memoise: bool,
}

impl Function {
    /// One that runs each time.
    pub(crate) fn new(name: &str, module: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            module,
            memoise: false,
        }
    }

    /// One whose results are kept.
    pub(crate) fn memoised(name: &str, module: Vec<u8>) -> Self {
        Self {
            memoise: true,
            ..Self::new(name, module)
        }
    }
}

/// A stack under a release executor.
pub(crate) struct Stage {
    /// How it is wired.
    pub(crate) wiring: Wiring,
    /// The load generator.
    pub(crate) load: PathBuf,
    supervisor: Supervisor,
    platform_key: String,
}

impl Stage {
    /// Build, start on empty data, and wait until everything is ready: a stack whose executor is a release build.
    pub(crate) fn set() -> Result<Self> {
        Self::set_with(&["cartwright-executor", "cartwright-load"])
    }

    /// The same, with release builds of these packages.
    pub(crate) fn set_with(packages: &[&str]) -> Result<Self> {
        build::binaries()?;
        for package in packages {
            let mut cargo = build::cargo("build");
            run::shown(
                &format!("Building {package} for release"),
                cargo.args(["--release", "-p", *package]),
            )?;
        }
        let home = Home::at(place::target().join("bench/stack"))?;
        home.empty()?;
        let secrets = stack::secrets(&home)?;
        let mut supervisor = Supervisor::default();
        let wiring = stack::servers(&home, &secrets, 1, &mut supervisor)?;
        stack::migrate(&wiring, &home.log("migrate"))?;
        for role in Role::ALL {
            let mut member = stack::member(&home, &wiring, role)?;
            let (binary, _) = role.command();
            if packages.contains(&binary) {
                member.program.path = release(binary);
                member
                    .program
                    .environment
                    .insert("CARTWRIGHT_LOG".to_owned(), "warn".to_owned());
            }
            supervisor.start(member)?;
        }
        supervisor.await_ready("Starting billing, api, worker and executor")?;
        let platform_key = stack::platform_key(&wiring, "bench")?;
        Ok(Self {
            load: release("cartwright-load"),
            platform_key,
            wiring,
            supervisor,
        })
    }

    /// The executor's process.
    pub(crate) fn executor_pid(&self) -> Result<u32> {
        self.supervisor
            .pids()
            .get("executor")
            .copied()
            .context("the executor does not run")
    }

    /// Every process, the servers behind the roles too.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.supervisor.pids().into_values().collect()
    }

    /// End everything.
    pub(crate) fn strike(self) {
        self.supervisor.stop();
    }

    /// A tenant with these functions, live.
    pub(crate) fn tenant(&self, name: &str, functions: &[Function]) -> Result<Vec<Call>> {
        let api = self.wiring.listeners.url(Role::Api);
        let mut client = Client::new(&api, &self.wiring.listeners.url(Role::Executor));
        client.access_token.clone_from(&self.platform_key);
        client
            .post("/v1/platform/tenants", &json!({"slug": name}))?
            .expect(201, "creating a tenant")?;
        // The benchmark asks what a run costs, not where the plan ends.
        let quotas = json!({"rate": {"limit": 1_000_000}, "concurrency": {"limit": 10_000}});
        client
            .put(&format!("/v1/platform/tenants/{name}/quotas"), &quotas)?
            .expect(200, "raising the quotas")?;
        client.acts_for = Some(name.to_owned());
        let key: Value = client
            .post("/v1/api-keys", &json!({"name": "bench"}))?
            .expect(201, "making a key")?
            .json()?;
        let token = key["key"]
            .as_str()
            .context("a key's answer has the key")?
            .to_owned();
        let mut calls = Vec::new();
        for function in functions {
            let Function {
                name,
                module,
                memoise,
            } = function;
            client
                .post("/v1/functions", &json!({"name": name, "memoise": memoise}))?
                .expect(201, "creating a function")?;
            let path = format!("/v1/functions/{name}/versions?promote=live");
            client
                .upload(&path, module)?
                .expect(201, "uploading a version")?;
            calls.push(Call {
                path: format!("/v1/invoke/{name}"),
                token: token.clone(),
            });
        }
        Ok(calls)
    }

    /// The platform's key.
    pub(crate) fn platform_key(&self) -> &str {
        &self.platform_key
    }

    /// Subscribe a tenant's function to events of a type, whose deliveries are held.
    pub(crate) fn subscribe_held(
        &self,
        tenant: &str,
        function: &str,
        event_type: &str,
    ) -> Result<()> {
        let api = self.wiring.listeners.url(Role::Api);
        let mut client = Client::new(&api, &self.wiring.listeners.url(Role::Executor));
        client.access_token.clone_from(&self.platform_key);
        client.acts_for = Some(tenant.to_owned());
        let new = json!({"function": function, "event_type": event_type, "paused": true});
        client
            .post("/v1/subscriptions", &new)?
            .expect(201, "subscribing")?;
        Ok(())
    }

    /// One request of a plan, sent once.
    pub(crate) fn call(&self, call: &Call, input: &[u8]) -> Result<Answer> {
        let api = self.wiring.listeners.url(Role::Api);
        let mut client = Client::new(&api, &self.wiring.listeners.url(Role::Executor));
        client.api_key.clone_from(&call.token);
        client.invoke(call.path.trim_start_matches("/v1/invoke/"), input)
    }

    /// As many tenants as it takes for this many functions, each with bytes, and so machine code, of its own.
    pub(crate) fn many_tenants(&self, functions: usize, module: &[u8]) -> Result<Vec<Call>> {
        ensure!(functions > 0, "--functions: at least one");
        let step = Step::begin(&format!(
            "Uploading and compiling {functions} different functions"
        ));
        let mut calls = Vec::with_capacity(functions);
        while calls.len() < functions {
            let first = calls.len();
            let here = FUNCTIONS_PER_TENANT.min(functions - first);
            let own = (0..here)
                .map(|n| Function::new(&format!("discount-{n}"), marked(module, first + n)))
                .collect::<Vec<_>>();
            calls.extend(self.tenant(&format!("bench-{}", first / FUNCTIONS_PER_TENANT), &own)?);
        }
        step.done();
        Ok(calls)
    }
}

fn release(name: &str) -> PathBuf {
    place::target().join("release").join(name)
}

/// The module with one more custom section: other bytes, the same behaviour.
fn marked(module: &[u8], mark: usize) -> Vec<u8> {
    let name = format!("bench{mark:06}");
    let length = u8::try_from(name.len()).expect("a short name");
    let mut marked = module.to_vec();
    marked.extend([0, length + 1, length]);
    marked.extend(name.as_bytes());
    marked
}
