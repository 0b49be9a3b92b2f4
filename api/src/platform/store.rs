//! SQL across tenants, for the operator.

use cartwright_domain::ids::TenantId;
use cartwright_domain::limits::LimitOverrides;
use sqlx::types::Json;

use crate::database::Crossing;
use crate::error::ApiError;
use crate::tenants::{RunLogRetention, TenantState, TenantView};

pub(super) async fn list(
    crossing: &mut Crossing,
    after: Option<TenantId>,
    rows: i64,
) -> Result<Vec<TenantView>, ApiError> {
    let rows = i32::try_from(rows).unwrap_or(i32::MAX);
    Ok(sqlx::query_as!(
        TenantView,
        r#"
        select tenant_id as "id!", slug as "slug!", name as "name!", state as "state!: TenantState",
            run_log_retention as "run_log_retention!: RunLogRetention", limits as "limits!: Json<LimitOverrides>",
            platform_limits as "platform_limits!: Json<LimitOverrides>", created_at as "created_at!"
        from platform_tenants($1, $2)
        "#,
        after.map(TenantId::uuid),
        rows,
    )
    .fetch_all(crossing.connection())
    .await?)
}

/// The tenant with this slug or id.
pub(super) async fn find(crossing: &mut Crossing, slug_or_id: &str) -> Result<TenantId, ApiError> {
    let id = sqlx::query_scalar!("select tenant_find($1)", slug_or_id)
        .fetch_one(crossing.connection())
        .await?;
    id.map(TenantId::from).ok_or(ApiError::NotFound("tenant"))
}
