//! What billing does by itself: watch its database, make the partitions of coming days, forget old charge keys, and
//! check what it stored against what it took in.

mod store;

use std::time::{Duration, Instant};

use cartwright_role::health::Condition;
use chrono::{TimeDelta, Utc};

use crate::app::App;
use crate::error::BillingError;

const WATCH_EVERY: Duration = Duration::from_secs(1);
const TIDY_EVERY: Duration = Duration::from_secs(3600);
const RECONCILE_EVERY: Duration = Duration::from_secs(300);

/// How far back the reconciler looks: twice its period, so that nothing is missed between two rounds.
const RECONCILE_SPAN: TimeDelta = TimeDelta::minutes(10);

/// Days for which partitions are made ahead: how long billing may be down before records land in the default one.
const DAYS_AHEAD: i32 = 7;

/// Run until the process ends. `postgres` is ready once the partitions are made and while the database answers.
pub(crate) async fn run(app: App, postgres: Condition) {
    metrics::counter!("billing_drift_total").absolute(0);
    let (mut tidied, mut reconciled) = (None, Instant::now());
    loop {
        match round(&app, &mut tidied, &mut reconciled).await {
            Ok(()) => postgres.ready(),
            Err(BillingError::NotReady(why)) => postgres.missing(why),
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!("upkeep failed: {error:#}");
                postgres.missing("an error on our side; the log has it");
            }
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

async fn round(
    app: &App,
    tidied: &mut Option<Instant>,
    reconciled: &mut Instant,
) -> Result<(), BillingError> {
    store::ping(app).await?;
    if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
        tidy(app).await?;
        *tidied = Some(Instant::now());
    }
    if reconciled.elapsed() >= RECONCILE_EVERY {
        // Noted first: a round that takes too long must not be tried again every second.
        *reconciled = Instant::now();
        reconcile(app).await?;
    }
    Ok(())
}

async fn tidy(app: &App) -> Result<(), BillingError> {
    for day in store::make_partitions(app, DAYS_AHEAD).await? {
        if !day.made {
            tracing::error!(day = %day.day, "records of {} lie in the default partition, so it gets none of its own", day.day);
        }
    }
    store::forget_charge_keys(app).await?;
    metrics::gauge!("billing_stray_records").set(store::strays(app).await? as f64);
    Ok(())
}

async fn reconcile(app: &App) -> Result<(), BillingError> {
    let drift = store::drift(app, Utc::now() - RECONCILE_SPAN).await?;
    metrics::gauge!("billing_reconciled_manifests").set(drift.manifests as f64);
    if drift.manifest_drift + drift.rollup_drift > 0 {
        metrics::counter!("billing_drift_total")
            .increment(drift.manifest_drift + drift.rollup_drift);
        tracing::error!(
            manifests = drift.manifest_drift,
            rollups = drift.rollup_drift,
            "what is stored is not what was taken in: {} manifests and {} rollups differ, such as {}",
            drift.manifest_drift,
            drift.rollup_drift,
            drift.examples.join("; "),
        );
    }
    Ok(())
}
