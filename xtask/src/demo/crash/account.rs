//! The account: every invocation behind the bill, held against every answer.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::load::Sent;
use crate::demo::client::Client;
use crate::demo::usage;
use crate::interrupt;

/// How long the last records may take to the bill, after all kills.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// A sum that stood still for so long has nothing more to come: executors post batches every second.
const STILL: Duration = Duration::from_secs(5);

/// What the tenant is billed for.
pub(super) struct Bill {
    /// The invocations behind it.
    pub(super) invocations: BTreeSet<String>,
    /// Entries in the list, which is more than the above when one is on it twice.
    pub(super) entries: usize,
    /// What `/v1/usage` sums up.
    pub(super) summed: u64,
}

/// What came of it all.
pub(super) struct Verdict {
    /// Whether the promise held.
    pub(super) holds: bool,
    /// The numbers and their reasons.
    pub(super) story: String,
}

/// Wait until at least so many are billed and no more come.
pub(super) fn await_settlement(client: &Client, answered: u64) -> Result<()> {
    let until = Instant::now() + SETTLED_WITHIN;
    let (mut sum, mut since) = (usage(client)?.invocations, Instant::now());
    while sum < answered || since.elapsed() < STILL {
        interrupt::check()?;
        ensure!(
            Instant::now() < until,
            "{sum} runs are billed after {SETTLED_WITHIN:?}, and {answered} were answered"
        );
        std::thread::sleep(Duration::from_millis(250));
        let now = usage(client)?.invocations;
        if now != sum {
            (sum, since) = (now, Instant::now());
        }
    }
    Ok(())
}

impl Bill {
    /// Read it through the public routes, page by page.
    pub(super) fn read(client: &Client) -> Result<Self> {
        let (mut invocations, mut entries) = (BTreeSet::new(), 0);
        let mut page = "/v1/invocations?limit=100".to_owned();
        loop {
            interrupt::check()?;
            let list = client
                .get(&page)?
                .expect(200, "reading the invocations")?
                .json()?;
            for row in list["data"].as_array().context("a list")? {
                entries += 1;
                invocations.insert(
                    row["invocation_id"]
                        .as_str()
                        .context("an invocation has an id")?
                        .to_owned(),
                );
            }
            match list["next_cursor"].as_str() {
                Some(cursor) => page = format!("/v1/invocations?limit=100&cursor={cursor}"),
                None => break,
            }
        }
        Ok(Self {
            invocations,
            entries,
            summed: usage(client)?.invocations,
        })
    }
}

/// Hold one against the other: answered ⊆ billed ⊆ started, nothing twice. With several executors, a kill is felt only by
/// who was in flight on the one that was killed: nobody is refused.
pub(super) fn reconcile(sent: &Sent, bill: &Bill, executors: usize) -> Verdict {
    let unbilled: Vec<&String> = sent.answered.difference(&bill.invocations).collect();
    let unanswered = bill.invocations.difference(&sent.answered).count();
    let started = sent.answered.len() + sent.cut_off;
    let twice = bill.entries - bill.invocations.len();
    let sums_agree = bill.summed == bill.invocations.len() as u64;
    let others_served = executors == 1 || sent.refusals() == 0;
    let holds = unbilled.is_empty()
        && bill.invocations.len() <= started
        && twice == 0
        && sums_agree
        && others_served;
    let yes = |holds: bool| if holds { "yes" } else { "NO" };
    let lost = match unanswered {
        0 => "None of those that were cut off is on the bill: they had left no record, or had not begun to run.".to_owned(),
        _ => format!(
            "{unanswered} of those that were cut off are on the bill: their record was kept, and only the answer was lost.\n    \
             The others had left no record, or had not begun to run: nobody pays for them."
        ),
    };
    let story = format!(
        "
    answered    {answered:>8}   runs whose answer came back
    billed      {billed:>8}   runs on the bill; /v1/usage says {summed}
    started     {started:>8}   at most: answered, or cut off by a kill ({cut_off}); of {requests} requests
    refused     {refused:>8}   ran nothing{reasons}

    every answer is on the bill           {all_billed}{missing}
    nothing on the bill was not started   {all_started}
    nothing is on the bill twice          {once}
    the list and the sums agree           {agree}{others}

    {lost}
",
        answered = sent.answered.len(),
        billed = bill.invocations.len(),
        summed = bill.summed,
        cut_off = sent.cut_off,
        requests = sent.requests,
        refused = sent.refusals(),
        reasons = reasons(sent),
        all_billed = yes(unbilled.is_empty()),
        missing = unbilled.first().map(|id| format!(", {} are not, such as {id}", unbilled.len())).unwrap_or_default(),
        all_started = yes(bill.invocations.len() <= started),
        once = yes(twice == 0),
        agree = yes(sums_agree),
        others = match executors {
            1 => String::new(),
            _ => format!("\n    only what was in flight there failed  {}", yes(others_served)),
        },
    );
    Verdict { holds, story }
}

/// Why requests were refused, most of them first, each reason with what the first was told.
fn reasons(sent: &Sent) -> String {
    let mut reasons: Vec<_> = sent.refused.iter().collect();
    reasons.sort_by_key(|(_, refused)| std::cmp::Reverse(refused.count));
    reasons
        .iter()
        .map(|(reason, refused)| {
            format!(
                "\n                {count:>8}   {reason}: {detail}",
                count = refused.count,
                detail = refused.detail
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crash::load::Refused;

    fn ids(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|id| (*id).to_owned()).collect()
    }

    fn sent() -> Sent {
        Sent {
            requests: 4,
            answered: ids(&["a", "b"]),
            refused: [(
                "503 shedding".to_owned(),
                Refused {
                    count: 1,
                    detail: "it waits".to_owned(),
                },
            )]
            .into(),
            cut_off: 1,
        }
    }

    #[test]
    fn a_bill_with_every_answer_and_a_lost_one_holds() {
        let bill = Bill {
            invocations: ids(&["a", "b", "c"]),
            entries: 3,
            summed: 3,
        };
        assert!(reconcile(&sent(), &bill, 1).holds);
    }

    #[test]
    fn a_bill_without_an_answer_with_a_stranger_or_with_one_twice_does_not() {
        let bills = [
            Bill {
                invocations: ids(&["a"]),
                entries: 1,
                summed: 1,
            },
            Bill {
                invocations: ids(&["a", "b", "c", "d"]),
                entries: 4,
                summed: 4,
            },
            Bill {
                invocations: ids(&["a", "b"]),
                entries: 3,
                summed: 2,
            },
            Bill {
                invocations: ids(&["a", "b"]),
                entries: 2,
                summed: 3,
            },
        ];
        for bill in bills {
            assert!(
                !reconcile(&sent(), &bill, 1).holds,
                "{:?}",
                bill.invocations
            );
        }
    }

    #[test]
    fn one_of_several_executors_that_is_killed_costs_nobody_else_a_request() {
        let bill = || Bill {
            invocations: ids(&["a", "b"]),
            entries: 2,
            summed: 2,
        };
        assert!(reconcile(&sent(), &bill(), 1).holds);
        let refused = reconcile(&sent(), &bill(), 3);
        assert!(!refused.holds, "one was refused");
        assert!(refused.story.contains("1   503 shedding: it waits"));
    }
}
