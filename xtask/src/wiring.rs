//! How a stack's roles are wired together, and the environment that each gets of it: only what it needs, so that what a
//! role was not given it cannot lose.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::database_url::with_login;
use crate::roles::{Listeners, Role};
use crate::secrets::Secrets;

/// The object store as the roles see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectStore {
    /// Absent means Amazon's own.
    pub endpoint: Option<String>,
    /// The bucket, which exists.
    pub bucket: String,
    /// Keys, region and the like, by the names that every AWS client knows.
    pub aws: BTreeMap<String, String>,
}

/// All that the roles of one stack must be told.
#[derive(Clone)]
pub struct Wiring {
    /// Where each listens.
    pub listeners: Listeners,
    /// The database under its owner's login.
    pub database_url: String,
    /// Redis.
    pub redis_url: String,
    /// The object store.
    pub object_store: ObjectStore,
    /// What `keys generate` made.
    pub secrets: Secrets,
    /// The built console, if the api shall serve one.
    pub console_dir: Option<PathBuf>,
    /// The executor's disk.
    pub executor_data_dir: PathBuf,
    /// The jailed compiler.
    pub compiler: PathBuf,
}

impl Wiring {
    /// The whole environment of a role.
    pub fn environment(&self, role: Role) -> Result<BTreeMap<String, String>> {
        let mut all = self.own(role)?;
        let passed_on = ["CARTWRIGHT_LOG", "CARTWRIGHT_LOG_FORMAT"]
            .iter()
            .chain(role.optional_variables());
        all.extend(
            passed_on.filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))),
        );
        Ok(all)
    }

    fn own(&self, role: Role) -> Result<BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
        set(
            role.listen_variable(),
            self.listeners
                .public
                .get(&role)
                .context("a role without a listener")?,
        );
        if let (Some(name), Some(address)) = (
            role.internal_listen_variable(),
            self.listeners.internal.get(&role),
        ) {
            set(name, address);
        }
        set(
            "CARTWRIGHT_INTERNAL_CREDENTIAL",
            self.secrets.credential(role)?,
        );
        if matches!(role, Role::Api | Role::Billing) {
            set(
                "CARTWRIGHT_INTERNAL_CALLERS",
                self.secrets.get("CARTWRIGHT_INTERNAL_CALLERS")?,
            );
        }
        if role != Role::Executor {
            set("DATABASE_URL", &self.login_url(role)?);
        }
        if role != Role::Billing {
            set("REDIS_URL", &self.redis_url);
        }
        match role {
            Role::Api => {
                for name in ["CARTWRIGHT_TOKEN_SIGNING_KEY", "CARTWRIGHT_SECRETS_KEY"] {
                    set(name, self.secrets.get(name)?);
                }
                set(
                    "CARTWRIGHT_EXECUTOR_PUBLIC_URL",
                    &self.listeners.invoke_url(),
                );
                if let Some(console) = &self.console_dir {
                    set("CARTWRIGHT_CONSOLE_DIR", &console.display().to_string());
                }
            }
            Role::Worker => {
                set(
                    "CARTWRIGHT_ARTIFACT_SIGNING_KEY",
                    self.secrets.get("CARTWRIGHT_ARTIFACT_SIGNING_KEY")?,
                );
                set(
                    "CARTWRIGHT_SECRETS_KEY",
                    self.secrets.get("CARTWRIGHT_SECRETS_KEY")?,
                );
                set("CARTWRIGHT_COMPILER", &self.compiler.display().to_string());
            }
            Role::Executor => {
                set(
                    "CARTWRIGHT_API_INTERNAL_URL",
                    &self.listeners.internal_url(Role::Api),
                );
                set(
                    "CARTWRIGHT_BILLING_INTERNAL_URL",
                    &self.listeners.internal_url(Role::Billing),
                );
                let executors = 1 + self.listeners.more_executors.len();
                if executors > 1 {
                    set("CARTWRIGHT_QUOTA_EXECUTORS", &executors.to_string());
                }
                set(
                    "CARTWRIGHT_ARTIFACT_VERIFY_KEY",
                    self.secrets.get("CARTWRIGHT_ARTIFACT_VERIFY_KEY")?,
                );
                set(
                    "CARTWRIGHT_DATA_DIR",
                    &self.executor_data_dir.display().to_string(),
                );
            }
            Role::Billing => {}
        }
        if matches!(role, Role::Api | Role::Worker) {
            set(
                "CARTWRIGHT_BILLING_INTERNAL_URL",
                &self.listeners.internal_url(Role::Billing),
            );
            if let Some(endpoint) = &self.object_store.endpoint {
                set("S3_ENDPOINT", endpoint);
            }
            set("S3_BUCKET", &self.object_store.bucket);
            all.extend(self.object_store.aws.clone());
        }
        Ok(all)
    }

    /// The database under a role's own login.
    pub fn login_url(&self, role: Role) -> Result<String> {
        let password = self.secrets.get(&format!(
            "CARTWRIGHT_{}_DATABASE_PASSWORD",
            role.name().to_uppercase()
        ))?;
        with_login(
            &self.database_url,
            &format!("cartwright_{}", role.name()),
            password,
        )
    }

    /// What `cartwright-api migrate` gets: the owner's login, and the passwords that the roles' logins shall have.
    pub fn migration_environment(&self) -> Result<BTreeMap<String, String>> {
        let mut all = BTreeMap::from([("DATABASE_URL".to_owned(), self.database_url.clone())]);
        for role in [Role::Api, Role::Worker, Role::Billing] {
            let name = format!(
                "CARTWRIGHT_{}_DATABASE_PASSWORD",
                role.name().to_uppercase()
            );
            let password = self.secrets.get(&name)?.to_owned();
            all.insert(name, password);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executor_is_told_of_no_database_and_no_object_store() {
        let environment = wiring().environment(Role::Executor).expect("all is set");
        let forbidden = [
            "DATABASE_URL",
            "S3_ENDPOINT",
            "S3_BUCKET",
            "AWS_SECRET_ACCESS_KEY",
            "CARTWRIGHT_ARTIFACT_SIGNING_KEY",
        ];
        assert!(
            environment.contains_key("REDIS_URL"),
            "the control: what it needs is there"
        );
        assert_eq!(
            forbidden
                .iter()
                .filter(|name| environment.contains_key(**name))
                .count(),
            0
        );
        let worker = wiring().environment(Role::Worker).expect("all is set");
        assert_eq!(
            forbidden
                .iter()
                .filter(|name| worker.contains_key(**name))
                .count(),
            forbidden.len()
        );
    }

    fn wiring() -> Wiring {
        let mut secrets = Secrets::default();
        for role in Role::ALL {
            secrets.set(role.name(), format!("cw_int_{}_x", role.name()));
            secrets.set(
                &format!(
                    "CARTWRIGHT_{}_DATABASE_PASSWORD",
                    role.name().to_uppercase()
                ),
                "pw",
            );
        }
        for name in [
            "INTERNAL_CALLERS",
            "ARTIFACT_SIGNING_KEY",
            "ARTIFACT_VERIFY_KEY",
            "TOKEN_SIGNING_KEY",
            "SECRETS_KEY",
        ] {
            secrets.set(&format!("CARTWRIGHT_{name}"), "x");
        }
        let aws = BTreeMap::from([("AWS_SECRET_ACCESS_KEY".to_owned(), "x".to_owned())]);
        let public = Role::ALL
            .into_iter()
            .map(|role| (role, "127.0.0.1:1".to_owned()))
            .collect();
        Wiring {
            listeners: Listeners {
                public,
                ..Listeners::default()
            },
            database_url: "postgres://o:p@h/d".to_owned(),
            redis_url: "redis://h".to_owned(),
            object_store: ObjectStore {
                endpoint: Some("http://h".to_owned()),
                bucket: "b".to_owned(),
                aws,
            },
            secrets,
            console_dir: None,
            executor_data_dir: PathBuf::from("/data"),
            compiler: PathBuf::from("/compiler"),
        }
    }
}
