//! Every route of the public listener, in one table.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::openapi;

/// One row of the table: a handler with a guard, its path and its documentation.
macro_rules! route {
    ($($handler:tt)+) => {
        crate::openapi::with_access(
            utoipa_axum::routes!($($handler)+),
            crate::auth::access_of(&$($handler)+),
        )
    };
}

/// The routes and the OpenAPI document that they make.
pub(crate) fn table() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(route!(crate::sessions::jwks))
}
