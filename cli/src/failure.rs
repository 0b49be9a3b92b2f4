//! Why a command did not do what it was asked, which exit code that is, and how it is told.

use serde_json::{Value, json};

use crate::ending::Ending;
use crate::problem::Problem;

/// What a command may fail with. Whatever has no kind of its own is `Local`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server refused, and said why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// No answer came.
    #[error("{what}: {why}")]
    Unreachable {
        /// What was tried.
        what: String,
        /// Why it failed, in one line.
        why: String,
    },
    /// There is no credential for what was asked, or it is over.
    #[error("{0}")]
    NotSignedIn(String),
    /// Something on this machine: an argument, a file, a build.
    #[error("{0:#}")]
    Local(#[from] anyhow::Error),
    /// Whoever read our output has gone, such as `head`. No reason to complain.
    #[error("nobody reads the output")]
    ReaderGone,
}

impl Failure {
    /// A failure on this machine, in a sentence.
    pub(crate) fn local(what: impl std::fmt::Display) -> Self {
        Self::Local(anyhow::anyhow!("{what}"))
    }

    /// The exit code.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Refused(problem) => problem.ending(),
            Self::Unreachable { .. } => Ending::Unreachable,
            Self::NotSignedIn(_) => Ending::NotAllowed,
            Self::Local(_) => Ending::Unusable,
            Self::ReaderGone => Ending::Done,
        }
    }

    /// As `--json` tells it: the server's own problem document, or one of the same shape.
    pub(crate) fn document(&self) -> Value {
        let code = match self {
            Self::Refused(problem) => return problem.document().clone(),
            Self::Unreachable { .. } => "unreachable",
            Self::NotSignedIn(_) => "not_signed_in",
            Self::Local(_) | Self::ReaderGone => "local",
        };
        json!({"code": code, "detail": self.to_string()})
    }
}
