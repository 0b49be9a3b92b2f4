//! A refusal as a server tells it: an RFC 9457 document, read leniently, since a server may be newer than its command line.

use std::fmt;

use serde_json::{Value, json};

use crate::ending::Ending;

/// A problem document, and the status that it came with.
#[derive(Debug)]
pub(crate) struct Problem {
    status: u16,
    document: Value,
    /// When to try again, as the server says: seconds, or a date.
    retry_after: Option<String>,
}

impl Problem {
    /// A document of the server's that did not come as a refusal.
    pub(crate) fn new(status: u16, document: Value) -> Self {
        Self {
            status,
            document,
            retry_after: None,
        }
    }

    /// Read one from an answer. What is no problem document, such as a proxy's own page, becomes one.
    pub(crate) fn read(status: u16, body: &[u8], url: &str) -> Self {
        let document = serde_json::from_slice::<Value>(body)
            .ok()
            .filter(|document| document["code"].is_string())
            .unwrap_or_else(|| {
                json!({
                    "code": "unexpected_answer",
                    "status": status,
                    "detail": format!("{url} answered {status} without a problem document; is this Cartwright's address?"),
                })
            });
        Self::new(status, document)
    }

    /// The same, with what `Retry-After` said.
    pub(crate) fn retried_after(mut self, retry_after: Option<&str>) -> Self {
        self.retry_after = retry_after.map(str::to_owned);
        self
    }

    /// The same, with a word on what to do.
    pub(crate) fn advising(mut self, advice: &str) -> Self {
        let detail = format!("{}; {advice}", self.detail());
        self.document["detail"] = json!(detail);
        self
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        self.text("code")
    }

    /// What happened this time.
    pub(crate) fn detail(&self) -> &str {
        self.text("detail")
    }

    /// The document as it came.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// A list in the document; empty when it is absent.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.document[name].as_array().map_or(&[], Vec::as_slice)
    }

    /// A text in the document; empty when it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.document[name].as_str().unwrap_or_default()
    }

    /// The exit code. A status that stands for several codes is told apart by the code.
    pub(crate) fn ending(&self) -> Ending {
        match (self.status, self.code()) {
            (401 | 403, _) => Ending::NotAllowed,
            (404, _) => Ending::NotFound,
            (409, _) => Ending::Conflict,
            (402 | 413 | 429, _) => Ending::Limited,
            (422, "idempotency_mismatch" | "loop_detected") => Ending::Unusable,
            (422, _) => Ending::FunctionFailed,
            (500.., _) => Ending::Unreachable,
            _ => Ending::Unusable,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.detail())?;
        for error in self.list("errors") {
            write!(f, "\n  - {}", Entry(error))?;
        }
        if let Some(after) = &self.retry_after {
            // Seconds, or a date as HTTP writes it.
            let is_seconds = after.bytes().all(|byte| byte.is_ascii_digit());
            let when = if is_seconds { "in" } else { "after" };
            let unit = if is_seconds { " s" } else { "" };
            write!(f, "\n  try again {when} {after}{unit}")?;
        }
        for function in self.list("backtrace") {
            write!(f, "\n    in {}", function.as_str().unwrap_or_default())?;
        }
        let log = self.text("log_tail").trim_end();
        if !log.is_empty() {
            write!(f, "\n  the end of its log:")?;
            for line in log.lines() {
                write!(f, "\n    {line}")?;
            }
        }
        if !self.text("invocation_id").is_empty() {
            write!(f, "\n  run {}", self.text("invocation_id"))?;
        }
        if !self.text("request_id").is_empty() {
            write!(f, "\n  request {}", self.text("request_id"))?;
        }
        Ok(())
    }
}

/// One entry of `errors[]`: a finding of the compiler, a violation of a schema, or whatever has text.
pub(crate) struct Entry<'a>(pub(crate) &'a Value);

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &str| self.0[name].as_str().filter(|text| !text.is_empty());
        let what = text("what")
            .or_else(|| text("detail"))
            .or_else(|| text("message"));
        let Some(what) = what else {
            return match self.0 {
                Value::String(text) => f.write_str(text),
                other => write!(f, "{other}"),
            };
        };
        f.write_str(what)?;
        if let Some(place) = text("where").or_else(|| text("pointer")) {
            write!(f, " (at {place})")?;
        }
        match (text("value"), text("limit")) {
            (Some(value), Some(limit)) => write!(f, ": {value}, the limit is {limit}")?,
            (None, Some(limit)) => write!(f, "; the limit is {limit}")?,
            _ => {}
        }
        if let Some(advice) = text("do") {
            write!(f, "\n    {advice}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_a_code_make_an_exit_code() {
        let ending = |status, code| {
            Problem::read(status, json!({"code": code}).to_string().as_bytes(), "").ending()
        };
        assert_eq!(ending(422, "fuel_exhausted"), Ending::FunctionFailed);
        assert_eq!(ending(422, "idempotency_mismatch"), Ending::Unusable);
        assert_eq!(ending(402, "spend_cap_reached"), Ending::Limited);
        assert_eq!(ending(503, "shedding"), Ending::Unreachable);
        assert_eq!(ending(409, "conflict"), Ending::Conflict);
    }

    #[test]
    fn who_may_come_again_is_told_when() {
        let body = json!({"code": "rate_limited", "detail": "too fast"}).to_string();
        let told = |after| Problem::read(429, body.as_bytes(), "").retried_after(after);
        assert_eq!(told(None).to_string(), "rate_limited: too fast");
        let in_seconds = told(Some("7")).to_string();
        assert_eq!(in_seconds, "rate_limited: too fast\n  try again in 7 s");
        let at_a_time = told(Some("Sun, 22 Nov 2026 00:00:00 GMT")).to_string();
        assert!(at_a_time.ends_with("try again after Sun, 22 Nov 2026 00:00:00 GMT"));
    }

    #[test]
    fn a_page_of_a_proxy_becomes_a_problem() {
        let problem = Problem::read(502, b"<html>Bad Gateway</html>", "https://x.test/v1/tenant");
        assert_eq!(problem.code(), "unexpected_answer");
        assert_eq!(problem.ending(), Ending::Unreachable);
    }

    #[test]
    fn every_finding_stands_on_a_line_with_what_to_do_below() {
        let body = json!({"code": "module_invalid", "detail": "refused", "errors": [
            {"what": "the module is large", "limit": "8 MiB", "value": "9 MiB", "do": "strip it"},
            {"what": "an import is unknown", "where": "import 3", "do": "remove it"},
        ]});
        let problem = Problem::read(422, body.to_string().as_bytes(), "");
        let told = "module_invalid: refused\n  - the module is large: 9 MiB, the limit is 8 MiB\n    strip it\n  - an import is unknown (at import 3)\n    remove it";
        assert_eq!(problem.to_string(), told);
    }
}
