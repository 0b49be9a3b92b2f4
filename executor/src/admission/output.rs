//! What a function answered, held against the schema of its target. An output that breaks it is the function's failure.

use cartwright_domain::outcome::Outcome;
use cartwright_engine::{Finished, RunError, not_json};
use cartwright_schema::{Broken, Violation};

use crate::tenants::Target;

/// Violations that the message tells.
const TOLD_MAX: usize = 3;

/// The same run; ended `output_invalid` if what it wrote is no JSON, or not what the target asks for.
pub(super) fn held_to(target: &Target, mut finished: Finished) -> Finished {
    if finished.outcome != Outcome::Ok {
        return finished;
    }
    let Err(broken) = target.output.check(&finished.output) else {
        return finished;
    };
    finished.outcome = Outcome::OutputInvalid;
    finished.error = not_json(&finished.output).or_else(|| Some(unheld(&target.name, &broken)));
    finished
}

/// JSON that breaks the schema, or that the schema cannot be asked about.
fn unheld(target: &str, broken: &Broken) -> RunError {
    let message = match broken {
        Broken::Violations(violations) => told(target, violations),
        Broken::Unreadable(error) => {
            format!(
                "the function's output cannot be held against the output schema of {target}: {error}"
            )
        }
    };
    RunError {
        message,
        limit: None,
        used: None,
        exit_code: None,
        backtrace: Vec::new(),
    }
}

fn told(target: &str, violations: &[Violation]) -> String {
    let places: Vec<String> = violations
        .iter()
        .take(TOLD_MAX)
        .map(|broken| {
            format!(
                "at \"{}\": {} ({})",
                broken.pointer, broken.detail, broken.rule
            )
        })
        .collect();
    let more = match violations.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!(
        "the function's output breaks the output schema of {target}: {}{more}",
        places.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_output_is_told_by_its_first_places() {
        let violation = |at: usize| Violation {
            pointer: format!("/discounts/{at}/amount"),
            detail: "5 is not of type \"string\"".to_owned(),
            rule: "/properties/discounts/items/properties/amount/type".to_owned(),
        };
        let all: Vec<_> = (0..5).map(violation).collect();
        let message = told("cart.discount", &all);
        assert!(message.starts_with("the function's output breaks the output schema of cart.discount: at \"/discounts/0/amount\": 5 is"), "{message}");
        assert!(message.ends_with("; and 2 more"), "{message}");
        assert!(!told("cart.discount", &all[..1]).contains("more"));
    }
}
