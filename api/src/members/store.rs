//! SQL of memberships and invitations.

use anyhow::Context;
use cartwright_domain::ids::{TenantId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Invitation, Member, Standing};
use crate::auth::Role;
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;
use crate::sessions::email::EmailAddress;

pub(super) async fn list(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, Uuid)>,
    rows: i64,
) -> Result<Vec<Member>, ApiError> {
    let (since, id) = after.unzip();
    Ok(sqlx::query_as!(
        Member,
        r#"
        select id as "id!", email as "email!", role as "role!", status as "status!: Standing", since as "since!"
        from (
            select user_id as id, email, role, 'active' as status, m.created_at as since
            from membership m join user_account using (user_id)
            where tenant_id = $1
            union all
            select invitation_id, email, role, 'invited', created_at
            from invitation
            where tenant_id = $1 and expires_at > now()
        ) as everyone
        where $2::timestamptz is null or (since, id) > ($2, $3)
        order by since, id
        limit $4
        "#,
        tx.tenant().uuid(),
        since,
        id,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn find(tx: &mut TenantTx, user: UserId) -> Result<Member, ApiError> {
    Ok(sqlx::query_as!(
        Member,
        r#"
        select user_id as id, email, role, 'active' as "status!: Standing", m.created_at as since
        from membership m join user_account using (user_id)
        where tenant_id = $1 and user_id = $2
        "#,
        tx.tenant().uuid(),
        user.uuid(),
    )
    .fetch_one(tx.connection())
    .await?)
}

pub(super) async fn is_member(tx: &mut TenantTx, email: &EmailAddress) -> Result<bool, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from membership join user_account using (user_id) where tenant_id = $1 and email = $2
        ) as "exists!"
        "#,
        tx.tenant().uuid(),
        email.as_str(),
    )
    .fetch_one(tx.connection())
    .await?)
}

/// Invite someone, in place of an invitation that they had.
pub(super) async fn replace_invitation(
    tx: &mut TenantTx,
    invitation: &Invitation,
    sha256: &[u8; 32],
    created_by: &str,
) -> Result<(), ApiError> {
    let tenant = tx.tenant().uuid();
    sqlx::query!(
        "delete from invitation where tenant_id = $1 and email = $2",
        tenant,
        invitation.email,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        r#"
        insert into invitation (tenant_id, invitation_id, email, role, sha256, created_by, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        tenant,
        invitation.id,
        invitation.email,
        invitation.role.as_str(),
        sha256.as_slice(),
        created_by,
        invitation.expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// An invitation that someone has the secret of.
pub(super) struct Found {
    pub(super) tenant_id: TenantId,
    pub(super) invitation_id: Uuid,
    pub(super) email: String,
}

pub(super) async fn find_invitation(
    crossing: &mut Crossing,
    sha256: &[u8; 32],
) -> Result<Option<Found>, ApiError> {
    Ok(sqlx::query_as!(
        Found,
        r#"
        select tenant_id as "tenant_id!", invitation_id as "invitation_id!", email as "email!"
        from invitation_find($1)
        "#,
        sha256.as_slice(),
    )
    .fetch_optional(crossing.connection())
    .await?)
}

/// Take an invitation away, and say for which role it was. `None` when there is none.
pub(super) async fn delete_invitation(
    tx: &mut TenantTx,
    invitation: Uuid,
) -> Result<Option<Role>, ApiError> {
    let word = sqlx::query_scalar!(
        "delete from invitation where tenant_id = $1 and invitation_id = $2 returning role",
        tx.tenant().uuid(),
        invitation,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(word.as_deref().map(role_of).transpose()?)
}

/// A member's role, which nobody else changes until the transaction ends: nor does anybody the role of an owner.
pub(super) async fn lock_role(tx: &mut TenantTx, user: UserId) -> Result<Role, ApiError> {
    let rows = sqlx::query!(
        r#"
        select user_id, role from membership
        where tenant_id = $1 and (user_id = $2 or role = 'owner')
        order by user_id
        for update
        "#,
        tx.tenant().uuid(),
        user.uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    let own = rows.into_iter().find(|row| row.user_id == user.uuid());
    Ok(role_of(&own.ok_or(ApiError::NotFound("member"))?.role)?)
}

pub(super) async fn has_owner_but(tx: &mut TenantTx, user: UserId) -> Result<bool, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from membership where tenant_id = $1 and role = 'owner' and user_id <> $2
        ) as "exists!"
        "#,
        tx.tenant().uuid(),
        user.uuid(),
    )
    .fetch_one(tx.connection())
    .await?)
}

pub(super) async fn set_role(tx: &mut TenantTx, user: UserId, role: Role) -> Result<(), ApiError> {
    sqlx::query!(
        "update membership set role = $3 where tenant_id = $1 and user_id = $2",
        tx.tenant().uuid(),
        user.uuid(),
        role.as_str(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Remove a member, and with them their sessions.
pub(super) async fn delete(tx: &mut TenantTx, user: UserId) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from membership where tenant_id = $1 and user_id = $2",
        tx.tenant().uuid(),
        user.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn role_of(word: &str) -> anyhow::Result<Role> {
    Role::from_word(word).with_context(|| format!("a stored role is the unknown word {word}"))
}
