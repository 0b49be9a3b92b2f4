//! SQL of configurations.

use std::sync::Arc;

use anyhow::Context;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::wire::GivenConfiguration;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::types::Json;

use super::Configuration;
use crate::database::TenantTx;
use crate::error::ApiError;

/// A settings schema and the version that carries it.
pub(super) struct CarriedSchema {
    pub(super) version: i32,
    pub(super) settings_schema: Option<Value>,
}

/// The schema of the version that `live` points at, or else of the newest that is ready.
pub(super) async fn schema_in_force(
    tx: &mut TenantTx,
    function_id: FunctionId,
) -> Result<Option<CarriedSchema>, ApiError> {
    let schema = sqlx::query_as!(
        CarriedSchema,
        r#"
        select v.version, v.report -> 'settings_schema' as settings_schema
        from version v
        left join alias a
            on a.tenant_id = v.tenant_id and a.function_id = v.function_id and a.version = v.version and a.name = 'live'
        where v.tenant_id = $1 and v.function_id = $2 and v.status = 'ready'
        order by (a.name is not null) desc, v.version desc
        limit 1
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(schema)
}

/// Keep a configuration as the next version.
pub(super) async fn insert(
    tx: &mut TenantTx,
    function_id: FunctionId,
    config: &RawValue,
    checked_against: Option<i32>,
    by: &str,
) -> Result<(), ApiError> {
    let config_version = sqlx::query_scalar!(
        r#"
        update function set config_versions = config_versions + 1
        where tenant_id = $1 and function_id = $2 and deleted_at is null
        returning config_versions
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("function"))?;
    sqlx::query!(
        r#"
        insert into function_config (tenant_id, function_id, config_version, config, checked_against, created_by)
        values ($1, $2, $3, $4::text::json, $5, $6)
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        config_version,
        config.get(),
        checked_against,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn current(
    tx: &mut TenantTx,
    function_id: FunctionId,
) -> Result<Option<Configuration>, ApiError> {
    let current = sqlx::query_as!(
        Configuration,
        r#"
        select config_version, config as "config: _", checked_against, created_at, created_by
        from function_config
        where tenant_id = $1 and function_id = $2
        order by config_version desc
        limit 1
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(current)
}

/// Configurations, newest first, before a version.
pub(super) async fn history(
    tx: &mut TenantTx,
    function_id: FunctionId,
    before: i32,
    limit: i64,
) -> Result<Vec<Configuration>, ApiError> {
    let history = sqlx::query_as!(
        Configuration,
        r#"
        select config_version, config as "config: _", checked_against, created_at, created_by
        from function_config
        where tenant_id = $1 and function_id = $2 and config_version < $3
        order by config_version desc
        limit $4
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(history)
}

/// The number of the newest configuration; 0 when none was put yet.
pub(crate) async fn newest(tx: &mut TenantTx, function_id: FunctionId) -> Result<u32, ApiError> {
    let newest = sqlx::query_scalar!(
        "select config_versions from function where tenant_id = $1 and function_id = $2",
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(u32::try_from(newest).context("a configuration's number is positive")?)
}

/// A configuration as a run is given it. All of them are kept.
pub(crate) async fn given(
    tx: &mut TenantTx,
    function_id: FunctionId,
    config_version: u32,
) -> Result<GivenConfiguration, ApiError> {
    if config_version == 0 {
        return Ok(GivenConfiguration {
            config_version,
            config: None,
        });
    }
    let config = sqlx::query_scalar!(
        r#"
        select config as "config: Json<Box<RawValue>>" from function_config
        where tenant_id = $1 and function_id = $2 and config_version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        i32::try_from(config_version).unwrap_or(i32::MAX),
    )
    .fetch_optional(tx.connection())
    .await?
    .context("a configuration that a run was recorded with is gone")?;
    Ok(GivenConfiguration {
        config_version,
        config: Some(Arc::from(config.0)),
    })
}
