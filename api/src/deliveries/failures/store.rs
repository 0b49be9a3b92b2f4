//! SQL of deliveries that died.

use uuid::Uuid;

use super::FailureGroup;
use crate::database::TenantTx;
use crate::error::ApiError;

/// Dead deliveries with ids from here to there, by function and cause.
pub(super) async fn groups(
    tx: &mut TenantTx,
    from: Uuid,
    to: Uuid,
    groups_max: i64,
) -> Result<Vec<FailureGroup>, ApiError> {
    Ok(sqlx::query_as!(
        FailureGroup,
        r#"
        with dead as (
            select function_id, cause, count(*) as count, min(ended_at) as first_at, max(ended_at) as last_at
            from delivery_ended
            where tenant_id = $1 and status = 'dead' and delivery_id >= $2 and delivery_id < $3
            group by function_id, cause
            order by count(*) desc
            limit $4
        )
        select f.name as function, d.cause as "cause!", d.count as "count!", d.first_at as "first_at!", d.last_at as "last_at!",
            last.delivery_id as "example!", last.last_error
        from dead d
        join function f on f.tenant_id = $1 and f.function_id = d.function_id
        cross join lateral (
            select e.delivery_id, e.last_error from delivery_ended e
            where e.tenant_id = $1 and e.status = 'dead' and e.function_id = d.function_id and e.cause = d.cause
              and e.delivery_id >= $2 and e.delivery_id < $3
            order by e.delivery_id desc
            limit 1
        ) last
        order by d.count desc, f.name, d.cause
        "#,
        tx.tenant().uuid(),
        from,
        to,
        groups_max,
    )
    .fetch_all(tx.connection())
    .await?)
}
