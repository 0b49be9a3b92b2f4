//! One attempt: ask an executor to run the function under the stored id, and judge what came of it. The judgement is pure.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cartwright_domain::ids::{InvocationId, RequestId, TenantId};
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_domain::outcome::{Outcome, Trigger};
use cartwright_domain::problem::{Code, Problem};
use cartwright_domain::wire::{RETRY_AFTER_S, RunRequest, RunResult, WhichVersion};

use super::claimed::Claimed;
use crate::clients::executors::{Executors, NotRun};
use crate::clients::object_store::ObjectStore;
use crate::events::input::{TransformError, input_of};
use crate::messages::output::FunctionOutput;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// The function returned, with the data of a message where its output goes somewhere.
    Succeeded { output: Option<String> },
    /// The same again would end the same.
    Dead { cause: String, error: String },
    /// The function had its attempt, and the next may go better.
    Failed { cause: String, error: String },
    /// Nothing of the function's: the same attempt once more, free.
    Fault {
        code: String,
        error: String,
        /// For whom it is too much, and for how long.
        pressure: Option<Pressure>,
    },
}

impl Verdict {
    /// What it is called in metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Dead { .. } => "dead",
            Self::Failed { .. } => "failed",
            Self::Fault {
                pressure: Some(_), ..
            } => "refused",
            Self::Fault { pressure: None, .. } => "fault",
        }
    }
}

/// Who asked for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressure {
    /// The executors, or nobody answers at all.
    Executors(Duration),
    /// The function's or its tenant's own limit of runs at a time.
    Concurrency,
    /// The function's or its tenant's rate or quota.
    Function(Duration),
}

/// Waits that an executor asks for are believed up to this.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Run it.
pub(super) async fn attempt(
    delivery: &mut Claimed,
    executors: &Executors,
    object_store: &ObjectStore,
) -> Verdict {
    let request = match input(delivery, object_store).await {
        Ok(input) => request(delivery, &input),
        Err(verdict) => return verdict,
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return ours(format!("{error:#}")),
    };
    let request_id = delivery
        .request_id
        .map_or_else(RequestId::new, RequestId::from);
    judge(delivery, executors.deliver(&request, request_id).await)
}

fn ours(error: String) -> Verdict {
    Verdict::Fault {
        code: Code::NotReady.as_str().to_owned(),
        error,
        pressure: None,
    }
}

async fn input(delivery: &mut Claimed, object_store: &ObjectStore) -> Result<Bytes, Verdict> {
    let event = delivery.event();
    let data = event
        .data(object_store)
        .await
        .map_err(|error| ours(format!("the event's data cannot be fetched: {error}")))?;
    let made = match delivery.transform.clone() {
        None => input_of(&event, &data, None),
        // A transform may take as long as many deliveries.
        Some(transform) => {
            let made = move || input_of(&event, &data, Some(&transform));
            let made = tokio::task::spawn_blocking(made).await;
            made.map_err(|panic| ours(format!("a transform did not end: {panic}")))?
        }
    };
    made.map_err(|error| {
        if matches!(error, TransformError::Unreadable(_)) {
            // What it says quotes the tenant's own words, and stands in the delivery.
            tracing::error!(
                tenant_id = %delivery.tenant_id,
                delivery_id = %delivery.delivery_id,
                "a transform that could be read when it was stored cannot be read any more"
            );
        }
        of_transform(&error)
    })
}

fn of_transform(error: &TransformError) -> Verdict {
    let text = error.to_string();
    match error {
        // It could be read when it was stored, so whatever mends it is ours to do.
        TransformError::Unreadable(_) => Verdict::Fault {
            code: Code::Internal.as_str().to_owned(),
            error: text,
            pressure: None,
        },
        TransformError::Failed(_) => Verdict::Dead {
            cause: "transform_failed".to_owned(),
            error: text,
        },
    }
}

fn request(delivery: &Claimed, input: &[u8]) -> anyhow::Result<RunRequest> {
    let alias = match &delivery.alias {
        Some(alias) => alias.parse()?,
        None => AliasName::live(),
    };
    Ok(RunRequest {
        tenant_id: TenantId::from(delivery.tenant_id),
        generation_min: u64::try_from(delivery.generation)?,
        function: delivery.function_name.parse::<FunctionName>()?,
        which: WhichVersion::Alias(alias),
        trigger: match delivery.schedule_id {
            Some(_) => Trigger::Schedule,
            None => Trigger::Event,
        },
        invocation_id: Some(InvocationId::from(delivery.invocation_id)),
        input: STANDARD.encode(input),
        limits: LimitOverrides::default(),
        seed_id: Some(InvocationId::from(delivery.seed_id)),
        configuration: None,
    })
}

fn judge(delivery: &Claimed, ran: Result<RunResult, NotRun>) -> Verdict {
    match ran {
        Ok(result) => of_result(delivery, result),
        Err(not_run) => of_no_result(not_run),
    }
}

fn of_no_result(not_run: NotRun) -> Verdict {
    match not_run {
        NotRun::Unreachable {
            error,
            may_have_run,
        } => Verdict::Fault {
            code: "not_ready".to_owned(),
            error,
            pressure: (!may_have_run).then_some(Pressure::Executors(Duration::from_secs(1))),
        },
        NotRun::StartedAnew => Verdict::Fault {
            code: "not_ready".to_owned(),
            error: "the executor was started a moment ago and has not reported yet".to_owned(),
            pressure: Some(Pressure::Executors(Duration::from_millis(300))),
        },
        NotRun::Refused(problem) => of_problem(&problem),
    }
}

fn of_result(delivery: &Claimed, result: RunResult) -> Verdict {
    let message = || match &result.error {
        Some(error) => error.message.clone(),
        None => format!("the run ended {}", result.outcome),
    };
    let cause = result.outcome.as_str().to_owned();
    match result.outcome {
        Outcome::Ok => Verdict::Succeeded {
            output: output_of(delivery, &result),
        },
        Outcome::PlatformFault => Verdict::Fault {
            code: cause,
            error: message(),
            pressure: None,
        },
        outcome if outcome.would_repeat() => Verdict::Dead {
            cause,
            error: message(),
        },
        _ => Verdict::Failed {
            cause,
            error: message(),
        },
    }
}

/// The data of the message that carries the output to where the subscription wants it.
fn output_of(delivery: &Claimed, result: &RunResult) -> Option<String> {
    let subscription_id = delivery.subscription_id?;
    delivery.output_endpoint_id?;
    let output = STANDARD.decode(&result.output).ok()?;
    let ran = FunctionOutput {
        delivery_id: delivery.delivery_id,
        event_id: delivery.event_id,
        subscription_id,
        function: &delivery.function_name,
        invocation_id: result.invocation_id,
        output: &output,
    };
    ran.data().ok()
}

fn of_problem(problem: &Problem) -> Verdict {
    let error = problem.detail.clone();
    let asked = problem
        .members
        .get(RETRY_AFTER_S)
        .and_then(serde_json::Value::as_u64);
    let wait = Duration::from_secs(asked.unwrap_or(1)).min(WAIT_MAX);
    let code = problem.code.as_str().to_owned();
    let fault = |pressure| Verdict::Fault {
        code: code.clone(),
        error: error.clone(),
        pressure,
    };
    match problem.code {
        // What the tenant has of the function is told with the generation, so it is really not there.
        Code::NotFound => Verdict::Failed {
            cause: "no_live_version".to_owned(),
            error,
        },
        Code::InvalidRequest | Code::InputTooLarge => Verdict::Dead { cause: code, error },
        Code::ConcurrencyLimited => fault(Some(Pressure::Concurrency)),
        Code::RateLimited | Code::QuotaExceeded => fault(Some(Pressure::Function(wait))),
        // A cap is lifted, and a suspension, or the delivery expires.
        Code::SpendCapReached | Code::Forbidden => fault(Some(Pressure::Function(WAIT_MAX))),
        Code::Shedding | Code::NotReady => fault(Some(Pressure::Executors(wait))),
        _ => fault(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressions::Failure;

    fn refused(code: Code) -> Verdict {
        let problem = Problem::new(code, "why").with(RETRY_AFTER_S, 7);
        of_no_result(NotRun::Refused(Box::new(problem)))
    }

    #[test]
    fn what_the_function_cannot_help_is_free_and_says_who_needs_a_rest() {
        let seven = Duration::from_secs(7);
        let pressure = |verdict| match verdict {
            Verdict::Fault { pressure, .. } => pressure,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            pressure(refused(Code::Shedding)),
            Some(Pressure::Executors(seven))
        );
        assert_eq!(
            pressure(refused(Code::RateLimited)),
            Some(Pressure::Function(seven))
        );
        assert_eq!(
            pressure(refused(Code::ConcurrencyLimited)),
            Some(Pressure::Concurrency)
        );
        assert_eq!(pressure(refused(Code::Internal)), None);
        let lost = of_no_result(NotRun::Unreachable {
            error: "cut".to_owned(),
            may_have_run: true,
        });
        assert_eq!(pressure(lost), None);
    }

    #[test]
    fn an_input_that_is_too_large_stays_so_and_a_version_may_come() {
        assert!(matches!(refused(Code::InputTooLarge), Verdict::Dead { .. }));
        assert!(matches!(refused(Code::NotFound), Verdict::Failed { .. }));
    }

    #[test]
    fn a_transform_that_cannot_be_read_is_ours_and_one_that_fails_the_tenants() {
        let unreadable = TransformError::Unreadable("line 1, column 7: …".to_owned());
        assert!(matches!(
            of_transform(&unreadable),
            Verdict::Fault { pressure: None, .. }
        ));
        let failed = TransformError::Failed(Failure::TooCostly(1_000_000));
        assert!(matches!(of_transform(&failed), Verdict::Dead { .. }));
    }
}
