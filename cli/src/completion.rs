//! Shell completion, as clap knows it.

use clap::Command;
use clap_complete::{Shell, generate};

use crate::ending::Ending;
use crate::failure::Failure;
use crate::output::Output;

/// Print a completion script for a shell.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  source <(cartwright completion bash)
  cartwright completion zsh > ~/.zfunc/_cartwright
  cartwright completion fish > ~/.config/fish/completions/cartwright.fish")]
pub(crate) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

/// Carry it out.
pub(crate) fn completion(
    output: Output,
    mut command: Command,
    args: &CompletionArgs,
) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "cartwright", &mut script);
    output.bytes(&script)?;
    Ok(Ending::Done)
}
