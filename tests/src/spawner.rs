//! The one thread that starts processes: the kernel ends a role when the thread that started it ends, and a test's
//! thread ends with its test. This one ends with the test binary, so no role outlives that.

use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use anyhow::Result;
use xtask::process::{Program, Running};

type Job = (Program, Sender<Result<Running>>);

/// Start a program from the thread that lives as long as the binary.
pub(crate) fn spawn(program: Program) -> Result<Running> {
    static JOBS: OnceLock<Sender<Job>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (sender, receiver) = channel::<Job>();
        std::thread::spawn(move || {
            for (program, answer) in receiver {
                // Whoever asked may have given up; then its child is dropped and thereby ended.
                answer.send(program.spawn()).ok();
            }
        });
        sender
    });
    let (answer, started) = channel();
    jobs.send((program, answer))
        .expect("the spawner lives as long as the binary");
    started.recv().expect("the spawner answers each job")
}
