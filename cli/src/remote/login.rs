//! Signing in and out, and who one is.

use anyhow::Context;
use chrono::Utc;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Remote;
use super::client::{http, joined, json as read_json, sent, successful, unreachable};
use super::credentials::{ApiKey, Profile, Session, Store};
use super::identity::{
    DEFAULT_API_URL, SessionAnswer, is_platform_key, is_unauthenticated, profile_name,
};
use super::{prompt, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;

/// Sign in, as a person or with an API key.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cartwright login --api-url https://cartwright.example.com
  cartwright login --email ada@example.com --tenant adas-shop < password.txt
  cartwright login --api-key < key.txt

Nothing secret is taken as an argument. The sign-in is kept, readable by you alone, in
$XDG_CONFIG_HOME/cartwright/credentials.json (~/.config/cartwright without that variable). In CI, set CARTWRIGHT_API_KEY
and CARTWRIGHT_API_URL instead of signing in.")]
pub(crate) struct LoginArgs {
    /// Your e-mail address; asked for when absent. The password is asked for, or read from standard input.
    #[arg(long, conflicts_with = "api_key")]
    email: Option<String>,
    /// Sign in with an API key instead, which is asked for, or read from standard input.
    #[arg(long)]
    api_key: bool,
}

/// Sign in.
pub(crate) async fn login(start: &Start, args: &LoginArgs) -> Result<Ending, Failure> {
    let (store, name) = (Store::of_user()?, profile_name(start));
    let before = store.profile(&name)?;
    let asked = start.global.api_url.clone();
    let api_url = asked
        .or_else(|| before.as_ref().map(|before| before.api_url.clone()))
        .unwrap_or_else(|| DEFAULT_API_URL.to_owned());
    let api_url = api_url.trim_end_matches('/').to_owned();
    if crosses_a_network_in_the_clear(&api_url)? {
        start.output.say(format_args!(
            "careful: {api_url} is not https, so whoever is on the way can read what you send"
        ));
    }
    let http = http()?;
    let (session, api_key, credential) = if args.api_key {
        let key = prompt::secret("API key")?;
        let stored = ApiKey {
            key: key.clone(),
            made_id: None,
        };
        (None, Some(stored), key)
    } else {
        let session = by_password(&http, start, &api_url, args.email.as_deref()).await?;
        let token = session.access_token.clone();
        (Some(session), None, token)
    };
    let acts_for = start.global.tenant.as_deref();
    let tenant = me(&http, &api_url, &credential, acts_for).await?;
    let invoke_url = start.global.invoke_url.clone();
    let mut profile = Profile {
        api_url,
        invoke_url: invoke_url.unwrap_or_else(|| shown::text(&tenant, "invoke_url")),
        tenant: shown::text(&tenant, "slug"),
        session,
        api_key,
    };
    if profile.session.is_some() {
        profile.api_key = before.and_then(|before| kept_key(before, &profile));
    }
    let who = format!(
        "signed in to {} at {} as {}",
        profile.tenant,
        profile.api_url,
        caller(&tenant)
    );
    store.lock()?.put(&name, Some(profile))?;
    if start.output.json {
        start.output.document(&tenant)?;
    } else {
        start.output.line(who)?;
    }
    if start.global.token.is_some() {
        start
            .output
            .say("CARTWRIGHT_API_KEY is set, and is used before this sign-in");
    }
    Ok(Ending::Done)
}

/// The key that was made under the sign-in before, where it is of the same tenant: it goes on, and `logout` revokes it.
fn kept_key(before: Profile, now: &Profile) -> Option<ApiKey> {
    let same = before.api_url == now.api_url && before.tenant == now.tenant;
    before.api_key.filter(|key| same && key.made_id.is_some())
}

async fn by_password(
    http: &Client,
    start: &Start,
    api_url: &str,
    email: Option<&str>,
) -> Result<Session, Failure> {
    let email = match email {
        Some(email) => email.to_owned(),
        None => prompt::line("E-mail address")?,
    };
    let password = prompt::secret("Password")?;
    let mut body = json!({"email": email, "password": password});
    if let Some(tenant) = &start.global.tenant {
        body["tenant"] = json!(tenant);
    }
    let now = Utc::now();
    let request = http.post(joined(api_url, "/v1/auth/login")?).json(&body);
    let answer = successful(sent(request).await?).await?;
    let answer: Result<SessionAnswer, _> = answer.json().await;
    Ok(answer.map_err(|error| unreachable(&error))?.from_now(now))
}

/// The tenant, and who asks.
async fn me(
    http: &Client,
    api_url: &str,
    credential: &str,
    acts_for: Option<&str>,
) -> Result<Value, Failure> {
    let mut request = http
        .get(joined(api_url, "/v1/tenant")?)
        .bearer_auth(credential);
    if let Some(tenant) = acts_for
        && is_platform_key(credential)
    {
        request = request.header("Cartwright-Tenant", tenant);
    }
    read_json(successful(sent(request).await?).await?).await
}

/// Whether passwords would pass a network unencrypted.
fn crosses_a_network_in_the_clear(api_url: &str) -> Result<bool, Failure> {
    let url = joined(api_url, "/")?;
    let host = url.host_str().unwrap_or_default();
    let loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    Ok(url.scheme() == "http" && !loopback)
}

/// Who asks, in words: `ada@example.com (owner)`, or the key's name with its scopes.
fn caller(tenant: &Value) -> String {
    let caller = &tenant["caller"];
    match caller["email"].as_str() {
        Some(email) => format!("{email} ({})", shown::text(caller, "role")),
        None => format!(
            "{} (scopes: {})",
            shown::text(caller, "actor"),
            shown::text(caller, "scopes")
        ),
    }
}

/// Sign out: the session ends on the server, and this machine forgets it.
pub(crate) async fn logout(start: &Start) -> Result<Ending, Failure> {
    let (store, name) = (Store::of_user()?, profile_name(start));
    let Some(profile) = store.profile(&name)? else {
        start
            .output
            .say(format_args!("nobody is signed in as the profile `{name}`"));
        if start.output.json {
            start.output.document(&json!({"signed_out": null}))?;
        }
        return Ok(Ending::Done);
    };
    let mut stored_only = start.global.clone();
    stored_only.token = None;
    stored_only.api_url = None;
    stored_only.tenant = None;
    let there = over_there(
        &Start {
            global: stored_only,
            output: start.output,
            project: start.project.clone(),
        },
        &name,
    )
    .await;
    // Here it is forgotten in any case: that is what was asked for.
    store.lock()?.put(&name, None)?;
    match start.output.json {
        true => start
            .output
            .document(&json!({"signed_out": profile.api_url}))?,
        false => start
            .output
            .line(format_args!("signed out of {}", profile.api_url))?,
    }
    match there {
        Ok(()) => Ok(Ending::Done),
        // A session that is over already has nothing left to end.
        Err(Failure::NotSignedIn(_)) => Ok(Ending::Done),
        Err(Failure::Refused(problem)) if is_unauthenticated(&problem) => Ok(Ending::Done),
        Err(failure) => {
            start.output.say(
                "this machine has forgotten it, but the server could not be told: sessions and keys end in the console",
            );
            Err(failure)
        }
    }
}

/// Revoke the key that was made here, and end the session.
async fn over_there(start: &Start, name: &str) -> Result<(), Failure> {
    let remote = Remote::new(start)?;
    if !remote.identity().can_refresh() {
        return Ok(());
    }
    if let Some(id) = remote.identity().made_key_id() {
        match remote.delete(&format!("/v1/api-keys/{id}")).await {
            Err(Failure::Refused(problem)) if problem.code() == "not_found" => {}
            other => other?,
        }
    }
    // Read anew: the request above may have exchanged the token.
    let stored = Store::of_user()?.profile(name)?;
    let session = stored.and_then(|profile| profile.session);
    let session = session.context("the session is gone already")?;
    let body = json!({"refresh_token": session.refresh_token});
    let request = remote.request(Method::POST, "/v1/auth/logout")?.json(&body);
    remote.send(request).await.map(drop)
}

/// Say who is signed in, and where.
pub(crate) async fn whoami(start: &Start) -> Result<Ending, Failure> {
    let remote = Remote::new(start)?;
    let tenant = remote.get("/v1/tenant").await?;
    if start.output.json {
        start.output.document(&tenant)?;
        return Ok(Ending::Done);
    }
    for (what, is) in [
        ("tenant", shown::text(&tenant, "slug")),
        ("caller", caller(&tenant)),
        ("plan", shown::text(&tenant, "plan")),
        ("api", remote.identity().api_url().to_owned()),
        ("invoke", shown::text(&tenant, "invoke_url")),
    ] {
        start.output.line(format_args!("{what:<8}{is}"))?;
    }
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_over_a_network_is_in_the_clear() {
        let clear = |url| crosses_a_network_in_the_clear(url).unwrap();
        assert!(clear("http://cartwright.example.com"));
        assert!(!clear("https://cartwright.example.com"));
        assert!(!clear("http://127.0.0.1:8080"));
        assert!(!clear("http://[::1]:8080"));
        assert!(!clear("http://localhost:8080"));
        assert!(crosses_a_network_in_the_clear("cartwright.example.com").is_err());
    }
}
