//! Makes the one consistent picture of a tenant that its executors run by.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::TenantId;
use cartwright_domain::wire::{Retention, TenantSnapshot, TenantState};

use super::store;
use crate::app::App;
use crate::error::ApiError;
use crate::plans;

/// The snapshot of a tenant. Its generation is read together with all that it counts, so no change hides behind it.
pub(crate) async fn of(app: &App, tenant_id: TenantId) -> Result<TenantSnapshot, ApiError> {
    let mut tx = app.database.tenant_tx(tenant_id).await?;
    // Before the picture: a plan that changes in between is told again, with the next generation.
    let terms = plans::store::terms(&mut tx).await?;
    let picture = store::picture_of(&mut tx).await?;
    let seed_key = app
        .wrapping
        .seed_key(tenant_id, &picture.seed_key_wrapped)?;
    Ok(TenantSnapshot {
        tenant_id,
        slug: picture.slug.parse().context("a slug as it was taken in")?,
        generation: u64::try_from(picture.generation).context("a generation is positive")?,
        state: state_of(&picture.state)?,
        limits: terms
            .limits
            .lowered_by(&picture.platform_limits)
            .lowered_by(&picture.limits),
        quotas: picture.plan_quotas.overlaid_by(&picture.platform_quotas),
        prices: terms.prices,
        retention: retention_of(&picture.retention)?,
        seed_key: STANDARD.encode(seed_key),
        functions: picture.functions.0,
        targets: picture.targets.0,
        target_names: picture.target_names.0,
    })
}

fn state_of(word: &str) -> anyhow::Result<TenantState> {
    match word {
        "active" => Ok(TenantState::Active),
        "suspended" => Ok(TenantState::Suspended),
        other => anyhow::bail!("a tenant is {other}, which this program does not know"),
    }
}

/// Which runs leave a run log, by its word in the database.
pub(crate) fn retention_of(word: &str) -> anyhow::Result<Retention> {
    match word {
        "none" => Ok(Retention::None),
        "errors" => Ok(Retention::Errors),
        "all" => Ok(Retention::All),
        other => anyhow::bail!("a retention is {other}, which this program does not know"),
    }
}
