//! The guards, and the proof that a handler has one.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::handler::Handler;
use cartwright_domain::ids::TenantId;
use http::HeaderMap;
use http::request::Parts;

use super::credential::{self, Asking};
use super::{Caller, Permission, Row};
use crate::app::App;
use crate::error::ApiError;

/// Someone who acts for one tenant and has the permission `P` there.
pub(crate) struct Tenant<P> {
    /// Which tenant.
    pub(crate) id: TenantId,
    /// Who acts.
    pub(crate) caller: Caller,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> FromRequestParts<App> for Tenant<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Self::again(&parts.headers, app).await
    }
}

impl<P: Permission> Tenant<P> {
    /// Who asks with these headers, as it stands now: for answers that go on after their request was let in.
    pub(crate) async fn again(headers: &HeaderMap, app: &App) -> Result<Self, ApiError> {
        let Asking { tenant, caller } = credential::asking(headers, app).await?;
        let id = tenant.ok_or_else(|| {
            ApiError::Invalid(
                "with the platform's key, name the tenant in the header Cartwright-Tenant, by its name or id".to_owned(),
            )
        })?;
        if !caller.may(P::ROW) {
            return Err(refusal(&caller, P::ROW));
        }
        Ok(Self {
            id,
            caller,
            permission: PhantomData,
        })
    }
}

/// The platform, by its own key.
pub(crate) struct Platform<P> {
    /// Who acts.
    pub(crate) caller: Caller,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> FromRequestParts<App> for Platform<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking { caller, .. } = credential::asking(&parts.headers, app).await?;
        if !matches!(caller, Caller::Platform { .. }) {
            return Err(refusal(&caller, P::ROW));
        }
        Ok(Self {
            caller,
            permission: PhantomData,
        })
    }
}

/// Anyone, with or without a credential: for signing up and in, and for what is public.
pub(crate) struct Anyone;

impl FromRequestParts<App> for Anyone {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

/// Why this caller is refused, and who would not be.
fn refusal(caller: &Caller, permission: &Row) -> ApiError {
    let list = |words: Vec<&str>| words.join(", ");
    ApiError::Forbidden(match caller {
        Caller::User { role, .. } if permission.roles.is_empty() => format!(
            "this needs the permission {}, which the platform's key alone has; you are signed in as {}",
            permission.name,
            role.as_str()
        ),
        Caller::User { role, .. } => format!(
            "this needs the permission {}, which the roles {} have; you are {} here",
            permission.name,
            list(permission.roles.iter().map(|role| role.as_str()).collect()),
            role.as_str()
        ),
        Caller::Key { .. } if permission.scopes.is_empty() => format!(
            "this needs the permission {}, which no API key of a tenant has",
            permission.name
        ),
        Caller::Key { scopes, .. } => format!(
            "this needs the permission {}, which the scopes {} have; this key has {}",
            permission.name,
            list(
                permission
                    .scopes
                    .iter()
                    .map(|scope| scope.as_str())
                    .collect()
            ),
            list(scopes.iter().map(|scope| scope.as_str()).collect())
        ),
        Caller::Platform { .. } => format!("this needs the permission {}", permission.name),
    })
}

/// Who may call a route: for the routes table and the OpenAPI document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    /// Whoever has the permission in the tenant.
    Tenant(&'static Row),
    /// The platform.
    Platform(&'static Row),
    /// Anyone.
    Anyone,
}

/// A guard, as the first argument of a handler.
#[diagnostic::on_unimplemented(
    message = "a route's handler must say who may call it: its first argument must be `Tenant<P>`, `Platform<P>` or `Anyone`",
    label = "not a guard"
)]
pub(crate) trait Guard {
    /// Who passes it.
    const ACCESS: Access;
}

impl<P: Permission> Guard for Tenant<P> {
    const ACCESS: Access = Access::Tenant(P::ROW);
}

impl<P: Permission> Guard for Platform<P> {
    const ACCESS: Access = Access::Platform(P::ROW);
}

impl Guard for Anyone {
    const ACCESS: Access = Access::Anyone;
}

/// The arguments of a handler whose first is a [`Guard`]. The tuple is the one by which axum knows a handler's arguments.
pub(crate) trait Guarded {
    /// Who passes it.
    const ACCESS: Access;
}

macro_rules! guarded_arguments {
    ($($rest:ident)*) => {
        impl<Via, G: Guard, $($rest),*> Guarded for (Via, G, $($rest),*) {
            const ACCESS: Access = G::ACCESS;
        }
    };
}

guarded_arguments!();
guarded_arguments!(A);
guarded_arguments!(A B);
guarded_arguments!(A B C);
guarded_arguments!(A B C D);
guarded_arguments!(A B C D E);
guarded_arguments!(A B C D E F);

/// Who may call this handler. A handler whose first argument is no guard does not compile here.
pub(crate) fn access_of<Arguments: Guarded, H: Handler<Arguments, App>>(_handler: &H) -> Access {
    Arguments::ACCESS
}
