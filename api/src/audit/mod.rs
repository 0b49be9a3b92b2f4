//! The audit log: who changed what of a tenant, chained so that a changed or missing row shows. Written in the transaction
//! of the change; reading is all that a route offers.

mod store;

use axum::extract::State;
use cartwright_role::extract::{Json, Query};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AuditRead, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::page::{Page, PageRequest};

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    /// Its number, from 1, without gaps.
    seq: i64,
    /// When it happened.
    at: DateTime<Utc>,
    /// Who did it: `user:<id>`, `key:<id>`, `platform:<id>`, or `cartwright` for what we did of our own accord.
    actor: String,
    /// What was done, such as `function.create`.
    action: String,
    /// To what, such as `function:volume-discount`.
    target: String,
    /// SHA-256 of the thing as JSON before; null where there was none.
    #[schema(required)]
    before_sha256: Option<String>,
    /// SHA-256 of the thing as JSON after; null where there is none.
    #[schema(required)]
    after_sha256: Option<String>,
    /// The hash of the entry before.
    prev_hash: String,
    /// SHA-256 over `prev_hash` and this entry.
    hash: String,
}

/// What an action was done to, as the log writes it.
pub(crate) fn target(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// Add an entry, with the digests of the thing before and after.
pub(crate) async fn append<T: Serialize>(
    tx: &mut TenantTx,
    actor: &str,
    action: &str,
    target: &str,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<(), ApiError> {
    let digest = |thing: &T| -> [u8; 32] {
        let json = serde_json::to_vec(thing).expect("what we answer with is plain JSON");
        Sha256::digest(json).into()
    };
    let (before, after) = (before.map(digest), after.map(digest));
    store::append(tx, actor, action, target, before, after).await
}

/// List the audit log
///
/// Newest first. `hash` chains the entries: whoever keeps one can tell later whether anything before it was changed.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list_audit_entries", tag = "Tenant",
    params(PageRequest),
    responses((status = 200, description = "A page of the audit log", body = Page<Entry>))
)]
pub(crate) async fn list(
    tenant: Tenant<AuditRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Entry>>, ApiError> {
    let below: i64 = request.after()?.unwrap_or(i64::MAX);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let entries = store::list(&mut tx, below, request.rows()?).await?;
    Ok(Json(Page::of(entries, &request, |entry| entry.seq)?))
}
