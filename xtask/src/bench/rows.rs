//! What was measured, gathered over the rounds, and the table that shows it.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// One measurement, as `cartwright-load drive` prints it.
#[derive(Clone, Deserialize)]
pub(crate) struct Measured {
    /// Answers with status 200.
    pub(crate) ok: u64,
    /// Answers with another status.
    pub(crate) refused: u64,
    /// Requests without an answer.
    pub(crate) broken: u64,
    /// Answers with status 200 per second.
    pub(crate) requests_per_second: f64,
    /// Processor time of the server per answer.
    pub(crate) cpu_us_per_request: Option<f64>,
    /// Median latency.
    pub(crate) p50_us: u64,
    /// 99th percentile of the latency.
    pub(crate) p99_us: u64,
}

/// What a case may cost.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Budget {
    /// Processor time per request.
    pub(crate) cpu_us: Option<f64>,
    /// Least share of the bare server's requests per second.
    pub(crate) of_bare: Option<f64>,
    /// Largest share of the processor time of another case, by its name.
    pub(crate) cpu_share_of: Option<(f64, &'static str)>,
}

/// One line of the table: medians over the rounds.
#[derive(Serialize)]
pub(crate) struct Row {
    case: String,
    connections: usize,
    requests_per_second: f64,
    cpu_us_per_request: f64,
    p50_us: f64,
    p99_us: f64,
    /// Requests per second over those of bare axum, round by round.
    of_bare: f64,
    budget: Budget,
    within_budget: bool,
}

/// Every measurement of every case, in the order in which the cases first came.
#[derive(Default)]
pub(crate) struct Rounds {
    cases: Vec<(String, usize, Budget)>,
    measured: BTreeMap<(String, usize), Vec<Measured>>,
}

impl Rounds {
    /// Keep one measurement.
    pub(crate) fn add(
        &mut self,
        case: &str,
        connections: usize,
        budget: Budget,
        measured: Measured,
    ) {
        let key = (case.to_owned(), connections);
        if !self.measured.contains_key(&key) {
            self.cases.push((case.to_owned(), connections, budget));
        }
        self.measured.entry(key).or_default().push(measured);
    }

    /// The table's lines; ratios are taken to `bare` within the same round.
    pub(crate) fn rows(&self, bare: &str) -> Vec<Row> {
        let line = |(case, connections, budget): &(String, usize, Budget)| {
            let of = |name: &str| &self.measured[&(name.to_owned(), *connections)];
            let (mine, floor) = (of(case), of(bare));
            let ratios = mine
                .iter()
                .zip(floor)
                .map(|(mine, floor)| mine.requests_per_second / floor.requests_per_second);
            let (of_bare, cpu) = (median(ratios), median_cpu(mine));
            Row {
                case: case.clone(),
                connections: *connections,
                requests_per_second: median(mine.iter().map(|m| m.requests_per_second)),
                cpu_us_per_request: cpu,
                p50_us: median(mine.iter().map(|m| m.p50_us as f64)),
                p99_us: median(mine.iter().map(|m| m.p99_us as f64)),
                of_bare,
                budget: *budget,
                within_budget: budget.cpu_us.is_none_or(|most| cpu <= most)
                    && budget.of_bare.is_none_or(|least| of_bare >= least)
                    && budget
                        .cpu_share_of
                        .is_none_or(|(most, other)| cpu <= most * median_cpu(of(other))),
            }
        };
        self.cases.iter().map(line).collect()
    }
}

fn median_cpu(measured: &[Measured]) -> f64 {
    median(measured.iter().filter_map(|m| m.cpu_us_per_request))
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The table as text.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "\n  {:<34}{:>6}{:>10}{:>10}{:>9}{:>9}{:>9}   budget\n",
        "case", "conns", "req/s", "CPU µs", "p50 µs", "p99 µs", "of bare"
    );
    for row in rows {
        let mut budget = String::new();
        if let Some(most) = row.budget.cpu_us {
            write!(budget, "≤ {most} CPU µs ").expect("a string takes it");
        }
        if let Some(least) = row.budget.of_bare {
            write!(budget, "≥ {least:.2} of bare ").expect("a string takes it");
        }
        if let Some((most, other)) = row.budget.cpu_share_of {
            write!(budget, "≤ {most} × CPU of {other} ").expect("a string takes it");
        }
        if !budget.is_empty() {
            budget += if row.within_budget { "✓" } else { "MISSED" };
        }
        writeln!(
            text,
            "  {:<34}{:>6}{:>10.0}{:>10.1}{:>9.0}{:>9.0}{:>9.2}   {budget}",
            row.case,
            row.connections,
            row.requests_per_second,
            row.cpu_us_per_request,
            row.p50_us,
            row.p99_us,
            row.of_bare
        )
        .expect("a string takes it");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(requests_per_second: f64, cpu: f64) -> Measured {
        Measured {
            ok: 1,
            refused: 0,
            broken: 0,
            requests_per_second,
            cpu_us_per_request: Some(cpu),
            p50_us: 1,
            p99_us: 2,
        }
    }

    #[test]
    fn a_ratio_is_taken_within_its_round() {
        let mut rounds = Rounds::default();
        // The machine was half as fast in the second round; the ratio is the same.
        for (bare, mine) in [(100.0, 60.0), (50.0, 30.0), (100.0, 60.0)] {
            rounds.add("bare", 32, Budget::default(), measured(bare, 8.0));
            rounds.add(
                "mine",
                32,
                Budget {
                    cpu_us: Some(20.0),
                    of_bare: Some(0.5),
                    ..Budget::default()
                },
                measured(mine, 21.0),
            );
        }
        let rows = rounds.rows("bare");
        assert!((rows[1].of_bare - 0.6).abs() < 1e-9);
        assert!(!rows[1].within_budget, "21 µs are over the budget of 20");
        assert!(table(&rows).contains("MISSED"));
    }
}
