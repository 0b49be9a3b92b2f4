//! `cartwright run`: one invocation on this machine, or one after every change.

use crate::build;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::local::source::SourceArgs;
use crate::local::{Workbench, shown};
use crate::project::Project;
use crate::watch::Watch;

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Run again after every change of the sources, the input or the configuration, until Ctrl-C.
    #[arg(long, short)]
    watch: bool,
}

impl From<SourceArgs> for RunArgs {
    fn from(source: SourceArgs) -> Self {
        Self {
            source,
            watch: false,
        }
    }
}

/// Run it, print the output, and say on standard error how it ended and what it used.
pub(crate) fn run(start: &Start, args: &RunArgs) -> Result<Ending, Failure> {
    let project = args.source.project(start)?;
    let workbench = Workbench::new()?;
    if !args.watch {
        return once(start, args, project, &workbench);
    }
    let mut watch = Watch::new(project, args.source.watched(project))?;
    loop {
        // What is wrong now may be right after the next change.
        if let Err(failure) = once(start, args, project, &workbench) {
            if matches!(failure, Failure::ReaderGone) {
                return Err(failure);
            }
            start.output.say(format_args!("cartwright: {failure}"));
        }
        start.output.say("watching for changes; Ctrl-C ends");
        watch.wait();
    }
}

fn once(
    start: &Start,
    args: &RunArgs,
    project: Option<&Project>,
    workbench: &Workbench,
) -> Result<Ending, Failure> {
    if let Some(project) = project {
        build::if_due(start.output, project)?;
    }
    let module = args.source.module(project)?;
    let recording = args.source.recording(start)?;
    let limits = args.source.limits(recording.as_ref());
    let target = args.source.target(project, recording.as_ref());
    let checked = workbench.check(&module, target.as_deref(), &limits)?;
    let Some(ready) = &checked.ready else {
        return build::refused(start.output, &checked.report);
    };
    let given = args
        .source
        .given(project, recording.as_ref(), &checked.report)?;
    let finished = workbench.run(ready, &given)?;
    let compared = recording
        .map(|recording| recording.compare(&checked.report, &finished))
        .transpose()?;
    shown::finished(start.output, &finished, &limits, compared.as_ref())
}
