//! Speaking to whoever waits: what is done now, how long it takes, and a sign of life when it takes long.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// After so long without a word, somebody begins to wonder.
const HEARTBEAT: Duration = Duration::from_secs(5);

fn started() -> Instant {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    *STARTED.get_or_init(Instant::now)
}

/// Print a line with the seconds since the start. A terminal that is gone is no reason to fail.
pub fn say(line: &str) {
    let seconds = started().elapsed().as_secs_f64();
    writeln!(std::io::stdout().lock(), "{seconds:>7.1} s  {line}").ok();
}

/// Print text as it is.
pub fn print(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// Print text a little to the right, so that it reads as belonging to the line above.
pub fn quote(text: &str) {
    let mut out = std::io::stdout().lock();
    for line in text.lines() {
        writeln!(out, "           | {line}").ok();
    }
}

/// Something that takes a while. It says that it goes on until it is dropped.
pub struct Step {
    what: String,
    began: Instant,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Step {
    /// Say what begins.
    pub fn begin(what: &str) -> Self {
        say(&format!("{what} …"));
        let (stop, stopped) = channel();
        let (began, name) = (Instant::now(), what.to_owned());
        let heart = std::thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(HEARTBEAT) {
                say(&format!("{name} … {} s so far", began.elapsed().as_secs()));
            }
        });
        Self {
            what: what.to_owned(),
            began,
            heart: Some((stop, heart)),
        }
    }

    /// Say that it is done, when it took long enough for anyone to have noticed.
    pub fn done(self) {
        let took = self.began.elapsed();
        if took > Duration::from_secs(1) {
            say(&format!(
                "{}: done in {:.1} s",
                self.what,
                took.as_secs_f64()
            ));
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.heart.take() {
            drop(stop);
            // A heart that panicked has nothing more to say.
            heart.join().ok();
        }
    }
}
