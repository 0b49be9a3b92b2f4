//! Who belongs to a tenant, as what, and who is invited.

mod accept;
mod store;

pub(crate) use accept::{__path_accept, accept};

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartwright_domain::ids::UserId;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, TimeDelta, Utc};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::auth::{Caller, MemberRead, MemberWrite, Role, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::page::{Page, PageRequest};
use crate::sessions::email::EmailAddress;

/// How long an invitation is good.
const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// Whether someone belongs to the tenant yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// They do.
    Active,
    /// They are invited, and have not accepted yet.
    Invited,
}

/// Someone who belongs to the tenant or is invited to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// The person's id, or the invitation's while they are invited.
    id: Uuid,
    /// The e-mail address.
    email: String,
    /// What they are to the tenant.
    #[schema(value_type = Role)]
    role: String,
    /// Whether they belong to it yet.
    status: Standing,
    /// Since when, or when they were invited.
    since: DateTime<Utc>,
}

/// Someone to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    /// The e-mail address.
    #[schema(value_type = String, format = "email")]
    email: EmailAddress,
    /// What they shall be.
    role: Role,
}

/// An invitation, with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// The invitation's id.
    id: Uuid,
    /// Who is invited.
    email: String,
    /// What they shall be.
    role: Role,
    /// Give this to the invited person, who sends it to `POST /v1/auth/accept`.
    invitation: String,
    /// Until when it is good.
    expires_at: DateTime<Utc>,
}

/// What to change of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    /// What they are to be.
    role: Role,
}

/// List members
///
/// Those who are invited included, the oldest first.
#[utoipa::path(
    get, path = "/v1/members", operation_id = "list_members", tag = "Members",
    params(PageRequest),
    responses((status = 200, description = "A page of members", body = Page<Member>))
)]
pub(crate) async fn list(
    tenant: Tenant<MemberRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Member>>, ApiError> {
    let after: Option<(DateTime<Utc>, Uuid)> = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let members = store::list(&mut tx, after, request.rows()?).await?;
    Ok(Json(Page::of(members, &request, |member| {
        (member.since, member.id)
    })?))
}

/// Invite someone
///
/// The answer is the only place where the invitation's secret is ever shown: pass it on to the person. Inviting someone
/// again replaces the invitation before. Says nothing of whether the address has an account here.
#[utoipa::path(
    post, path = "/v1/members", operation_id = "invite_member", tag = "Members",
    request_body = NewMember,
    responses(
        (status = 201, description = "The invitation, with its secret", body = Invitation),
        (status = 409, description = "`conflict`: they are a member already"),
    )
)]
pub(crate) async fn invite(
    tenant: Tenant<MemberWrite>,
    State(app): State<App>,
    Json(new): Json<NewMember>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<Invitation>,
    ),
    ApiError,
> {
    may_deal_with(&tenant.caller, new.role)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let invitation = issue(&mut tx, &new, &tenant.caller.actor()).await?;
    tx.commit().await?;
    let answer = (
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(invitation),
    );
    Ok(answer)
}

/// Make an invitation to the tenant of this transaction.
pub(crate) async fn issue(
    tx: &mut TenantTx,
    new: &NewMember,
    actor: &str,
) -> Result<Invitation, ApiError> {
    if store::is_member(tx, &new.email).await? {
        return Err(ApiError::Conflict(
            "they are a member of this tenant already; change their role instead".to_owned(),
        ));
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let invitation = Invitation {
        id: Uuid::now_v7(),
        email: new.email.as_str().to_owned(),
        role: new.role,
        invitation: URL_SAFE_NO_PAD.encode(secret),
        expires_at: Utc::now() + INVITATION_LIFETIME,
    };
    store::replace_invitation(tx, &invitation, &sha256(&secret), actor).await?;
    let target = audit::target("invitation", &invitation.id.to_string());
    audit::append(tx, actor, "member.invite", &target, None, Some(&new.role)).await?;
    Ok(invitation)
}

impl NewMember {
    /// Someone who shall own the tenant.
    pub(crate) fn owner(email: EmailAddress) -> Self {
        Self {
            email,
            role: Role::Owner,
        }
    }
}

fn sha256(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Change a member's role
#[utoipa::path(
    patch, path = "/v1/members/{id}", operation_id = "update_member", tag = "Members",
    params(("id" = Uuid, Path, description = "The person's id")),
    request_body = MemberChange,
    responses(
        (status = 200, description = "The member", body = Member),
        (status = 404, description = "`not_found`: no such member"),
        (status = 409, description = "`conflict`: the tenant would have no owner"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<MemberWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<MemberChange>,
) -> Result<Json<Member>, ApiError> {
    may_deal_with(&tenant.caller, change.role)?;
    let user = UserId::from(id);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::lock_role(&mut tx, user).await?;
    may_deal_with(&tenant.caller, before)?;
    if before == Role::Owner && change.role != Role::Owner {
        keep_an_owner(&mut tx, user).await?;
    }
    store::set_role(&mut tx, user, change.role).await?;
    let (actor, target) = (
        tenant.caller.actor(),
        audit::target("user", &id.to_string()),
    );
    audit::append(
        &mut tx,
        &actor,
        "member.update",
        &target,
        Some(&before),
        Some(&change.role),
    )
    .await?;
    let member = store::find(&mut tx, user).await?;
    tx.commit().await?;
    Ok(Json(member))
}

/// Remove a member
///
/// Or take back an invitation. A removed member's sessions end at once.
#[utoipa::path(
    delete, path = "/v1/members/{id}", operation_id = "remove_member", tag = "Members",
    params(("id" = Uuid, Path, description = "The person's id, or the invitation's")),
    responses(
        (status = 204, description = "They are gone"),
        (status = 404, description = "`not_found`: no such member"),
        (status = 409, description = "`conflict`: the tenant would have no owner"),
    )
)]
pub(crate) async fn remove(
    tenant: Tenant<MemberWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    let actor = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if let Some(role) = store::delete_invitation(&mut tx, id).await? {
        may_deal_with(&tenant.caller, role)?;
        let target = audit::target("invitation", &id.to_string());
        audit::append(
            &mut tx,
            &actor,
            "member.uninvite",
            &target,
            Some(&role),
            None,
        )
        .await?;
    } else {
        let user = UserId::from(id);
        let role = store::lock_role(&mut tx, user).await?;
        may_deal_with(&tenant.caller, role)?;
        if role == Role::Owner {
            keep_an_owner(&mut tx, user).await?;
        }
        store::delete(&mut tx, user).await?;
        let target = audit::target("user", &id.to_string());
        audit::append(&mut tx, &actor, "member.remove", &target, Some(&role), None).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Only an owner makes or unmakes owners, and the platform, which is above the tenant.
fn may_deal_with(caller: &Caller, role: Role) -> Result<(), ApiError> {
    match caller {
        Caller::User { role: own, .. } if role == Role::Owner && *own != Role::Owner => Err(
            ApiError::Forbidden("only an owner makes, changes or removes an owner".to_owned()),
        ),
        _ => Ok(()),
    }
}

/// Refuse to lose the last owner.
async fn keep_an_owner(tx: &mut TenantTx, but: UserId) -> Result<(), ApiError> {
    if store::has_owner_but(tx, but).await? {
        return Ok(());
    }
    Err(ApiError::Conflict(
        "the tenant would have no owner; make someone else an owner first".to_owned(),
    ))
}
