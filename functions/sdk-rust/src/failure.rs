//! Why a function gives no answer, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use crate::AmountError;

/// What went wrong, with the words for whoever has to put it right.
#[derive(Debug)]
pub enum Failure {
    /// The platform sent what the function cannot read. Exit code 1.
    Input(String),
    /// The merchant's settings make no sense. Exit code 2.
    Settings(String),
    /// The answer could not be written. Exit code 3.
    Output(String),
}

impl Failure {
    /// The same for every function here, in every language, so that a caller can tell whose turn it is.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Input(_) => ExitCode::from(1),
            Failure::Settings(_) => ExitCode::from(2),
            Failure::Output(_) => ExitCode::from(3),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Input(why) => write!(f, "input: {why}"),
            Failure::Settings(why) => write!(f, "settings: {why}"),
            Failure::Output(why) => write!(f, "output: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<AmountError> for Failure {
    /// The sums of a function are over what the platform sent.
    fn from(error: AmountError) -> Self {
        Failure::Input(error.to_string())
    }
}
