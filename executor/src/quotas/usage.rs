//! Finds out what was used in a period when Redis has no count of it: the first run of a day, or after Redis lost its
//! memory. Billing knows, and is asked through the api.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::wire::TenantQuotaUsage;
use cartwright_role::internal::Peer;
use tokio::sync::mpsc;

use super::rule::Rule;
use crate::mint;

/// An answer serves so long: the rules of a tenant ask one after the other.
const SERVES: Duration = Duration::from_millis(500);

/// After a failure as long a pause.
const PAUSE: Duration = Duration::from_millis(200);

/// Ask for every rule that comes, for as long as there are any.
pub(crate) async fn find_usage(api: Peer, mut lost: mpsc::Receiver<Arc<Rule>>) {
    let mut last: Option<(TenantId, Instant, TenantQuotaUsage)> = None;
    while let Some(rule) = lost.recv().await {
        let tenant = rule.id.tenant;
        let serves = |(whose, at, _): &(_, Instant, _)| *whose == tenant && at.elapsed() < SERVES;
        if !last.as_ref().is_some_and(serves) {
            let path = format!("tenants/{tenant}/quota-usage");
            let request_id = RequestId::from_bytes(mint::id_bytes());
            match api.get_json(&path, request_id).await {
                Ok(usage) => last = Some((tenant, Instant::now(), usage)),
                Err(error) => {
                    tracing::warn!(tenant.id = %tenant, "what a tenant used so far cannot be told: {error}");
                    rule.not_found();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
        }
        let Some((_, _, usage)) = &last else { continue };
        let of = rule.id.function.map_or(Some(&usage.tenant), |function| {
            usage.functions.get(&function)
        });
        // A function that did not run yet is not listed.
        let used = of.and_then(|usage| usage.of(rule.id.kind)).unwrap_or(0);
        rule.found(used, usage.at_ms);
    }
}
