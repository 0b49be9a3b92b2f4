//! Signing up: a tenant and its owner, in one transaction.

use axum::extract::State;
use cartwright_domain::ids::{TenantId, UserId};
use cartwright_domain::names::TenantSlug;
use cartwright_role::extract::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::email::EmailAddress;
use super::store;
use crate::app::App;
use crate::auth::password::Password;
use crate::auth::{Anyone, Role};
use crate::error::ApiError;
use crate::{audit, tenants};

/// Who signs up, and the tenant to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    /// The owner's e-mail address.
    #[schema(value_type = String, format = "email", example = "ada@example.com")]
    email: EmailAddress,
    /// 8 characters or more.
    #[schema(value_type = String, format = "password", min_length = 8)]
    password: Password,
    /// The tenant's name in addresses: 1 to 63 lowercase letters, digits and hyphens, beginning with a letter.
    #[schema(value_type = String, example = "adas-hats")]
    tenant: TenantSlug,
}

/// What a sign-up made.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedUp {
    /// The tenant's id.
    #[schema(value_type = Uuid)]
    tenant_id: TenantId,
    /// The tenant's name in addresses.
    #[schema(value_type = String)]
    tenant: TenantSlug,
    /// The owner's id.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The owner's e-mail address, as it is to be used for signing in.
    email: String,
    /// Whether the address is known to be the owner's. It need not be for anything to work, unless the operator requires it.
    email_verified: bool,
}

/// Sign up
///
/// Makes a tenant and its owner. Sign in afterwards with the same address and password.
#[utoipa::path(
    post, path = "/v1/auth/signup", operation_id = "sign_up", tag = "Sessions",
    request_body = SignUp,
    responses(
        (status = 201, description = "The tenant and its owner", body = SignedUp),
        (status = 409, description = "`conflict`: the tenant's name or the e-mail address is taken"),
        (status = 429, description = "`rate_limited`: too many people sign up at this moment"),
    )
)]
pub(crate) async fn sign_up(
    _: Anyone,
    State(app): State<App>,
    Json(new): Json<SignUp>,
) -> Result<(StatusCode, Json<SignedUp>), ApiError> {
    let password_hash = app.passwords.hash(new.password).await?;
    let (tenant, user) = (TenantId::new(), UserId::new());
    let mut tx = app.database.tenant_tx(tenant).await?;
    tenants::create(&mut tx, &app.wrapping, &new.tenant, new.tenant.as_str()).await?;
    store::insert_account(&mut tx, user, &new.email, &password_hash).await?;
    store::insert_membership(&mut tx, user, Role::Owner).await?;
    let signed_up = SignedUp {
        tenant_id: tenant,
        tenant: new.tenant,
        user_id: user,
        email: new.email.as_str().to_owned(),
        email_verified: false,
    };
    let target = audit::target("tenant", signed_up.tenant.as_str());
    audit::append(
        &mut tx,
        &format!("user:{user}"),
        "tenant.sign_up",
        &target,
        None,
        Some(&signed_up),
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(signed_up)))
}
