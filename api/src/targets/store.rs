//! SQL of targets. The table has no tenant, so any connection reads it.

use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TargetName;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::definition::TargetDefinition;
use super::{Example, Target, TargetSummary, Terms};
use crate::error::{ApiError, OnConstraint};

pub(super) async fn find(
    connection: &mut PgConnection,
    name: &TargetName,
) -> Result<Target, ApiError> {
    sqlx::query_as!(
        Target,
        r#"
        select name, title, description, input_schema as "input_schema: _", output_schema as "output_schema: _",
            limits as "limits: Json<LimitOverrides>", examples as "examples: Json<Vec<Example>>", input_query_allowed,
            created_at, updated_at
        from target
        where name = $1
        "#,
        name.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(ApiError::NotFound("target"))
}

/// Targets by name, after a name.
pub(super) async fn list(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<TargetSummary>, ApiError> {
    let targets = sqlx::query_as!(
        TargetSummary,
        r#"
        select name, title, description, limits as "limits: Json<LimitOverrides>", input_query_allowed, created_at, updated_at
        from target
        where name > $1
        order by name
        limit $2
        "#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(targets)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    name: &TargetName,
    definition: &TargetDefinition,
    by: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        insert into target (
            name, title, description, input_schema, output_schema, limits, examples, input_query_allowed, created_by, updated_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        "#,
        name.as_str(),
        definition.title,
        definition.description,
        definition.input_schema,
        definition.output_schema,
        Json(definition.limits) as _,
        Json(&definition.examples) as _,
        definition.input_query_allowed,
        by,
    )
    .execute(connection)
    .await
    .on_constraint("target_pkey", ApiError::NameTaken("target"))?;
    Ok(())
}

/// Lock a target against whoever would begin to use it, or wait for those who just do.
pub(super) async fn lock(connection: &mut PgConnection, name: &TargetName) -> Result<(), ApiError> {
    sqlx::query!(
        "select name from target where name = $1 for update",
        name.as_str()
    )
    .fetch_optional(connection)
    .await?
    .map(drop)
    .ok_or(ApiError::NotFound("target"))
}

pub(super) async fn update(
    connection: &mut PgConnection,
    name: &TargetName,
    definition: &TargetDefinition,
    by: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update target
        set title = $2, description = $3, input_schema = $4, output_schema = $5, limits = $6, examples = $7,
            input_query_allowed = $8, updated_at = now(), updated_by = $9
        where name = $1
        "#,
        name.as_str(),
        definition.title,
        definition.description,
        definition.input_schema,
        definition.output_schema,
        Json(definition.limits) as _,
        Json(&definition.examples) as _,
        definition.input_query_allowed,
        by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who answers a target.
pub(super) struct Uses {
    pub(super) functions: i64,
    pub(super) tenants: i64,
}

pub(super) async fn uses(
    connection: &mut PgConnection,
    name: &TargetName,
) -> Result<Uses, ApiError> {
    Ok(sqlx::query_as!(
        Uses,
        r#"select functions as "functions!", tenants as "tenants!" from target_uses($1)"#,
        name.as_str(),
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    name: &TargetName,
) -> Result<(), ApiError> {
    sqlx::query!("delete from target where name = $1", name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// What a function must agree to that answers this target. The target stays as it is until the transaction ends, so that
/// no change of it misses the function. Taken before the lock on the tenant, as whoever changes a target does.
pub(crate) async fn terms(
    connection: &mut PgConnection,
    name: &TargetName,
) -> Result<Option<Terms>, ApiError> {
    Ok(sqlx::query_as!(
        Terms,
        r#"
        select input_schema as "input_schema: Json<Value>", input_query_allowed from target
        where name = $1
        for key share
        "#,
        name.as_str(),
    )
    .fetch_optional(connection)
    .await?)
}

/// The names of all targets, for whoever named none of them.
pub(crate) async fn names(connection: &mut PgConnection) -> Result<Vec<String>, ApiError> {
    Ok(
        sqlx::query_scalar!("select name from target order by name limit 20")
            .fetch_all(connection)
            .await?,
    )
}
