//! SQL of accounts, sessions and refresh tokens.

use cartwright_domain::ids::{TenantId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::email::EmailAddress;
use super::rotation::Presented;
use crate::auth::Role;
use crate::database::{Crossing, TenantTx};
use crate::error::{ApiError, OnConstraint};

/// Who signs in with an address.
pub(crate) struct Account {
    pub(crate) user_id: UserId,
    pub(crate) password_hash: String,
}

pub(crate) async fn account(
    crossing: &mut Crossing,
    email: &EmailAddress,
) -> Result<Option<Account>, ApiError> {
    Ok(sqlx::query_as!(
        Account,
        r#"select user_id as "user_id!", password_hash as "password_hash!" from login_account($1)"#,
        email.as_str(),
    )
    .fetch_optional(crossing.connection())
    .await?)
}

/// A tenant that someone may sign in to.
pub(super) struct Membership {
    pub(super) tenant_id: TenantId,
    pub(super) slug: String,
    pub(super) role: String,
}

/// The tenants that this person may sign in to, the oldest membership first.
pub(super) async fn memberships(
    crossing: &mut Crossing,
    user: UserId,
) -> Result<Vec<Membership>, ApiError> {
    Ok(sqlx::query_as!(
        Membership,
        r#"
        select tenant_id as "tenant_id!", slug as "slug!", role as "role!"
        from login_memberships($1)
        "#,
        user.uuid(),
    )
    .fetch_all(crossing.connection())
    .await?)
}

pub(crate) async fn insert_account(
    tx: &mut TenantTx,
    user: UserId,
    email: &EmailAddress,
    password_hash: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into user_account (user_id, email, password_hash) values ($1, $2, $3)",
        user.uuid(),
        email.as_str(),
        password_hash,
    )
    .execute(tx.connection())
    .await
    .on_constraint(
        "user_account_email_unique",
        ApiError::Conflict(
            "an account with this e-mail address exists already; sign in with it".to_owned(),
        ),
    )?;
    Ok(())
}

pub(crate) async fn insert_membership(
    tx: &mut TenantTx,
    user: UserId,
    role: Role,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into membership (tenant_id, user_id, role) values ($1, $2, $3)",
        tx.tenant().uuid(),
        user.uuid(),
        role.as_str(),
    )
    .execute(tx.connection())
    .await
    .on_constraint(
        "membership_pkey",
        ApiError::Conflict("you are a member of this tenant already".to_owned()),
    )?;
    Ok(())
}

pub(super) async fn insert_session(
    tx: &mut TenantTx,
    session: Uuid,
    user: UserId,
    expires_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into session (tenant_id, session_id, user_id, expires_at) values ($1, $2, $3, $4)",
        tx.tenant().uuid(),
        session,
        user.uuid(),
        expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn insert_token(
    tx: &mut TenantTx,
    session: Uuid,
    generation: i32,
    sha256: &[u8; 32],
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into refresh_token (tenant_id, session_id, generation, sha256) values ($1, $2, $3, $4)",
        tx.tenant().uuid(),
        session,
        generation,
        sha256.as_slice(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Where a refresh token is.
pub(super) struct TokenPlace {
    pub(super) tenant_id: TenantId,
    pub(super) session_id: Uuid,
    pub(super) generation: i32,
}

pub(super) async fn find_token(
    crossing: &mut Crossing,
    sha256: &[u8; 32],
) -> Result<Option<TokenPlace>, ApiError> {
    Ok(sqlx::query_as!(
        TokenPlace,
        r#"
        select tenant_id as "tenant_id!", session_id as "session_id!", generation as "generation!"
        from refresh_token_find($1)
        "#,
        sha256.as_slice(),
    )
    .fetch_optional(crossing.connection())
    .await?)
}

/// A session whose tokens nobody else exchanges until the transaction ends.
pub(super) struct LockedSession {
    pub(super) user_id: UserId,
    pub(super) role: String,
    pub(super) presented: Presented,
}

pub(super) async fn lock_session(
    tx: &mut TenantTx,
    session: Uuid,
    generation: i32,
) -> Result<Option<LockedSession>, ApiError> {
    let locked = sqlx::query!(
        r#"
        select generation, expires_at, ended_at, user_id
        from session
        where tenant_id = $1 and session_id = $2
        for update
        "#,
        tx.tenant().uuid(),
        session,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(locked) = locked else {
        return Ok(None);
    };
    // Only now: whoever held the lock before may have exchanged the token meanwhile.
    let token = sqlx::query!(
        r#"
        select used_at, (select role from membership where tenant_id = $1 and user_id = $4) as "role!"
        from refresh_token
        where tenant_id = $1 and session_id = $2 and generation = $3
        "#,
        tx.tenant().uuid(),
        session,
        generation,
        locked.user_id,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Some(LockedSession {
        user_id: locked.user_id.into(),
        role: token.role,
        presented: Presented {
            newest: locked.generation,
            generation,
            used_at: token.used_at,
            expires_at: locked.expires_at,
            ended_at: locked.ended_at,
        },
    }))
}

/// Note that a token was exchanged, and that the session lives on.
pub(super) async fn advance(
    tx: &mut TenantTx,
    session: Uuid,
    exchanged: i32,
    expires_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let tenant = tx.tenant().uuid();
    sqlx::query!(
        "update refresh_token set used_at = clock_timestamp() where tenant_id = $1 and session_id = $2 and generation = $3",
        tenant,
        session,
        exchanged,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "update session set generation = $3, expires_at = $4 where tenant_id = $1 and session_id = $2",
        tenant,
        session,
        exchanged + 1,
        expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// End a session with every token of it. Says whether it still lived.
pub(super) async fn end(tx: &mut TenantTx, session: Uuid) -> Result<bool, ApiError> {
    let ended = sqlx::query!(
        "update session set ended_at = now() where tenant_id = $1 and session_id = $2 and ended_at is null",
        tx.tenant().uuid(),
        session,
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() > 0)
}
