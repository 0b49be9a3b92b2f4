//! As whom a server is asked: a token that was given for this command, or a stored sign-in that is kept fresh.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;

use super::client::{joined, sent, successful, unreachable};
use super::credentials::{ApiKey, DEFAULT_PROFILE, Profile, Session, Store};
use crate::failure::Failure;
use crate::global::Start;
use crate::problem::Problem;

/// Where `cargo xtask up` listens: the server of whoever has named none.
pub(super) const DEFAULT_API_URL: &str = "http://127.0.0.1:8080";

/// An access token that ends sooner is exchanged first, so that it does not end on its way.
const LEFT_MIN: TimeDelta = TimeDelta::seconds(30);

/// Keys of the platform begin so.
const PLATFORM_KEY: &str = "cw_platform_";

/// Keys of every kind begin so; what does not is an access token.
const KEY: &str = "cw_";

/// As whom.
pub(crate) struct Identity {
    api_url: String,
    invoke_url: Option<String>,
    tenant: Option<String>,
    profile: String,
    store: Store,
    who: Who,
}

enum Who {
    /// By a token of this command's own.
    Given(String),
    /// By what is stored. It changes when it is refreshed.
    Stored(Mutex<Profile>),
}

/// The profile that is meant.
pub(super) fn profile_name(start: &Start) -> String {
    let project = start.project.as_ref();
    let named = start.global.profile.as_ref();
    named
        .or_else(|| project.and_then(|project| project.profile.as_ref()))
        .map_or_else(|| DEFAULT_PROFILE.to_owned(), Clone::clone)
}

/// `cartwright login`, with the profile where it is not the usual one.
pub(super) fn login_command(profile: &str) -> String {
    if profile == DEFAULT_PROFILE {
        "cartwright login".to_owned()
    } else {
        format!("cartwright login --profile {profile}")
    }
}

impl Identity {
    /// What was given wins over what is stored. What is stored goes to the server that it came from, and to no other.
    pub(super) fn find(start: &Start) -> Result<Self, Failure> {
        let global = &start.global;
        let (store, profile) = (Store::of_user()?, profile_name(start));
        let stored = store.profile(&profile)?;
        let asked = global
            .api_url
            .as_deref()
            .map(|url| url.trim_end_matches('/'));
        if let Some(token) = &global.token {
            let stored = stored.filter(|stored| asked.is_none_or(|url| url == stored.api_url));
            let (api_url, invoke_url) = stored
                .map(|stored| (stored.api_url, stored.invoke_url))
                .unzip();
            return Ok(Self {
                api_url: api_url.unwrap_or_else(|| asked.unwrap_or(DEFAULT_API_URL).to_owned()),
                invoke_url: global.invoke_url.clone().or(invoke_url),
                tenant: global.tenant.clone(),
                profile,
                store,
                who: Who::Given(token.clone()),
            });
        }
        let login = login_command(&profile);
        let Some(stored) = stored else {
            return Err(Failure::NotSignedIn(format!(
                "not signed in: run `{login}`, or set CARTWRIGHT_API_KEY"
            )));
        };
        if let Some(asked) = asked
            && asked != stored.api_url
        {
            return Err(Failure::NotSignedIn(format!(
                "the profile `{profile}` is signed in to {}, not to {asked}: run `cartwright login --api-url {asked} --profile <name>`, and name that profile",
                stored.api_url
            )));
        }
        if let Some(tenant) = &global.tenant
            && *tenant != stored.tenant
            && !holds_platform_key(&stored)
        {
            return Err(Failure::NotSignedIn(format!(
                "the profile `{profile}` is signed in to the tenant {}, not to {tenant}: run `{login} --tenant {tenant}`",
                stored.tenant
            )));
        }
        Ok(Self {
            api_url: stored.api_url.clone(),
            invoke_url: global
                .invoke_url
                .clone()
                .or_else(|| Some(stored.invoke_url.clone())),
            tenant: global
                .tenant
                .clone()
                .or_else(|| Some(stored.tenant.clone())),
            profile,
            store,
            who: Who::Stored(Mutex::new(stored)),
        })
    }

    /// The control plane.
    pub(super) fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The data plane, where it is known without asking.
    pub(super) fn invoke_url(&self) -> Option<&str> {
        self.invoke_url.as_deref()
    }

    /// The tenant that the platform's key acts for; none for every other credential, which names its own.
    pub(super) fn acts_for(&self) -> Option<&str> {
        let by_platform = match &self.who {
            Who::Given(token) => is_platform_key(token),
            Who::Stored(profile) => holds_platform_key(&held(profile)),
        };
        self.tenant.as_deref().filter(|_| by_platform)
    }

    /// The key to invoke with, if there is one.
    pub(super) fn api_key(&self) -> Option<String> {
        match &self.who {
            Who::Given(token) => token.starts_with(KEY).then(|| token.clone()),
            Who::Stored(profile) => held(profile).api_key.as_ref().map(|key| key.key.clone()),
        }
    }

    /// The id of the key that was made here, if one was.
    pub(super) fn made_key_id(&self) -> Option<String> {
        match &self.who {
            Who::Given(_) => None,
            Who::Stored(profile) => held(profile).api_key.as_ref()?.made_id.clone(),
        }
    }

    /// Keep a key that was made for invoking.
    pub(super) fn keep(&self, key: ApiKey) -> Result<(), Failure> {
        if let Who::Stored(profile) = &self.who {
            let lock = self.store.lock()?;
            let mut held = held(profile);
            held.api_key = Some(key);
            lock.put(&self.profile, Some(held.clone()))?;
        }
        Ok(())
    }

    /// Whether a person is signed in, whose token can be exchanged for a fresh one.
    pub(super) fn can_refresh(&self) -> bool {
        matches!(&self.who, Who::Stored(profile) if held(profile).session.is_some())
    }

    /// What the control plane is asked with. A session's token is exchanged first if it ends soon, or if it is the one that
    /// was `refused`.
    pub(super) async fn token(
        &self,
        http: &Client,
        refused: Option<&str>,
    ) -> Result<String, Failure> {
        let profile = match &self.who {
            Who::Given(token) => return Ok(token.clone()),
            Who::Stored(profile) => profile,
        };
        if let Some(token) = usable(&held(profile), refused) {
            return Ok(token);
        }
        let lock = self.store.lock()?;
        // Another command may have exchanged it while this one waited.
        let mut now = lock.profile(&self.profile)?.ok_or_else(|| self.over())?;
        if usable(&now, refused).is_none() {
            let session = now.session.as_mut().ok_or_else(|| self.over())?;
            *session = refreshed(http, &self.api_url, &session.refresh_token)
                .await
                .map_err(|failure| match failure {
                    Failure::Refused(problem) if problem.code() == "unauthenticated" => self.over(),
                    other => other,
                })?;
            lock.put(&self.profile, Some(now.clone()))?;
        }
        let token = usable(&now, refused).ok_or_else(|| self.over())?;
        *held(profile) = now;
        Ok(token)
    }

    /// What to do when a server says that the credential is not, or no longer, good.
    pub(super) fn renewal(&self) -> String {
        let login = login_command(&self.profile);
        match &self.who {
            Who::Given(_) => format!(
                "it is the one of CARTWRIGHT_API_KEY or --token: give another, or sign in with `{login}`"
            ),
            Who::Stored(profile) if held(profile).session.is_some() => format!("run `{login}`"),
            Who::Stored(_) => format!("run `{login} --api-key` with another key"),
        }
    }

    fn over(&self) -> Failure {
        Failure::NotSignedIn(format!(
            "your sign-in to {} is over: run `{}`",
            self.api_url,
            login_command(&self.profile)
        ))
    }
}

/// A server's answer to whoever signs in or stays so.
#[derive(Deserialize)]
pub(super) struct SessionAnswer {
    access_token: String,
    refresh_token: String,
    expires_in: i64,
}

impl SessionAnswer {
    /// The session, as it is stored.
    pub(super) fn from_now(self, now: DateTime<Utc>) -> Session {
        Session {
            access_token: self.access_token,
            refresh_token: self.refresh_token,
            expires_at: now + TimeDelta::seconds(self.expires_in),
        }
    }
}

async fn refreshed(http: &Client, api_url: &str, token: &str) -> Result<Session, Failure> {
    let now = Utc::now();
    let request = http.post(joined(api_url, "/v1/auth/refresh")?);
    let answer = sent(request.json(&json!({"refresh_token": token}))).await?;
    let answer = successful(answer).await?;
    let answer: Result<SessionAnswer, _> = answer.json().await;
    Ok(answer.map_err(|error| unreachable(&error))?.from_now(now))
}

/// The token of a profile, unless a fresher one is needed.
fn usable(profile: &Profile, refused: Option<&str>) -> Option<String> {
    let token = match (&profile.session, &profile.api_key) {
        (Some(session), _) if session.expires_at - Utc::now() < LEFT_MIN => return None,
        (Some(session), _) => &session.access_token,
        (None, Some(key)) => &key.key,
        (None, None) => return None,
    };
    (refused != Some(token)).then(|| token.clone())
}

/// Whether a credential is the platform's key, which acts for the tenant that the request names.
pub(super) fn is_platform_key(credential: &str) -> bool {
    credential.starts_with(PLATFORM_KEY)
}

fn holds_platform_key(profile: &Profile) -> bool {
    let key = profile.api_key.as_ref();
    key.is_some_and(|key| is_platform_key(&key.key))
}

fn held(profile: &Mutex<Profile>) -> std::sync::MutexGuard<'_, Profile> {
    profile
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a refusal says that a credential is not, or no longer, good.
pub(super) fn is_unauthenticated(problem: &Problem) -> bool {
    problem.code() == "unauthenticated"
}
