//! `cartwright replay`: a recorded run once more, on this machine.

use std::path::PathBuf;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::local::source::SourceArgs;
use crate::run;

#[derive(clap::Args)]
pub(crate) struct ReplayArgs {
    /// The recorded run: its id, or a file with what `GET /v1/invocations/{id}/recording` answered. Input, configuration,
    /// target, clock, randomness and limits are those of that run.
    #[arg(value_name = "RUN")]
    recorded: String,
    /// The module, a `.wasm` file. When absent: that of the project, built first where its sources are newer.
    module: Option<PathBuf>,
}

/// Run it once more, and say whether output and fuel are the recorded ones.
pub(crate) fn replay(start: &Start, args: &ReplayArgs) -> Result<Ending, Failure> {
    let source = SourceArgs::of_recorded(args.module.clone(), args.recorded.clone());
    run::run(start, &source.into())
}
