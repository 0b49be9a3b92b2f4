//! Writers: each start of an executor process writes one log under an id of its own.

mod store;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use cartwright_domain::wire::{WriterAck, WriterRegistration};
use cartwright_role::extract::Json;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::error::BillingError;

pub(crate) use store::cursor;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/writers", post(register))
}

/// Register a writer. Doing it again changes nothing, and says up to where its log is durable.
async fn register(
    State(app): State<App>,
    Json(writer): Json<WriterRegistration>,
) -> Result<Json<WriterAck>, BillingError> {
    let started_at = i64::try_from(writer.started_at_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .ok_or_else(|| BillingError::Invalid("started_at_ms is not a time".to_owned()))?;
    let mut tx = app.database.crossing().await?;
    store::register(&mut tx, &writer, started_at).await?;
    let cursor = store::cursor(&mut tx, writer.writer_id).await?;
    tx.commit().await?;
    tracing::info!(writer.id = %writer.writer_id, "registered writer {}", writer.writer_id);
    Ok(Json(WriterAck {
        next_seq: cursor.next_seq,
        now_ms: u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default(),
    }))
}
