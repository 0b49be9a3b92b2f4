//! SQL of messages, as their tenant sees and makes them.

use anyhow::Context;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Message, MessageAttempt, MessageFilter, MessageStatus};
use crate::database::TenantTx;
use crate::error::ApiError;

const ABSENT: ApiError = ApiError::NotFound("message");

/// Make a message to an endpoint that is there.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
    kind: &str,
    data: &impl Serialize,
) -> Result<Message, ApiError> {
    let data = serde_json::to_string(data).context("what we tell is plain JSON")?;
    let id = sqlx::query_scalar!(
        r#"select message_insert($1, $2, $3, $4) as "id!""#,
        tx.tenant().uuid(),
        endpoint_id,
        kind,
        data,
    )
    .fetch_one(tx.connection())
    .await?;
    find(tx, id).await
}

/// Make a message to every endpoint that wants this notice, except one.
pub(super) async fn notify(
    tx: &mut TenantTx,
    notice: &str,
    data: &str,
    except: Option<Uuid>,
) -> Result<(), ApiError> {
    sqlx::query!(
        "select message_notify($1, $2, $3, $4)",
        tx.tenant().uuid(),
        notice,
        data,
        except,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn list(
    tx: &mut TenantTx,
    filter: &MessageFilter,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Message>, ApiError> {
    Ok(sqlx::query_as!(
        Message,
        r#"
        select message_id as id, endpoint_id, kind, status as "status: MessageStatus", attempts,
            case when status = 'pending' then ready_at end as next_attempt_at, last_error, created_at, ended_at, delivery_id
        from message
        where tenant_id = $1 and ($2::uuid is null or message_id < $2) and ($3::uuid is null or endpoint_id = $3)
            and ($4::text is null or status = $4) and ($5::text is null or kind = $5)
        order by message_id desc
        limit $6
        "#,
        tx.tenant().uuid(),
        before,
        filter.endpoint,
        filter.status as Option<MessageStatus>,
        filter.r#type,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Message, ApiError> {
    let message = sqlx::query_as!(
        Message,
        r#"
        select message_id as id, endpoint_id, kind, status as "status: MessageStatus", attempts,
            case when status = 'pending' then ready_at end as next_attempt_at, last_error, created_at, ended_at, delivery_id
        from message
        where tenant_id = $1 and message_id = $2
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    message.ok_or(ABSENT)
}

pub(super) async fn payload(tx: &mut TenantTx, id: Uuid) -> Result<Box<RawValue>, ApiError> {
    let payload = sqlx::query_scalar!(
        "select payload from message where tenant_id = $1 and message_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(RawValue::from_string(payload).context("a payload is JSON")?)
}

/// The message with the output of this delivery.
pub(crate) async fn of_delivery(
    tx: &mut TenantTx,
    delivery_id: Uuid,
) -> Result<Option<Uuid>, ApiError> {
    Ok(sqlx::query_scalar!(
        "select message_id from message where tenant_id = $1 and delivery_id = $2",
        tx.tenant().uuid(),
        delivery_id,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// The newest attempts, oldest first.
pub(super) async fn attempts(tx: &mut TenantTx, id: Uuid) -> Result<Vec<MessageAttempt>, ApiError> {
    let mut attempts = sqlx::query_as!(
        MessageAttempt,
        r#"
        select started_at, duration_ms, outcome, status from message_attempt
        where tenant_id = $1 and message_id = $2
        order by attempt_id desc
        limit 100
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_all(tx.connection())
    .await?;
    attempts.reverse();
    Ok(attempts)
}

/// Have it sent once more. False when it waits already.
pub(super) async fn resend(tx: &mut TenantTx, id: Uuid) -> Result<bool, ApiError> {
    let resent = sqlx::query!(
        r#"
        update message
        set status = 'pending', attempts = 0, ready_at = now(), expires_at = now() + interval '5 days', ended_at = null
        where tenant_id = $1 and message_id = $2 and status <> 'pending'
        "#,
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!("select pg_notify($1, '')", super::HINT_CHANNEL)
        .execute(tx.connection())
        .await?;
    Ok(resent.rows_affected() == 1)
}
