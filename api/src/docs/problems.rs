//! What each problem's code means and what to do about it.

use std::fmt::Write;

use cartwright_domain::problem::Code;

use super::prose;

/// The page of all of them.
pub(super) fn page() -> String {
    super::page("Problems", &table())
}

fn table() -> String {
    let mut body = String::from(
        "<p>Every error is <code>application/problem+json</code> (RFC 9457). <code>code</code> is stable; \
         <code>detail</code> says what happened this time; quote <code>request_id</code> when you ask for help.</p>\n\
         <table>\n<tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr>\n",
    );
    for code in Code::ALL {
        let (word, status, title) = (code.as_str(), code.status(), code.title());
        let advice = prose(advice(*code));
        write!(
            body,
            "<tr id=\"{word}\"><td><code>{word}</code></td><td>{status}</td><td>{title}.</td><td>{advice}</td></tr>\n"
        )
        .expect("a String takes all");
    }
    body.push_str("</table>\n");
    body
}

/// What to do about a problem of this code.
fn advice(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => {
            "Read `detail`, and `errors[]` where there are several; change the request. The same request again gives the same answer."
        }
        Code::Unauthenticated => {
            "Send `Authorization: Bearer` with a credential that is good now. An access token lives ten minutes: refresh it."
        }
        Code::Forbidden => "`detail` names the permission that is missing and who has it.",
        Code::NotFound => {
            "Check the name, and that the credential is of the tenant that owns it: what belongs to another tenant is not found either."
        }
        Code::MethodNotAllowed => "See `/docs` for the methods of this route.",
        Code::Conflict => {
            "`detail` says with what it clashes. Read the present state, then decide."
        }
        Code::IdempotencyInProgress => {
            "Wait for the first request to end, then send this one again."
        }
        Code::IdempotencyMismatch => {
            "Use a new `Idempotency-Key` for a new request, and a new `id` for a new event."
        }
        Code::RequestTimeout => {
            "Send it again, faster: the whole body within the time that `detail` names."
        }
        Code::LoopDetected => {
            "Events cause each other without an end: let the last of them cause nothing, or send what is no consequence without `parent`."
        }
        Code::InputTooLarge => "Send less: `limit` is the most that is taken, in bytes.",
        Code::UnsupportedMediaType => "Send the `Content-Type` that `detail` names.",
        Code::ModuleInvalid => {
            "`errors[]` has every finding: what, where in the module, the limit and what to do. Build the module anew and upload it again."
        }
        Code::SpendCapReached => {
            "Functions are stopped until the next billing period, or until the spend cap is raised."
        }
        Code::RateLimited => "Wait as long as `Retry-After` says.",
        Code::ConcurrencyLimited => {
            "Wait for runs to end, or lower how many are started at the same time."
        }
        Code::QuotaExceeded => "Wait for the quota to begin anew, or ask for a larger plan.",
        Code::Shedding => "Try again after `Retry-After`, with growing pauses. Nothing was billed.",
        Code::NotReady => "Try again shortly. Nothing was billed.",
        Code::Internal => {
            "Try again; if it stays, report it with its `request_id`. Nothing was billed."
        }
        Code::FuelExhausted => {
            "The function burned more fuel than its limit: look for a loop that grows with the input, or raise the limit within the plan."
        }
        Code::MemoryExceeded => {
            "The function asked for more memory than its limit: keep less of the input at once, or raise the limit within the plan."
        }
        Code::StackOverflow => {
            "The function's calls nest too deep: look for recursion without an end."
        }
        Code::DeadlineExceeded => "The function ran longer than its wall-clock limit.",
        Code::Trap => {
            "The function did what a module may not do. `backtrace` names the functions, innermost first."
        }
        Code::Exited => "The function ended itself with an error: its log says why.",
        Code::OutputTooLarge => "The function wrote more output than its limit.",
        Code::OutputInvalid => {
            "The function's output is not JSON, or not what its target asks for."
        }
        Code::BudgetExceeded => "The caller's time budget ended before the function did.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_anchor() {
        let page = page();
        for code in Code::ALL {
            assert!(
                page.contains(&format!("id=\"{}\"", code.as_str())),
                "{}",
                code.as_str()
            );
        }
    }
}
