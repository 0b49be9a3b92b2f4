//! SQL of event types. The table has no tenant, so any connection reads it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::EventType;
use super::definition::EventTypeDefinition;
use crate::error::{ApiError, OnConstraint};

pub(super) async fn insert(
    connection: &mut PgConnection,
    name: &str,
    definition: &EventTypeDefinition,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into event_type (name, description, schema) values ($1, $2, $3)",
        name,
        definition.description,
        definition.schema,
    )
    .execute(connection)
    .await
    .on_constraint("event_type_pkey", ApiError::NameTaken("event type"))?;
    Ok(())
}

pub(super) async fn find(connection: &mut PgConnection, name: &str) -> Result<EventType, ApiError> {
    sqlx::query_as!(
        EventType,
        r#"
        select name, coalesce(description, '') as "description!", schema as "schema: _", created_at, updated_at
        from event_type where name = $1
        "#,
        name,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(ApiError::NotFound("event type"))
}

/// Event types by name, after a name.
pub(super) async fn list(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<EventType>, ApiError> {
    Ok(sqlx::query_as!(
        EventType,
        r#"
        select name, coalesce(description, '') as "description!", schema as "schema: _", created_at, updated_at
        from event_type where name > $1
        order by name
        limit $2
        "#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn update(
    connection: &mut PgConnection,
    name: &str,
    definition: &EventTypeDefinition,
) -> Result<(), ApiError> {
    let updated = sqlx::query!(
        "update event_type set description = $2, schema = $3, updated_at = clock_timestamp() where name = $1",
        name,
        definition.description,
        definition.schema,
    )
    .execute(connection)
    .await?;
    match updated.rows_affected() {
        0 => Err(ApiError::NotFound("event type")),
        _ => Ok(()),
    }
}

pub(super) async fn delete(connection: &mut PgConnection, name: &str) -> Result<(), ApiError> {
    let deleted = sqlx::query!("delete from event_type where name = $1", name)
        .execute(connection)
        .await?;
    match deleted.rows_affected() {
        0 => Err(ApiError::NotFound("event type")),
        _ => Ok(()),
    }
}

/// Which of these types have a schema, and since when.
pub(super) async fn with_schema(
    connection: &mut PgConnection,
    types: &[&str],
) -> Result<Vec<(String, DateTime<Utc>)>, ApiError> {
    let rows = sqlx::query!(
        "select name, updated_at from event_type where name = any($1) and schema is not null",
        types as &[&str],
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, row.updated_at))
        .collect())
}
