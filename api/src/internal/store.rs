//! SQL of what executors ask for.

use anyhow::Context;
use cartwright_domain::ids::TenantId;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TargetName;
use cartwright_domain::quotas::Quotas;
use cartwright_domain::wire::{Change, Changes, FunctionSnapshot, KeySnapshot, TargetSnapshot};
use sqlx::types::Json;

use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;

/// Every change that may not have been told at this cursor, and the next cursor.
pub(super) async fn changes_since(
    crossing: &mut Crossing,
    cursor: Option<i64>,
) -> Result<Changes, ApiError> {
    let rows = sqlx::query!(
        r#"
        select reset as "reset!", next_cursor as "next_cursor!", tenant_id, generation, key_id
        from changes_since($1)
        "#,
        cursor,
    )
    .fetch_all(crossing.connection())
    .await?;
    let head = rows.first().context("the first row carries the cursor")?;
    let (cursor, reset) = (head.next_cursor.to_string(), head.reset);
    let changes = rows.into_iter().filter_map(|row| match row.key_id {
        Some(key_id) => Some(Change::Key { key_id }),
        None => Some(Change::Tenant {
            tenant_id: row.tenant_id?.into(),
            generation: u64::try_from(row.generation?).ok()?,
        }),
    });
    Ok(Changes {
        changes: changes.collect(),
        cursor,
        reset,
    })
}

/// The tenant with this slug or id.
pub(super) async fn tenant_id_of(
    crossing: &mut Crossing,
    slug_or_id: &str,
) -> Result<TenantId, ApiError> {
    let id = sqlx::query_scalar!("select tenant_find($1)", slug_or_id)
        .fetch_one(crossing.connection())
        .await?;
    id.map(TenantId::from).ok_or(ApiError::NotFound("tenant"))
}

/// A tenant's row and its functions, read by one statement and therefore of one moment.
pub(super) struct TenantPicture {
    pub(super) slug: String,
    pub(super) generation: i64,
    pub(super) state: String,
    pub(super) retention: String,
    pub(super) limits: Json<LimitOverrides>,
    pub(super) platform_limits: Json<LimitOverrides>,
    pub(super) plan_quotas: Json<Quotas>,
    pub(super) platform_quotas: Json<Quotas>,
    pub(super) seed_key_wrapped: Vec<u8>,
    pub(super) functions: Json<Vec<FunctionSnapshot>>,
    pub(super) targets: Json<Vec<TargetSnapshot>>,
    pub(super) target_names: Json<Vec<TargetName>>,
}

pub(super) async fn picture_of(tx: &mut TenantTx) -> Result<TenantPicture, ApiError> {
    let picture = sqlx::query_as!(
        TenantPicture,
        r#"
        select t.slug, t.generation, t.state, t.run_log_retention as retention,
            t.limits as "limits: Json<LimitOverrides>", t.platform_limits as "platform_limits: Json<LimitOverrides>",
            plan_quotas(t.tenant_id) as "plan_quotas!: Json<Quotas>", t.platform_quotas as "platform_quotas: Json<Quotas>",
            t.seed_key_wrapped,
            (
                select coalesce(json_agg(json_build_object(
                    'function_id', f.function_id, 'name', f.name, 'target', f.target, 'limits', f.limits,
                    'memoise', f.memoise, 'input_query', f.input_query, 'quotas', f.quotas,
                    'config_version', f.config_versions,
                    'config', (
                        select c.config from function_config c
                        where c.tenant_id = f.tenant_id and c.function_id = f.function_id
                            and c.config_version = f.config_versions
                    ),
                    'aliases', (
                        select coalesce(json_agg(json_build_object('name', a.name, 'version', a.version)), '[]')
                        from alias a
                        where a.tenant_id = f.tenant_id and a.function_id = f.function_id
                    ),
                    'versions', v.versions
                ) order by f.name), '[]')
                from function f
                cross join lateral (
                    select json_agg(json_build_object(
                        'version', r.version,
                        'module_sha256', encode(r.sha256, 'hex'),
                        'artifact_sha256', encode(r.artifact_sha256, 'hex'),
                        'artifact_bytes', r.artifact_bytes,
                        'engine_epoch', r.engine_epoch,
                        'deterministic', coalesce((r.report ->> 'deterministic')::boolean, false),
                        -- encode() breaks lines after 76 letters.
                        'signature', translate(encode(r.signature, 'base64'), E'\n', '')
                    ) order by r.version) as versions
                    from version r
                    where r.tenant_id = f.tenant_id and r.function_id = f.function_id and r.status = 'ready'
                ) v
                where f.tenant_id = t.tenant_id and f.deleted_at is null and v.versions is not null
            ) as "functions!: Json<Vec<FunctionSnapshot>>",
            (
                select coalesce(json_agg(json_build_object(
                    'name', g.name, 'input_schema', g.input_schema, 'output_schema', g.output_schema, 'limits', g.limits,
                    'bindings', (
                        select coalesce(json_agg(json_build_object(
                            'function', f.name, 'alias', b.alias, 'on_error', b.on_error
                        ) order by b.ord), '[]')
                        from target_binding b
                        join function f on f.tenant_id = b.tenant_id and f.function_id = b.function_id
                        where b.tenant_id = t.tenant_id and b.target = g.name
                    )
                ) order by g.name), '[]')
                from target g
                where exists (
                    select from function f
                    where f.tenant_id = t.tenant_id and f.target = g.name and f.deleted_at is null
                )
            ) as "targets!: Json<Vec<TargetSnapshot>>",
            (select coalesce(json_agg(g.name order by g.name), '[]') from target g) as "target_names!: Json<Vec<TargetName>>"
        from tenant t
        where t.tenant_id = $1
        "#,
        tx.tenant().uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    picture.ok_or(ApiError::NotFound("tenant"))
}

/// What must be known of a key to check it: a tenant's key, or else the platform's.
pub(super) async fn key(
    crossing: &mut Crossing,
    key_id: &str,
) -> Result<Option<KeySnapshot>, ApiError> {
    let row = sqlx::query!(
        r#"
        select tenant_id, sha256 as "sha256!", scopes as "scopes!", expires_at, revoked_at
        from api_key_find($1)
        union all
        select null, sha256, array['invoke'], expires_at, revoked_at from platform_key where key_id = $1
        "#,
        key_id,
    )
    .fetch_optional(crossing.connection())
    .await?;
    Ok(row.map(|row| KeySnapshot {
        key_id: key_id.to_owned(),
        tenant_id: row.tenant_id.map(TenantId::from),
        sha256: hex::encode(row.sha256),
        scopes: row.scopes,
        expires_at_ms: row
            .expires_at
            .and_then(|at| u64::try_from(at.timestamp_millis()).ok()),
        revoked: row.revoked_at.is_some(),
    }))
}

/// Length of an artifact that a version of the tenant is ready with.
pub(super) async fn artifact_bytes(tx: &mut TenantTx, sha256: &[u8; 32]) -> Result<u64, ApiError> {
    let bytes = sqlx::query_scalar!(
        r#"
        select artifact_bytes as "artifact_bytes!" from version
        where tenant_id = $1 and artifact_sha256 = $2 and status = 'ready'
        limit 1
        "#,
        tx.tenant().uuid(),
        sha256.as_slice(),
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("artifact"))?;
    Ok(u64::try_from(bytes).context("a length is positive")?)
}
