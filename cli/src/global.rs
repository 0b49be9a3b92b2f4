//! The options that every command takes.

use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Whom to speak to, as whom, and how to print.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print results as JSON, of the shapes that the API documents; failures as problem documents on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The control plane, such as `https://cartwright.example.com`. The profile's own when absent.
    #[arg(long, global = true, env = "CARTWRIGHT_API_URL", value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// The data plane. What the control plane names when absent.
    #[arg(
        long,
        global = true,
        env = "CARTWRIGHT_INVOKE_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    pub(crate) invoke_url: Option<String>,
    /// Which of the stored sign-ins to use. The project's, or else `default`, when absent.
    #[arg(long, global = true, env = "CARTWRIGHT_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// An API key or access token to use instead of a stored sign-in. Better in the variable: others can read arguments.
    #[arg(
        long,
        global = true,
        env = "CARTWRIGHT_API_KEY",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,
    /// The tenant: which one to sign in to, or which one the platform's key acts for.
    #[arg(
        long,
        global = true,
        env = "CARTWRIGHT_TENANT",
        value_name = "NAME",
        hide_short_help = true
    )]
    pub(crate) tenant: Option<String>,
}

/// What every command starts from.
#[derive(Debug)]
pub(crate) struct Start {
    /// The options.
    pub(crate) global: Global,
    /// Where it prints.
    pub(crate) output: Output,
    /// The project around the working directory.
    pub(crate) project: Option<Project>,
}

impl Start {
    /// Look around.
    pub(crate) fn new(global: Global) -> Result<Self, Failure> {
        Ok(Self {
            output: Output::new(global.json),
            project: Project::find()?,
            global,
        })
    }
}
