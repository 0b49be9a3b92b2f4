//! Signing up, in and out.

use axum::extract::State;
use cartwright_role::extract::Json;

use crate::app::App;
use crate::auth::Anyone;

/// The public key of access tokens
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_jwks",
    tag = "Sessions",
    responses((status = 200, description = "A JWK set", body = serde_json::Value))
)]
pub(crate) async fn jwks(_: Anyone, State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.tokens.jwks())
}
