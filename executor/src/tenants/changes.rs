//! Learns what changed: from Redis at once, and by asking the api every few seconds in case a word was lost.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cartwright_domain::ids::RequestId;
use cartwright_domain::wire::{CHANGES_CHANNEL, Change, Changes};
use cartwright_role::health::Condition;
use cartwright_role::internal::{CallError, Peer};
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;

use super::Tenants;
use crate::freshness::{Freshness, KEYS_MAX};
use crate::keys::Keys;
use crate::mint;

/// Ask the api as often what changed.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// Wait as long before a lost connection is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Keeps keys and tenants as new as the api tells.
pub(crate) struct Watch {
    pub(crate) api: Peer,
    pub(crate) redis_url: SecretString,
    pub(crate) keys: Arc<Keys>,
    pub(crate) tenants: Arc<Tenants>,
    pub(crate) freshness: Arc<Freshness>,
    /// Missing until the api answered for the first time, and when it has not for so long that keys no longer serve.
    pub(crate) api_condition: Condition,
    /// Missing until Redis was reached for the first time. Later on, changes arrive by asking the api.
    pub(crate) redis_condition: Condition,
}

impl Watch {
    /// Watch from now on. Never ends.
    pub(crate) async fn run(self) {
        let ask_now = Notify::new();
        tokio::join!(self.ask(&ask_now), self.listen(&ask_now));
    }

    async fn ask(&self, ask_now: &Notify) {
        let mut cursor = None;
        let mut failures = 0_u32;
        loop {
            match self.changes_since(cursor.as_deref()).await {
                Ok(told) => {
                    failures = 0;
                    cursor = Some(told.cursor.clone());
                    self.api_condition.ready();
                    self.apply_all(told).await;
                }
                Err(error) => {
                    failures += 1;
                    self.not_told(&error, failures);
                }
            }
            let wait = if failures > 0 {
                RETRY_AFTER
            } else {
                POLL_EVERY
            };
            tokio::time::timeout(wait, ask_now.notified()).await.ok();
        }
    }

    async fn changes_since(&self, cursor: Option<&str>) -> Result<Changes, CallError> {
        let path = cursor.map_or_else(
            || "changes".to_owned(),
            |cursor| format!("changes?since={cursor}"),
        );
        self.api
            .get_json(&path, RequestId::from_bytes(mint::id_bytes()))
            .await
    }

    async fn apply_all(&self, told: Changes) {
        if told.reset {
            self.keys.forget_all();
            self.freshness.confirm();
            self.tenants.renew_all().await;
            return;
        }
        // Keys first, and the word that all is told only then: a revoked key must not get minutes more by it.
        for change in &told.changes {
            if let Change::Key { key_id } = change {
                self.keys.renew(key_id);
            }
        }
        self.freshness.confirm();
        for change in told.changes {
            if let Change::Tenant {
                tenant_id,
                generation,
            } = change
            {
                self.tenants.renew(tenant_id, generation).await;
            }
        }
        self.tenants.renew_outdated().await;
    }

    fn not_told(&self, error: &CallError, failures: u32) {
        let source = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if failures == 1 {
            tracing::warn!(
                "the api does not tell what changed: {error} {source}; serving from memory"
            );
        }
        if !self.freshness.holds(0, KEYS_MAX) {
            self.api_condition.missing("it does not answer");
        }
    }

    async fn listen(&self, ask_now: &Notify) {
        let mut was_said = false;
        loop {
            let Err(error) = self.listen_once(ask_now, &mut was_said).await;
            // A connection that was refused is as good as one that broke: both are tried again, and said once.
            if !std::mem::replace(&mut was_said, true) {
                tracing::warn!(
                    "Redis tells of no changes: {error:#}; they arrive within 5 s instead"
                );
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn listen_once(
        &self,
        ask_now: &Notify,
        was_said: &mut bool,
    ) -> Result<std::convert::Infallible> {
        let client = redis::Client::open(self.redis_url.expose_secret()).context("REDIS_URL")?;
        let mut subscription = client
            .get_async_pubsub()
            .await
            .context("it cannot be reached")?;
        subscription
            .subscribe(CHANGES_CHANNEL)
            .await
            .context("it allows no subscription")?;
        self.redis_condition.ready();
        *was_said = false;
        // Whatever was told while nobody listened.
        ask_now.notify_one();
        let mut messages = subscription.on_message();
        while let Some(message) = messages.next().await {
            match serde_json::from_slice(message.get_payload_bytes()) {
                Ok(Change::Key { key_id }) => self.keys.renew(&key_id),
                Ok(Change::Tenant {
                    tenant_id,
                    generation,
                }) => self.tenants.renew(tenant_id, generation).await,
                Err(error) => tracing::warn!(%error, "a word of a change cannot be read"),
            }
        }
        anyhow::bail!("the connection ended")
    }
}
