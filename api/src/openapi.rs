//! The OpenAPI document: what is said of every operation alike. What is said of one stands at its handler.

use anyhow::Context;
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;
use crate::auth::Access;
use crate::{data_plane, router};

const BEARER: &str = "bearer";
const PROBLEM: &str = "application/problem+json";

/// Why something was not done (RFC 9457). `/docs/problems` says what each code means and what to do.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(
    dead_code,
    reason = "describes domain::Problem, which knows nothing of OpenAPI"
)]
pub(crate) struct ProblemSchema {
    /// Names the kind of problem: a page of the documentation.
    r#type: String,
    /// The same for every problem of this code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened this time, and what to do.
    detail: String,
    /// The path that was asked for.
    instance: Option<String>,
    /// The stable code.
    #[schema(example = "invalid_request")]
    code: String,
    /// The request, as our logs name it.
    request_id: Option<String>,
    /// One entry per cause, where there are several.
    #[schema(value_type = Option<Vec<Object>>)]
    errors: Option<Vec<serde_json::Value>>,
}

/// The document before any route of this process.
pub(crate) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Cartwright")
        .description(Some(
            "Tenants, functions, versions, keys, runs, usage: the control plane. What names another server is of the data plane, which runs functions.",
        ))
        .version(env!("CARGO_PKG_VERSION"));
    let mut components = Components::new();
    components
        .schemas
        .insert(ProblemSchema::name().into_owned(), ProblemSchema::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A person's access token, an API key of the tenant (`cw_live_…`), or the platform's key (`cw_platform_…`) with the header `Cartwright-Tenant: <name or id>`.",
        ))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let mut document = OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .build();
    data_plane::join(&mut document);
    document
}

/// The same route, with who may call it in its documentation, and the problems that every such route can answer with.
pub(crate) fn with_access(
    (schemas, mut paths, methods): UtoipaMethodRouter<App>,
    access: Access,
) -> UtoipaMethodRouter<App> {
    for operation in paths.paths.values_mut().flat_map(operations) {
        describe(operation, access);
    }
    (schemas, paths, methods)
}

/// Say who may call an operation, and what every such operation can answer.
pub(crate) fn describe(operation: &mut Operation, access: Access) {
    state_access(operation, access);
    state_problems(operation, access);
}

/// Every operation of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let every = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ];
    every.into_iter().flatten()
}

fn state_access(operation: &mut Operation, access: Access) {
    let (permission, roles, scopes) = match access {
        Access::Anyone => {
            operation.security = Some(vec![SecurityRequirement::default()]);
            return;
        }
        Access::Tenant(row) => (
            row.name,
            row.roles.iter().map(|role| role.as_str()).collect(),
            row.scopes.iter().map(|scope| scope.as_str()).collect(),
        ),
        Access::Platform(row) => (row.name, Vec::new(), Vec::new()),
    };
    operation.security = Some(vec![SecurityRequirement::new(BEARER, [] as [&str; 0])]);
    let extension = json!({"permission": permission, "roles": roles, "scopes": scopes});
    operation.extensions = Some(
        ExtensionsBuilder::new()
            .add("x-cartwright-access", extension)
            .build(),
    );
}

fn state_problems(operation: &mut Operation, access: Access) {
    let common = [
        (
            "400",
            "`invalid_request`: the request cannot be read or breaks a rule",
            true,
        ),
        (
            "401",
            "`unauthenticated`: no valid credential",
            !matches!(access, Access::Anyone),
        ),
        (
            "403",
            "`forbidden`: the credential does not allow this",
            !matches!(access, Access::Anyone),
        ),
        (
            "404",
            "`not_found`: no such tenant, where one is named",
            !matches!(access, Access::Anyone),
        ),
        (
            "413",
            "`input_too_large`: the body is too large",
            operation.request_body.is_some(),
        ),
        (
            "415",
            "`unsupported_media_type`: the body is of the wrong kind",
            operation.request_body.is_some(),
        ),
        ("500", "`internal`: an error on our side", true),
        (
            "503",
            "`not_ready`: something that this needs cannot be reached now",
            true,
        ),
    ];
    let responses = &mut operation.responses.responses;
    for (status, description, _) in common.into_iter().filter(|(.., applies)| *applies) {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            let problem = Ref::from_schema_name(ProblemSchema::name());
            let content = ContentBuilder::new().schema(Some(problem)).build();
            response
                .content
                .insert(PROBLEM.to_owned(), RefOr::T(content));
        }
    }
}

/// The whole document.
pub(crate) fn document() -> OpenApi {
    router::table().into_openapi()
}

/// The whole document as JSON.
pub(crate) fn document_text() -> anyhow::Result<String> {
    document()
        .to_pretty_json()
        .context("the document cannot be written")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::*;
    use crate::auth::Role;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_who_may_call_it() {
        let mut names = BTreeSet::new();
        for operation in document().paths.paths.values_mut().flat_map(operations) {
            let name = operation.operation_id.clone().unwrap();
            assert!(operation.security.is_some(), "{name}");
            assert!(operation.summary.is_some(), "{name}");
            assert!(names.insert(name.clone()), "{name} twice");
        }
        assert!(names.len() > 30, "{}", names.len());
    }

    /// The committed table of who may do what: a row changes on purpose, never by the way.
    #[test]
    fn roles_and_scopes_may_do_what_the_table_says() {
        let mut table = String::new();
        for (path, item) in &mut document().paths.paths {
            for operation in operations(item) {
                let name = operation.operation_id.clone().unwrap();
                let access = operation
                    .extensions
                    .as_ref()
                    .and_then(|all| all.get("x-cartwright-access"));
                let who = access.map_or("anyone".to_owned(), |access| {
                    let list = |what: &str| -> Vec<_> {
                        access[what]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|word| word.as_str().unwrap().to_owned())
                            .collect()
                    };
                    let roles = list("roles");
                    let marks: String = Role::ALL
                        .iter()
                        .map(|role| {
                            if roles.iter().any(|word| word == role.as_str()) {
                                role.as_str().chars().next().unwrap()
                            } else {
                                '-'
                            }
                        })
                        .collect();
                    format!(
                        "{marks} {} [{}]",
                        access["permission"].as_str().unwrap(),
                        list("scopes").join(" ")
                    )
                });
                writeln!(table, "{name:<22} {path:<50} {who}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
