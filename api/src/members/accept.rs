//! Accepting an invitation: by signing in to the account that the address has, or by making one.

use anyhow::anyhow;
use axum::extract::{Extension, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartwright_domain::ids::{TenantId, UserId};
use cartwright_role::extract::Json;
use cartwright_role::listener::PeerAddress;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;
use crate::app::App;
use crate::audit;
use crate::auth::password::Password;
use crate::auth::throttle::Pair;
use crate::auth::{Anyone, Role};
use crate::error::ApiError;
use crate::sessions;
use crate::sessions::email::EmailAddress;

/// An invitation that comes back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// The secret of the invitation.
    invitation: String,
    /// The password of the account that the invited address has, or of the one to be.
    #[schema(value_type = String, format = "password", min_length = 8)]
    password: Password,
}

/// A membership that an invitation became.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The tenant.
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    /// The person.
    #[schema(value_type = uuid::Uuid)]
    user_id: UserId,
    /// The e-mail address to sign in with.
    email: String,
    /// What the person is to the tenant.
    role: Role,
}

/// Accept an invitation
///
/// Whoever has an account under the invited address gives its password; whoever has none gets one with this password.
#[utoipa::path(
    post, path = "/v1/auth/accept", operation_id = "accept_invitation", tag = "Sessions",
    request_body = Acceptance,
    responses(
        (status = 201, description = "The membership", body = Accepted),
        (status = 401, description = "`unauthenticated`: the invitation is not good, or the password is wrong"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
    )
)]
pub(crate) async fn accept(
    _: Anyone,
    State(app): State<App>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    Json(acceptance): Json<Acceptance>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    const NOT_GOOD: ApiError =
        ApiError::Unauthenticated("this invitation is not good any more; ask for another");
    let secret = URL_SAFE_NO_PAD.decode(&acceptance.invitation).ok();
    let secret: [u8; 32] = secret
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(NOT_GOOD)?;
    let mut crossing = app.database.crossing().await?;
    let found = store::find_invitation(&mut crossing, &super::sha256(&secret)).await?;
    let found = found.ok_or(NOT_GOOD)?;
    let email = EmailAddress::try_from(found.email.clone())
        .map_err(|why| anyhow!("a stored address is none: {why}"))?;
    let account = sessions::store::account(&mut crossing, &email).await?;
    drop(crossing);

    let (user, new_hash) = match account {
        Some(account) => {
            let pair = Pair::of(email.as_str(), Some(peer.ip()));
            app.throttle.admit(pair)?;
            let attempt = acceptance.password.into();
            if !app
                .passwords
                .matches(attempt, Some(account.password_hash))
                .await?
            {
                app.throttle.failed(pair);
                return Err(ApiError::Unauthenticated(
                    "the invited address has an account, and this is not its password",
                ));
            }
            (account.user_id, None)
        }
        None => (
            UserId::new(),
            Some(app.passwords.hash(acceptance.password).await?),
        ),
    };

    let mut tx = app.database.tenant_tx(found.tenant_id).await?;
    // Whoever takes the invitation away first has it; a second request finds none.
    let role = store::delete_invitation(&mut tx, found.invitation_id).await?;
    let role = role.ok_or(NOT_GOOD)?;
    if let Some(hash) = new_hash {
        sessions::store::insert_account(&mut tx, user, &email, &hash).await?;
    }
    sessions::store::insert_membership(&mut tx, user, role).await?;
    let (actor, target) = (
        format!("user:{user}"),
        audit::target("user", &user.to_string()),
    );
    audit::append(&mut tx, &actor, "member.accept", &target, None, Some(&role)).await?;
    tx.commit().await?;
    let accepted = Accepted {
        tenant_id: found.tenant_id,
        user_id: user,
        email: found.email,
        role,
    };
    Ok((StatusCode::CREATED, Json(accepted)))
}
