//! One attempt: sign, post, and write what became of it.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::store::{self, Claimed, Settled};
use super::verdict::{Verdict, outcome, verdict};
use super::{Sending, signature};
use crate::audit;
use crate::database::TenantTx;
use crate::endpoints::secrets::purpose;
use crate::error::ApiError;
use crate::messages::{Notice, notify};
use crate::outbound::{Answer, Failure};

/// Who did what nobody of the tenant did, in the audit log.
const OURSELVES: &str = "cartwright";

/// Why an endpoint is disabled that answered 410.
const GONE: &str = "it answered 410 Gone";

/// Why one is that failed for so long.
const HOPELESS: &str = "it failed for 5 days, 10 times at least";

/// An attempt that has been made.
struct Made {
    ending: Result<Answer, Failure>,
    at: DateTime<Utc>,
    took: Duration,
}

/// Make an attempt at a message that this process holds. An error is ours; the lease ends by itself, and it is made again.
pub(super) async fn attempt(
    sending: &Sending,
    owner: Uuid,
    claimed: &Claimed,
) -> anyhow::Result<()> {
    let tenant = claimed.tenant_id.into();
    let secrets = claimed.secrets.iter().map(|wrapped| {
        sending
            .wrapping
            .open(tenant, &purpose(claimed.endpoint_id), wrapped)
    });
    let secrets: Vec<Vec<u8>> = secrets.collect::<Result<_, _>>()?;
    let (at, begun) = (Utc::now(), Instant::now());
    let headers = signature::headers(claimed.message_id, at, &secrets, &claimed.payload);
    let body = Bytes::from(claimed.payload.clone());
    let made = Made {
        ending: sending.outbound.post(&claimed.url, headers, body).await,
        at,
        took: begun.elapsed(),
    };
    let word = outcome(&made.ending);
    metrics::counter!("cartwright_message_attempts_total", "outcome" => word).increment(1);
    let mut tx = sending.database.tenant_tx(tenant).await?;
    if settle(&mut tx, owner, claimed, &made).await? {
        tx.commit().await?;
    } else {
        tracing::warn!("lost the lease on a message; whoever holds it now settles it");
    }
    Ok(())
}

async fn settle(
    tx: &mut TenantTx,
    owner: Uuid,
    claimed: &Claimed,
    made: &Made,
) -> anyhow::Result<bool> {
    let (message_id, endpoint_id) = (claimed.message_id, claimed.endpoint_id);
    let verdict = verdict(claimed.attempts + 1, &made.ending, chance()?);
    let status = made
        .ending
        .as_ref()
        .ok()
        .map(|answer| answer.status.as_u16());
    let error = match status {
        Some(status) => format!("answered {status}"),
        None => outcome(&made.ending).to_owned(),
    };
    let settled = match &verdict {
        Verdict::Delivered => Settled {
            status: "succeeded",
            delay: Duration::ZERO,
            last_error: None,
        },
        Verdict::Again(delay, _) => Settled {
            status: "pending",
            delay: *delay,
            last_error: Some(error),
        },
        Verdict::GiveUp | Verdict::Gone => Settled {
            status: "failed",
            delay: Duration::ZERO,
            last_error: Some(error),
        },
    };
    if !store::settle(tx, message_id, owner, &settled).await? {
        return Ok(false);
    }
    let status = status
        .map(i16::try_from)
        .transpose()
        .context("a status has three digits")?;
    store::insert_attempt(
        tx,
        message_id,
        made.at,
        made.took,
        outcome(&made.ending),
        status,
    )
    .await?;
    match verdict {
        Verdict::Delivered => store::endpoint_succeeded(tx, endpoint_id).await?,
        Verdict::Gone => disable(tx, endpoint_id, GONE).await?,
        Verdict::Again(..) | Verdict::GiveUp => {
            let throttle = match verdict {
                Verdict::Again(_, throttle) => throttle,
                _ => None,
            };
            if store::endpoint_failed(tx, endpoint_id, throttle).await? {
                disable(tx, endpoint_id, HOPELESS).await?;
            }
        }
    }
    Ok(true)
}

/// Disable an endpoint, and tell the others.
async fn disable(tx: &mut TenantTx, endpoint_id: Uuid, because: &str) -> Result<(), ApiError> {
    let Some(name) = store::disable(tx, endpoint_id, because).await? else {
        return Ok(());
    };
    tracing::info!(endpoint.id = %endpoint_id, "disabled an endpoint: {because}");
    let target = audit::target("endpoint", &endpoint_id.to_string());
    audit::append(
        tx,
        OURSELVES,
        "endpoint.disable",
        &target,
        None,
        Some(&because),
    )
    .await?;
    // Not its address: whoever is told need not know what secrets stand in its query.
    let data = json!({"endpoint_id": endpoint_id, "name": name, "because": because});
    notify(tx, Notice::EndpointDisabled, &data, Some(endpoint_id)).await
}

/// 0 to 1.
fn chance() -> anyhow::Result<f64> {
    let drawn = getrandom::u32().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(f64::from(drawn) / f64::from(u32::MAX))
}
