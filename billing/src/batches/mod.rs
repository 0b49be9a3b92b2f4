//! Batches: pieces of a writer's log, taken in exactly once.

mod belief;
mod columns;
mod frames;
mod store;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::{FRAME_HEADER_LEN, MeterRecord, RECORD_LEN};
use cartwright_domain::wire::BatchAck;
use cartwright_role::extract::{Json, Query};
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;

use crate::app::App;
use crate::batches::columns::Columns;
use crate::batches::store::Taken;
use crate::error::BillingError;
use crate::writers;

/// Most records in a batch: a transaction of about a third of a second.
const RECORDS_MAX: usize = 10_000;

/// Most bytes in a batch: as many records, were each in a frame of its own.
const BYTES_MAX: usize = RECORDS_MAX * (RECORD_LEN + FRAME_HEADER_LEN);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/batches", post(take))
        .layer(DefaultBodyLimit::max(BYTES_MAX))
}

#[derive(Deserialize)]
struct BatchPlace {
    /// Whose log it is a piece of.
    writer: WriterId,
    /// The sequence number of its first record.
    lo: u64,
}

/// Take in a batch. Once this has answered, its records are durable; sent again, it is refused with where the log goes on.
async fn take(
    State(app): State<App>,
    Query(place): Query<BatchPlace>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchAck>, BillingError> {
    let body = body.map_err(refused)?;
    let mut tx = app.database.crossing().await?;
    let cursor = writers::cursor(&mut tx, place.writer).await?;
    if cursor.next_seq != place.lo {
        return Err(BillingError::NotNext {
            next_seq: cursor.next_seq,
        });
    }
    let batch = frames::read(&body, place.lo, &cursor.chain)?;
    let columns = Columns::of(&batch.records, Utc::now());
    let taken = store::ingest(
        &mut tx,
        place.writer,
        place.lo,
        &cursor.chain,
        &batch,
        &columns,
    )
    .await?;
    let Some(taken) = taken else {
        // Another request with this batch was faster; what it did stands.
        let next_seq = writers::cursor(&mut tx, place.writer).await?.next_seq;
        return Err(BillingError::NotNext { next_seq });
    };
    tx.commit().await?;
    tell(&place, &taken, &batch.records);
    Ok(Json(BatchAck {
        next_seq: taken.next_seq,
    }))
}

fn refused(rejection: BytesRejection) -> BillingError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return BillingError::TooLarge(format!(
            "a batch has at most {RECORDS_MAX} records and {BYTES_MAX} bytes"
        ));
    }
    BillingError::Invalid("the body was cut off".to_owned())
}

/// What may become of a record, as `billing_records_total` names it.
const DISPOSITIONS: [&str; 4] = ["inserted", "duplicate", "set_aside", "charge_key_repeat"];

/// Serve the counters from the start: an alert on an increase misses the first one of a counter that was not there.
pub(crate) fn count_from_zero() {
    for disposition in DISPOSITIONS {
        metrics::counter!("billing_records_total", "disposition" => disposition).absolute(0);
    }
}

/// Count what became of a batch, and raise the alarm about what is not believed.
fn tell(place: &BatchPlace, taken: &Taken, records: &[MeterRecord]) {
    let BatchPlace { writer, lo } = place;
    let counts = [
        taken.inserted,
        taken.dups,
        taken.unbelieved,
        taken.unbilled_repeats,
    ];
    for (disposition, count) in DISPOSITIONS.into_iter().zip(counts) {
        metrics::counter!("billing_records_total", "disposition" => disposition).increment(count);
    }
    let now_ms = Utc::now().timestamp_millis();
    if let Some(newest) = records
        .iter()
        .map(|record| record.invocation_id.unix_ms())
        .max()
    {
        let lag_ms = now_ms.saturating_sub_unsigned(newest).max(0);
        metrics::histogram!("billing_ingest_lag_seconds").record(lag_ms as f64 / 1000.0);
    }
    if taken.unbelieved > 0 {
        tracing::error!(
            writer.id = %writer,
            batch.lo = lo,
            records = taken.unbelieved,
            "set aside {} records of batch {lo} of writer {writer} that billing does not believe: the table set_aside has each with its tenant and cause",
            taken.unbelieved,
        );
    }
}
