//! Waits with an upload until its version is ready or refused.

use std::time::Duration;

use cartwright_domain::ids::{FunctionId, TenantId};
use tokio::time::Instant;

use super::{Status, VersionDetail, store};
use crate::app::App;
use crate::error::ApiError;

/// An upload that takes longer to compile is answered with `compiling`.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A small module is ready in a few hundred milliseconds, so the first looks come close together.
const LOOK_FIRST: Duration = Duration::from_millis(25);

/// Nobody notices half a second in half a minute.
const LOOK_LAST: Duration = Duration::from_millis(500);

/// The version as it stands once settled, or after [`WAIT_MAX`]. It holds no connection between two looks. The version is
/// stored already: a database that goes away meanwhile makes it wait longer, and only at the end fails the request.
pub(super) async fn until_settled(
    app: &App,
    tenant_id: TenantId,
    function_id: FunctionId,
    version: i32,
) -> Result<VersionDetail, ApiError> {
    let until = Instant::now() + WAIT_MAX;
    let mut pause = LOOK_FIRST;
    loop {
        let seen = look(app, tenant_id, function_id, version).await;
        match seen {
            Ok(Status::Compiling) | Err(ApiError::NotReady(_)) if Instant::now() < until => {}
            Err(error) => return Err(error),
            Ok(_) => {
                let mut tx = app.database.tenant_tx(tenant_id).await?;
                return Ok(store::find(&mut tx, function_id, version).await?.into());
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 5 / 4).min(LOOK_LAST);
    }
}

async fn look(
    app: &App,
    tenant_id: TenantId,
    function_id: FunctionId,
    version: i32,
) -> Result<Status, ApiError> {
    let mut tx = app.database.tenant_tx(tenant_id).await?;
    store::status_of(&mut tx, function_id, version).await
}
