//! What is replayed: a function that still runs, its versions and configurations, and the request that repeats a run of it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::{FunctionId, InvocationId, TenantId};
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::FunctionName;
use cartwright_domain::outcome::{Outcome, Trigger};
use cartwright_domain::problem::{Code, Problem};
use cartwright_domain::wire::{
    GivenConfiguration, LogStatus, Record, Retention, RunRequest, WhichVersion,
};

use super::side::Side;
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions;
use crate::internal::snapshot::retention_of;
use crate::invocations;
use crate::settings;
use crate::versions::{self, Status};

/// A recorded run with the input that it had.
pub(super) struct Recorded {
    pub(super) side: Side,
    pub(super) input: Vec<u8>,
    pub(super) seed_id: InvocationId,
}

impl Recorded {
    /// The run of this record. Without its input there is nothing to repeat; then the refusal says why, and what to set.
    pub(super) async fn load(
        tx: &mut TenantTx,
        record: &Record,
        run_log_days: u16,
    ) -> Result<Self, ApiError> {
        let log = invocations::store::log_of(tx, record.invocation_id).await?;
        let Some(log) = log else {
            return Err(not_kept(tx, record, run_log_days).await?);
        };
        let (side, input) = Side::recorded(record, log)?;
        Ok(Self {
            side,
            input,
            seed_id: record.seed_id,
        })
    }
}

async fn not_kept(
    tx: &mut TenantTx,
    record: &Record,
    run_log_days: u16,
) -> Result<ApiError, ApiError> {
    let status = invocations::log_status(tx, record, run_log_days).await?;
    let detail = match status {
        LogStatus::Retained => {
            "the input of this run is still on its way; try again in a second".to_owned()
        }
        LogStatus::Expired => {
            format!("the input of this run is gone: run logs are kept for {run_log_days} days")
        }
        LogStatus::Dropped => {
            "the input of this run was lost: its executor had more run logs than it could send"
                .to_owned()
        }
        LogStatus::Off => {
            let kept = match retention_of(&invocations::store::retention(tx).await?)? {
                Retention::None => "no run logs",
                Retention::Errors => "run logs of failed runs only",
                Retention::All => "run logs of all runs by now",
            };
            format!(
                "the input of this run was not kept, since the tenant keeps {kept}: set `run_log_retention` to `all` with PATCH /v1/tenant, and runs from then on can be replayed"
            )
        }
    };
    let problem = Problem::new(Code::Conflict, detail).with(
        "log_status",
        serde_json::to_value(status).map_err(anyhow::Error::from)?,
    );
    Ok(ApiError::Problem(Box::new(problem)))
}

/// A function that still runs.
pub(crate) struct Subject {
    tenant_id: TenantId,
    pub(super) function_id: FunctionId,
    name: FunctionName,
    generation: u64,
    configurations: HashMap<u32, GivenConfiguration>,
}

impl Subject {
    /// The function with this id. One that was deleted runs no more, and another may have its name.
    pub(super) async fn of(tx: &mut TenantTx, function_id: FunctionId) -> Result<Self, ApiError> {
        let name = functions::store::name_of_living(tx, function_id).await?;
        let name = name.ok_or_else(|| {
            ApiError::Conflict("the function of this run was deleted and runs no more".to_owned())
        })?;
        Ok(Self {
            tenant_id: tx.tenant(),
            function_id,
            name: name.parse().map_err(anyhow::Error::from)?,
            generation: versions::store::generation(tx).await?,
            configurations: HashMap::new(),
        })
    }

    /// Refuse a version that is not there or cannot run.
    pub(super) async fn check_version(
        &self,
        tx: &mut TenantTx,
        version: u32,
    ) -> Result<(), ApiError> {
        let number = i32::try_from(version).map_err(|_| ApiError::NotFound("version"))?;
        match versions::store::status_of(tx, self.function_id, number).await? {
            Status::Ready => Ok(()),
            Status::Compiling => Err(ApiError::Conflict(format!(
                "version {version} is still being compiled; try again when it is ready"
            ))),
            Status::Refused => Err(ApiError::Conflict(format!(
                "version {version} was refused and cannot run; its report says why"
            ))),
        }
    }

    /// The configuration of this version, read once.
    pub(super) async fn configuration(
        &mut self,
        tx: &mut TenantTx,
        config_version: u32,
    ) -> Result<GivenConfiguration, ApiError> {
        if let Some(known) = self.configurations.get(&config_version) {
            return Ok(known.clone());
        }
        let read = settings::store::given(tx, self.function_id, config_version).await?;
        self.configurations.insert(config_version, read.clone());
        Ok(read)
    }

    /// The request that repeats a run on this version with this configuration.
    pub(super) fn repeat(
        &self,
        recorded: &Recorded,
        version: u32,
        configuration: GivenConfiguration,
    ) -> RunRequest {
        RunRequest {
            tenant_id: self.tenant_id,
            generation_min: self.generation,
            function: self.name.clone(),
            which: WhichVersion::Version(version),
            trigger: Trigger::Replay,
            invocation_id: None,
            input: STANDARD.encode(&recorded.input),
            limits: limits(&recorded.side, version),
            seed_id: Some(recorded.seed_id),
            configuration: Some(configuration),
        }
    }
}

/// The limit that stopped the recorded run stops the same version again, be it higher by now.
fn limits(recorded: &Side, version: u32) -> LimitOverrides {
    let mut limits = LimitOverrides::default();
    let Some(limit) = recorded.limit().filter(|_| recorded.version == version) else {
        return limits;
    };
    match recorded.outcome {
        Outcome::FuelExhausted => limits.fuel = Some(limit),
        Outcome::MemoryExceeded => limits.memory_bytes_max = Some(limit),
        Outcome::OutputTooLarge => limits.output_bytes_max = u32::try_from(limit).ok(),
        _ => {}
    }
    limits
}
