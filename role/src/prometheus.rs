//! The process' metrics as Prometheus text. What is counted is left to who counts it, by the `metrics` macros.

use std::time::Duration;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of every histogram whose name ends in `_seconds`: from a tenth of a millisecond, where a warm route answers, to the drain's 30 s.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// The histogram of an executor's stages, which take microseconds.
const STAGES: &str = "cartwright_run_stage_seconds";

/// Its bounds: from a microsecond, where a warm stage ends, to a run's longest.
const STAGE_SECONDS: &[f64] = &[
    0.000_001,
    0.000_002_5,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.000_25,
    0.000_5,
    0.001,
    0.002_5,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    5.0,
    30.0,
];

/// How often counted values are folded into their histograms, so that memory stays flat when nobody scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The metrics of this process, for [`crate::health::routes`].
#[derive(Clone)]
pub struct Exposition(PrometheusHandle);

impl Exposition {
    /// Everything counted so far, as Prometheus text.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }
}

/// Begin to count. Call it once, inside the runtime.
///
/// # Errors
/// When the process counts already.
pub fn install() -> Result<Exposition> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full(STAGES.to_owned()), STAGE_SECONDS)?
        .install_recorder()
        .context("the metrics cannot begin")?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            upkeep.run_upkeep();
        }
    });
    metrics::gauge!("cartwright_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Exposition(handle))
}
