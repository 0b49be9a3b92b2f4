//! The queue's worker: claims jobs and does them. One file per job; the queue's table is in [`store`].

mod claim;
mod compile;
mod compiler;
mod hold;
mod housekeeping;
mod replay;
mod replay_deliveries;
mod run;
pub(crate) mod store;

pub(crate) use compile::Compiling;
pub(crate) use compiler::CompilerConfig;
pub(crate) use housekeeping::{HousekeepingConfig, keep_house};
pub(crate) use run::{Worker, work};

use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::TargetName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// On which Postgres says that a job was queued. A hint: the worker also looks every second.
pub(crate) const HINT_CHANNEL: &str = "cartwright_jobs";

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Compile a version, and promote it where that was asked for.
    Compile {
        /// Of which function.
        function_id: FunctionId,
        /// Which version.
        version: i32,
        /// The target that the function was bound to at the upload.
        target: Option<TargetName>,
        /// The memory that its runs were allowed at the upload, in bytes.
        memory_bytes_max: u64,
    },
    /// Hold or release what waits for a subscription, as the subscription now says.
    HoldDeliveries {
        /// Which subscription.
        subscription_id: Uuid,
        /// The order key up to which all is released; `None` at the beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_key: Option<String>,
    },
    /// Run a batch of replays.
    Replay {
        /// Which batch.
        batch_id: Uuid,
    },
    /// Make the deliveries of a batch of replays.
    ReplayDeliveries {
        /// Which batch.
        replay_id: Uuid,
    },
}

impl Task {
    /// What takes a second: nothing that takes longer may be in its way.
    const SHORT: &[&str] = &["compile", "hold_deliveries"];

    /// What takes minutes.
    const LONG: &[&str] = &["replay", "replay_deliveries"];
}
