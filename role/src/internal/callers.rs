//! Who calls: the credential of a request, and the table of what its role may call.

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{Role, may_call};
use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::PREFIX;
use crate::linger::linger;
use crate::problem::ProblemResponse;
use crate::request;

/// Who is who: the hash of each role's credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callers(Arc<[(Role, [u8; 32])]>);

/// Why a text does not say who is who.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a list such as `executor=<hex>,api=<hex>`, each with the SHA-256 of the role's credential; {0}"
)]
pub struct CallersError(String);

impl FromStr for Callers {
    type Err = CallersError;

    fn from_str(text: &str) -> Result<Self, CallersError> {
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let callers: Vec<_> = entries.map(caller).collect::<Result<_, _>>()?;
        if callers.is_empty() {
            return Err(CallersError("the list is empty".to_owned()));
        }
        Ok(Self(callers.into()))
    }
}

fn caller(entry: &str) -> Result<(Role, [u8; 32]), CallersError> {
    let wrong = |why: &str| CallersError(why.to_owned());
    let (name, digest) = entry
        .split_once('=')
        .ok_or_else(|| wrong("an entry has no `=`"))?;
    let role = Role::ALL
        .into_iter()
        .find(|role| role.as_str() == name)
        .ok_or_else(|| wrong("a role is one of api, worker, executor, billing"))?;
    let mut sha256 = [0; 32];
    hex::decode_to_slice(digest, &mut sha256)
        .map_err(|_| wrong("a SHA-256 is 64 hexadecimal digits"))?;
    Ok((role, sha256))
}

impl Callers {
    /// One role, by this credential.
    #[must_use]
    pub fn one(role: Role, credential: &str) -> Self {
        Self([(role, Sha256::digest(credential.as_bytes()).into())].into())
    }

    /// Whose credential this is. Takes the same time whichever entry it is, or none.
    #[must_use]
    pub fn identify(&self, credential: &str) -> Option<Role> {
        let sha256: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        self.0.iter().fold(None, |found, (role, known)| {
            if bool::from(known.ct_eq(&sha256)) {
                Some(*role)
            } else {
                found
            }
        })
    }
}

/// The role that calls: an extension of every request that [`guarded`] let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential(pub Role);

/// The router of a role's internal listener: these routes below [`PREFIX`], for those whom the table lets call them,
/// with everything around it that a public one has.
pub fn guarded(routes: Router, callers: Callers, callee: Role) -> Router {
    // Within the guard, so that a stranger does not learn which routes there are.
    let router = request::answering_all(Router::new().nest(PREFIX, routes))
        // A role whose body is refused learns why; a stranger's is not read.
        .layer(map_request(async |request| linger(request)))
        .layer(from_fn_with_state((callers, callee), authenticate));
    request::surrounded(router, request::Caller::Internal)
}

async fn authenticate(
    State((callers, callee)): State<(Callers, Role)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(caller) = bearer(request.headers()).and_then(|token| callers.identify(token)) else {
        let problem = ProblemResponse::new(
            Code::Unauthenticated,
            "send `Authorization: Bearer` with a credential that this process knows: that of a role (CARTWRIGHT_INTERNAL_CALLERS), or at an executor the token that it reported to the api",
        );
        return ([(WWW_AUTHENTICATE, "Bearer")], problem).into_response();
    };
    let below = request.uri().path().strip_prefix(PREFIX);
    let path = below.map_or("", |below| below.trim_start_matches('/'));
    if !may_call(caller, callee, path) {
        let detail = format!(
            "{} may not call this of {}",
            caller.as_str(),
            callee.as_str()
        );
        return ProblemResponse::new(Code::Forbidden, detail).into_response();
    }
    request.extensions_mut().insert(Credential(caller));
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_leads_to_its_role_and_no_other_text_does() {
        let hash = |text: &str| hex::encode(Sha256::digest(text));
        let callers: Callers = format!("executor={}, api={}", hash("cw_int_e"), hash("cw_int_a"))
            .parse()
            .unwrap();
        assert_eq!(callers.identify("cw_int_e"), Some(Role::Executor));
        assert_eq!(callers.identify("cw_int_a"), Some(Role::Api));
        assert_eq!(callers.identify(""), None);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_refused_without_repeating_it() {
        for bad in ["", "executor", "nobody=00", "api=zz", "api=00"] {
            let error = bad.parse::<Callers>().unwrap_err().to_string();
            assert!(bad.is_empty() || !error.contains("zz"), "{error}");
        }
    }
}
