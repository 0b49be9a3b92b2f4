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
        .routes(route!(crate::sessions::sign_up))
        .routes(route!(crate::sessions::log_in))
        .routes(route!(crate::sessions::refresh))
        .routes(route!(crate::sessions::log_out))
        .routes(route!(crate::members::accept))
        .routes(route!(crate::sessions::jwks))
        .routes(route!(crate::tenants::get))
        .routes(route!(crate::tenants::update))
        .routes(route!(crate::members::list))
        .routes(route!(crate::members::invite))
        .routes(route!(crate::members::update))
        .routes(route!(crate::members::remove))
        .routes(route!(crate::keys::create))
        .routes(route!(crate::keys::list))
        .routes(route!(crate::keys::revoke))
        .routes(route!(crate::audit::list))
        .routes(route!(crate::platform::list))
        .routes(route!(crate::platform::create))
        .routes(route!(crate::platform::get))
        .routes(route!(crate::platform::update))
        .routes(route!(crate::fleet::list))
        .routes(route!(crate::fleet::drain))
        .routes(route!(crate::fleet::undrain))
        .routes(route!(crate::fleet::forget))
        .routes(route!(crate::targets::operator::list))
        .routes(route!(crate::targets::operator::create))
        .routes(route!(crate::targets::operator::get))
        .routes(route!(crate::targets::operator::put))
        .routes(route!(crate::targets::operator::delete))
        .routes(route!(crate::targets::list))
        .routes(route!(crate::targets::get))
        .routes(route!(crate::targets::bindings::list))
        .routes(route!(crate::targets::bindings::put))
        .routes(route!(crate::quotas::get_of_tenant))
        .routes(route!(crate::quotas::put_of_tenant))
        .routes(route!(crate::functions::create))
        .routes(route!(crate::functions::list))
        .routes(route!(crate::functions::get))
        .routes(route!(crate::functions::update))
        .routes(route!(crate::functions::delete))
        .routes(route!(crate::versions::upload))
        .routes(route!(crate::versions::list))
        .routes(route!(crate::versions::get))
        .routes(route!(crate::versions::test))
        .routes(route!(crate::aliases::list))
        .routes(route!(crate::aliases::put))
        .routes(route!(crate::aliases::moves))
        .routes(route!(crate::gates::put))
        .routes(route!(crate::gates::get))
        .routes(route!(crate::gates::delete))
        .routes(route!(crate::settings::put))
        .routes(route!(crate::settings::get))
        .routes(route!(crate::settings::history))
        .routes(route!(crate::invocations::list))
        .routes(route!(crate::invocations::get))
        .routes(route!(crate::logs::search))
        .routes(route!(crate::logs::watch))
        .routes(route!(crate::replays::replay))
        .routes(route!(crate::replays::recording))
        .routes(route!(crate::replays::create))
        .routes(route!(crate::replays::list))
        .routes(route!(crate::replays::get))
        .routes(route!(crate::replays::cancel))
        .routes(route!(crate::replays::results))
        .routes(route!(crate::usage::get))
        .routes(route!(crate::quotas::list))
        .routes(route!(crate::quotas::get_of_function))
        .routes(route!(crate::quotas::put_of_function))
        .routes(route!(crate::billing::plan))
        .routes(route!(crate::billing::estimate))
}
