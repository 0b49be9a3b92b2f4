//! Which deliveries a caller wants to see.

use cartwright_domain::names::FunctionName;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::shape::Status;
use super::store::Wanted;
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::store::id_of_last;
use crate::page::first_id_at;

/// Which deliveries to list. What is absent filters nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// In this state: `pending`, `running`, `succeeded`, `dead`, `cancelled` or `expired`.
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// To this function.
    #[param(value_type = Option<String>)]
    function: Option<FunctionName>,
    /// Of this subscription, by its id.
    subscription: Option<Uuid>,
    /// Of this event, by its id.
    event: Option<Uuid>,
    /// Made by this batch of replays, by its id.
    replay: Option<Uuid>,
    /// Dead for this cause, such as `trap` or `no_live_version`.
    cause: Option<String>,
    /// Queued at or after this time, RFC 3339.
    from: Option<DateTime<Utc>>,
    /// Queued before this time, RFC 3339.
    to: Option<DateTime<Utc>>,
}

impl Filter {
    pub(super) async fn wanted(
        &self,
        tx: &mut TenantTx,
        before: Option<Uuid>,
    ) -> Result<Wanted, ApiError> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(ApiError::Invalid("`from` must be before `to`".to_owned()));
        }
        let function_id = match &self.function {
            Some(name) => Some(id_of_last(tx, name.as_str()).await?.uuid()),
            None => None,
        };
        Ok(Wanted {
            status: self.status.map(Status::as_str),
            function_id,
            subscription_id: self.subscription,
            event_id: self.event,
            replay_id: self.replay,
            cause: self.cause.clone(),
            from: self.from.map(first_id_at),
            to: self.to.map(first_id_at),
            before,
        })
    }
}
