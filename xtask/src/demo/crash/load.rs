//! The load: threads that invoke without a pause and keep what came of each request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::demo::FUNCTION;
use crate::demo::client::{Answer, Client};

/// What became of all requests.
#[derive(Default)]
pub(super) struct Sent {
    /// Requests that were begun.
    pub(super) requests: usize,
    /// The invocation of each answer to a run.
    pub(super) answered: BTreeSet<String>,
    /// Requests that ran nothing, by what was said: a status with the problem's code, or that nobody listened.
    pub(super) refused: BTreeMap<String, Refused>,
    /// Requests that went out and got no answer: a kill cut them off, and they may have run.
    pub(super) cut_off: usize,
}

/// Requests that were refused for one reason.
#[derive(Default)]
pub(super) struct Refused {
    /// How many.
    pub(super) count: usize,
    /// What the first of them was told.
    pub(super) detail: String,
}

/// A load that goes on until it is told to stop.
pub(super) struct Load {
    threads: Vec<JoinHandle<Sent>>,
    answered: Arc<AtomicUsize>,
}

impl Load {
    /// Begin with so many requests in flight.
    pub(super) fn start(
        client: &Client,
        input: &[u8],
        in_flight: usize,
        stop: &Arc<AtomicBool>,
    ) -> Self {
        let answered = Arc::new(AtomicUsize::new(0));
        let thread = |_| {
            let (client, input, stop, answered) = (
                client.clone(),
                input.to_vec(),
                stop.clone(),
                answered.clone(),
            );
            std::thread::spawn(move || invoke(&client, &input, &stop, &answered))
        };
        let threads = (0..in_flight).map(thread).collect();
        Self { threads, answered }
    }

    /// Answers so far.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Wait for what is in flight, and sum up.
    pub(super) fn finish(self) -> Sent {
        let mut all = Sent::default();
        for sent in self
            .threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
        {
            all.requests += sent.requests;
            all.answered.extend(sent.answered);
            for (reason, refused) in sent.refused {
                let sum = all.refused.entry(reason).or_default();
                if sum.count == 0 {
                    sum.detail = refused.detail;
                }
                sum.count += refused.count;
            }
            all.cut_off += sent.cut_off;
        }
        all
    }
}

fn invoke(client: &Client, input: &[u8], stop: &AtomicBool, answered: &AtomicUsize) -> Sent {
    let mut sent = Sent::default();
    while !stop.load(Ordering::SeqCst) {
        sent.requests += 1;
        match client.invoke(FUNCTION, input) {
            Ok(answer) if !answer.header("Cartwright-Invocation-Id").is_empty() => {
                sent.answered
                    .insert(answer.header("Cartwright-Invocation-Id").to_owned());
                answered.fetch_add(1, Ordering::Relaxed);
            }
            // The proxy before several executors says so when one that had taken the request was lost.
            Ok(answer) if answer.status == 502 => {
                sent.cut_off += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(answer) => {
                let (reason, detail) = said(&answer);
                sent.refuse(reason, detail);
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) if nobody_listened(&error) => {
                sent.refuse("nobody listened".to_owned(), error.to_string());
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(_) => {
                sent.cut_off += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
    sent
}

impl Sent {
    fn refuse(&mut self, reason: String, detail: String) {
        let refused = self.refused.entry(reason).or_default();
        if refused.count == 0 {
            refused.detail = detail;
        }
        refused.count += 1;
    }

    /// Requests that ran nothing.
    pub(super) fn refusals(&self) -> usize {
        self.refused.values().map(|refused| refused.count).sum()
    }
}

/// The status and code of a refusal, and its detail.
fn said(answer: &Answer) -> (String, String) {
    let at = |pointer| {
        answer
            .text_at(pointer)
            .unwrap_or_else(|_| "no problem document".to_owned())
    };
    (format!("{} {}", answer.status, at("/code")), at("/detail"))
}

/// Whether there was no connection to send a request over.
fn nobody_listened(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<ureq::Error>() {
        Some(ureq::Error::ConnectionFailed) => true,
        Some(ureq::Error::Io(error)) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}
