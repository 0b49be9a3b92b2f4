//! What a batch stands on: the recorded runs that it repeats, and what the function was billed for lately.

use cartwright_domain::outcome::Trigger;
use cartwright_domain::wire::Record;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use super::Open;
use crate::error::ApiError;
use crate::invocations;
use crate::page::first_id_at;
use crate::replays::runs;
use crate::replays::summary::{Summary, Volume, sum_up};

/// Runs that are asked for at a time: as many as billing tells of in one page.
const PAGE: usize = 100;

/// Kept runs that are looked through for those that pass the filter.
const LOOKED_THROUGH_MAX: usize = 20_000;

/// Over which time a quote tells the price of the difference.
const QUOTED: TimeDelta = TimeDelta::days(7);

impl Open<'_> {
    /// The newest runs whose input is kept and that pass the filter. Tests and replays are no evidence of anything.
    pub(super) async fn find(&self) -> Result<Vec<Record>, ApiError> {
        let wanted = usize::try_from(self.batch.last).unwrap_or_default();
        let from = self.batch.from_at.map_or(Uuid::nil(), first_id_at);
        let mut below = self.batch.to_at.map_or(Uuid::max(), first_id_at);
        let mut found = Vec::new();
        for _ in 0..LOOKED_THROUGH_MAX / PAGE {
            let kept = {
                let mut tx = self.tx().await?;
                invocations::store::kept_of_function(
                    &mut tx,
                    self.function_id(),
                    from,
                    below,
                    PAGE as i64,
                )
                .await?
            };
            let Some(oldest) = kept.last() else { break };
            below = *oldest;
            let of_these = invocations::filter::of_ids(&kept, self.batch.outcome.as_deref());
            let page = self
                .replaying
                .billing
                .records(self.tenant_id, &of_these, self.request_id)
                .await?;
            let as_they_came = page
                .data
                .into_iter()
                .filter(|record| !matches!(record.trigger, Trigger::Test | Trigger::Replay));
            found.extend(as_they_came.take(wanted - found.len()));
            if found.len() == wanted || kept.len() < PAGE {
                break;
            }
        }
        Ok(found)
    }

    /// What the batch came to, with its quote.
    pub(crate) async fn summary(&self) -> Result<Summary, ApiError> {
        let mut summary = {
            let mut tx = self.tx().await?;
            let (inputs, runs) = runs::store::so_far(&mut tx, self.batch.batch_id).await?;
            sum_up(inputs, &runs)
        };
        let now = Utc::now();
        let span = (now - QUOTED, now);
        let volume = self.volume(span).await?;
        let plan = self
            .replaying
            .billing
            .plan(self.tenant_id, self.request_id)
            .await?;
        summary.quote = summary.fuel.quote(volume, &plan.prices, span);
        Ok(summary)
    }

    /// What the function was billed for over this time.
    async fn volume(&self, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<Volume, ApiError> {
        let written = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = format!(
            "from={}&to={}&granularity=day&group_by=function",
            written(from),
            written(to)
        );
        let rows = self
            .replaying
            .billing
            .usage(self.tenant_id, &query, self.request_id)
            .await?;
        let own = rows
            .iter()
            .filter(|row| row.function_id == Some(self.function_id()));
        Ok(own.fold(Volume::default(), |sum, row| Volume {
            invocations: sum.invocations + row.billable_invocations,
            fuel: sum.fuel + row.billable_fuel,
        }))
    }
}
