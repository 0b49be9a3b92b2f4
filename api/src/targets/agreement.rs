//! Whether a function may answer a target, asking for this part of its payload, and how much that part is.

use anyhow::Context;
use cartwright_domain::input_query::InputQuery;
use cartwright_domain::names::TargetName;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Example, store};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};

/// What a function's `input_query` makes of one example of its target.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InputCut {
    /// The example's name.
    example: String,
    /// Length of its payload in bytes.
    payload_bytes: usize,
    /// Length of what the function reads of it in bytes.
    input_bytes: usize,
}

/// What this query makes of each example of the target.
pub(crate) async fn cuts(
    tx: &mut TenantTx,
    target: &TargetName,
    input_query: &[String],
) -> Result<Vec<InputCut>, ApiError> {
    let query = parse(input_query)?;
    let examples = store::find(tx.connection(), target).await?.examples.0;
    let cut = |example: Example| {
        let payload = example.input.to_string();
        let input = query
            .cut(payload.as_bytes())
            .context("an example is JSON")?;
        Ok(InputCut {
            example: example.name,
            payload_bytes: payload.len(),
            input_bytes: input.len(),
        })
    };
    examples.into_iter().map(cut).collect()
}

/// Refuse a target that is not there, and a query that asks for what its payload does not have. The target stays as it is
/// until the transaction ends.
pub(crate) async fn agree(
    tx: &mut TenantTx,
    target: Option<&TargetName>,
    input_query: Option<&[String]>,
) -> Result<(), ApiError> {
    let query = input_query.map(parse).transpose()?;
    let Some(target) = target else {
        return match query {
            None => Ok(()),
            Some(_) => Err(refusal(
                "/input_query",
                "the function has no target, so there is no payload to ask for a part of: give it a target too".to_owned(),
            )),
        };
    };
    let Some(terms) = store::terms(tx.connection(), target).await? else {
        let names = store::names(tx.connection()).await?.join(", ");
        return Err(refusal(
            "/target",
            format!("there is no target \"{target}\"; the platform has {names}"),
        ));
    };
    let Some(query) = query else {
        return Ok(());
    };
    if !terms.input_query_allowed {
        return Err(refusal(
            "/input_query",
            format!("{target} gives every function its whole payload: send null"),
        ));
    }
    let undescribed = query.undescribed_by(&terms.input_schema);
    if undescribed.is_empty() {
        return Ok(());
    }
    let violations = undescribed.into_iter().map(|at| Violation {
        pointer: format!("/input_query/{at}"),
        detail: format!(
            "the payload of {target} has nothing at {}: GET /v1/targets/{target} shows its input_schema. A path passes through arrays without a number",
            query.paths()[at]
        ),
    });
    Err(ApiError::InvalidMembers(violations.collect()))
}

fn parse(paths: &[String]) -> Result<InputQuery, ApiError> {
    InputQuery::try_from(paths.to_vec()).map_err(|error| {
        let pointer = match error.at {
            Some(at) => format!("/input_query/{at}"),
            None => "/input_query".to_owned(),
        };
        refusal(&pointer, error.detail)
    })
}

fn refusal(pointer: &str, detail: String) -> ApiError {
    ApiError::InvalidMembers(vec![Violation {
        pointer: pointer.to_owned(),
        detail,
    }])
}
