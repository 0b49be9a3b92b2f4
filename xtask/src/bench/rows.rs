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
#[derive(Clone, Copy, Default)]
pub(crate) struct Budget {
    /// Processor time per request.
    pub(crate) cpu_us: Option<f64>,
    /// Least share of the bare server's requests per second.
    pub(crate) of_bare: Option<f64>,
    /// Largest share of the processor time of another case, by its name.
    pub(crate) cpu_share_of: Option<(f64, &'static str)>,
    /// Least multiple of the requests per second of another case, by its name; not asked where that was not measured.
    pub(crate) rate_of: Option<(f64, &'static str)>,
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
    bounds: Vec<Bound>,
}

/// One part of a budget, and whether it was kept.
#[derive(Serialize)]
struct Bound {
    says: String,
    is_met: bool,
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
            let measured = |name: &str| self.measured.get(&(name.to_owned(), *connections));
            let of =
                |name: &str| measured(name).unwrap_or_else(|| panic!("{name} was not measured"));
            let mine = of(case);
            let rate_of = |other: &[Measured]| {
                let pairs = mine.iter().zip(other);
                median(
                    pairs.map(|(mine, other)| mine.requests_per_second / other.requests_per_second),
                )
            };
            let (of_bare, cpu) = (rate_of(of(bare)), median_cpu(mine));
            let mut bounds = Vec::new();
            let mut bound = |says: String, is_met: bool| bounds.push(Bound { says, is_met });
            if let Some(most) = budget.cpu_us {
                bound(format!("≤ {most} CPU µs"), cpu <= most);
            }
            if let Some(least) = budget.of_bare {
                bound(format!("≥ {least:.2} of bare"), of_bare >= least);
            }
            if let Some((most, other)) = budget.cpu_share_of {
                let is_met = cpu <= most * median_cpu(of(other));
                bound(format!("≤ {most} × CPU of {other}"), is_met);
            }
            if let Some((least, other)) = budget.rate_of
                && let Some(measured) = measured(other)
            {
                bound(
                    format!("≥ {least} × req/s of {other}"),
                    rate_of(measured) >= least,
                );
            }
            Row {
                case: case.clone(),
                connections: *connections,
                requests_per_second: median(mine.iter().map(|m| m.requests_per_second)),
                cpu_us_per_request: cpu,
                p50_us: median(mine.iter().map(|m| m.p50_us as f64)),
                p99_us: median(mine.iter().map(|m| m.p99_us as f64)),
                of_bare,
                bounds,
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
        let bounds = row.bounds.iter().map(|bound| {
            let verdict = if bound.is_met { "✓" } else { "MISSED" };
            format!("{} {verdict}", bound.says)
        });
        let budget = bounds.collect::<Vec<_>>().join(", ");
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
        assert!(table(&rows).contains("≤ 20 CPU µs MISSED, ≥ 0.50 of bare ✓"));
    }

    #[test]
    fn a_peer_that_is_not_there_is_not_asked_for_and_one_that_is_must_be_outrun() {
        let budget = Budget {
            rate_of: Some((1.5, "peer")),
            ..Budget::default()
        };
        for (peer, verdict) in [
            (None, None),
            (Some(50.0), Some("MISSED")),
            (Some(40.0), Some("✓")),
        ] {
            let mut rounds = Rounds::default();
            rounds.add("bare", 32, Budget::default(), measured(100.0, 8.0));
            rounds.add("mine", 32, budget, measured(60.0, 21.0));
            if let Some(rate) = peer {
                rounds.add("peer", 32, Budget::default(), measured(rate, 30.0));
            }
            let table = table(&rounds.rows("bare"));
            let said = table.split("≥ 1.5 × req/s of peer ").nth(1);
            assert_eq!(said.map(|said| said.lines().next().unwrap()), verdict);
        }
    }
}
