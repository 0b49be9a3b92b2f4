//! Rating against an oracle in another language, and by its laws, over random price sheets and usages. The seed is
//! printed, and may be given as `RATING_SEED`.

use std::io::Write;
use std::process::{Command, Stdio};

use cartwright_billing::rating::{Price, RatedLine, Tier, rate, to_minor_units};
use cartwright_domain::money::{Currency, Pico};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

/// How many random cases the oracle sees.
const CASES: usize = 5_000;

/// A price with random tiers, a usage that mostly lies at the edge of one, and a currency.
fn case() -> impl Strategy<Value = (Price, BigInt, Currency)> {
    // Multiples of half a minor unit, so that amounts often lie exactly between two of them.
    let halves = (
        1..400_i128,
        prop::sample::select(vec![500_000_000_i128, 5_000_000_000, 500_000_000_000]),
    );
    let halves = halves.prop_map(|(times, half)| times * half);
    let unit_price = prop_oneof![
        Just(0_i128),
        1..1_000_000_000_000_i128,
        1..1_000_i128,
        halves
    ];
    let lengths = prop_oneof![1..1_000_u64, 1..1_000_000_000_000_u64];
    let tiers = prop::collection::vec((lengths, unit_price.clone()), 0..5);
    let currency = prop::sample::select(vec!["USD", "JPY", "KWD"]);
    let usage = (
        any::<prop::sample::Index>(),
        -2..3_i64,
        any::<u64>(),
        0..4_u8,
    );
    (
        tiers,
        unit_price,
        prop_oneof![Just(0_u32), 0..10_u32],
        currency,
        usage,
    )
        .prop_map(
            |(tiers, last_price, unit_digits, currency, (edge, off, anything, kind))| {
                let mut end = BigInt::zero();
                let mut edges = vec![BigInt::zero()];
                let mut price = Price {
                    meter: "fuel".to_owned(),
                    title: "Fuel".to_owned(),
                    unit: "a unit".to_owned(),
                    unit_digits,
                    tiers: Vec::new(),
                };
                for (length, unit_price) in tiers {
                    end += length;
                    edges.push(end.clone());
                    price.tiers.push(Tier {
                        up_to: Some(end.clone()),
                        unit_price: Pico(unit_price),
                    });
                }
                price.tiers.push(Tier {
                    up_to: None,
                    unit_price: Pico(last_price),
                });
                let used = match kind {
                    0 => BigInt::from(anything) * 1_000_000_u64,
                    1 => BigInt::from(anything % 1_000),
                    _ => (edge.get(&edges) + off).max(BigInt::zero()),
                };
                let currency = Currency::try_from(currency.to_owned()).expect("a currency");
                (price, used, currency)
            },
        )
}

fn seeded() -> TestRunner {
    let seed: u64 = std::env::var("RATING_SEED").ok().map_or_else(
        || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.expect("after 1970").as_nanos() as u64
        },
        |text| text.parse().expect("RATING_SEED is a number"),
    );
    println!("RATING_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(2_000)
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// What the oracle says of each line.
fn ask_oracle(lines: &str) -> Vec<Vec<(String, String)>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rating_oracle.py");
    let mut oracle = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is on PATH");
    let mut stdin = oracle.stdin.take().expect("piped");
    let lines = lines.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).expect("it reads"));
    let output = oracle.wait_with_output().expect("it ends");
    writing.join().expect("it was written");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn every_line_agrees_with_exact_fractions_in_another_language() {
    let mut runner = seeded();
    let cases: Vec<_> = (0..CASES)
        .map(|_| case().new_tree(&mut runner).expect("a case").current())
        .collect();
    let mut lines = String::new();
    for (price, used, currency) in &cases {
        let tiers = price.tiers.iter().map(|tier| {
            json!([
                tier.up_to.as_ref().map(ToString::to_string),
                tier.unit_price.to_string()
            ])
        });
        let case = json!({
            "used": used.to_string(),
            "unit_digits": price.unit_digits,
            "minor_digits": currency.minor_digits(),
            "tiers": tiers.collect::<Vec<_>>(),
        });
        lines += &format!("{case}\n");
    }

    let expected = ask_oracle(&lines);

    assert_eq!(expected.len(), CASES);
    let (mut nonzero, mut ties) = (0, 0);
    for ((price, used, currency), expected) in cases.iter().zip(expected) {
        let lines = rate(used, price);
        let ours: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.quantity.to_string(),
                    to_minor_units(&line.amount, *currency).to_string(),
                )
            })
            .collect();
        let is_tie = |line: &&RatedLine<'_>| {
            let halves =
                &line.amount * BigInt::from(10).pow(currency.minor_digits()) * BigInt::from(2);
            halves.is_integer() && halves.to_integer().bit(0)
        };
        ties += lines.iter().filter(is_tie).count();
        nonzero += ours.iter().filter(|(_, amount)| amount != "0").count();
        assert_eq!(ours, expected, "{used} by {price:?}");
    }
    assert!(
        ties > CASES / 50,
        "only {ties} amounts lay between two minor units: rounding is not tried"
    );
    assert!(
        nonzero > CASES / 4,
        "only {nonzero} lines cost anything: the cases prove little"
    );
}

fn total(used: &BigInt, price: &Price) -> BigRational {
    rate(used, price)
        .iter()
        .map(|line| line.amount.clone())
        .sum()
}

#[test]
fn tiers_take_all_of_the_usage_and_more_usage_never_costs_less() {
    let law = |(price, used, _): (Price, BigInt, Currency)| {
        let taken: BigInt = rate(&used, &price).iter().map(|line| &line.quantity).sum();
        prop_assert_eq!(&taken, &used);
        prop_assert!(total(&(&used + 1), &price) >= total(&used, &price));
        Ok(())
    };
    seeded().run(&case(), law).expect("the law holds");
}

#[test]
fn one_price_for_all_costs_the_same_however_the_usage_is_split() {
    let law = |((mut price, used, _), at): ((Price, BigInt, Currency), u32)| {
        price.tiers.drain(..price.tiers.len() - 1);
        let first = &used / (at.max(1));
        let split = total(&first, &price) + total(&(&used - &first), &price);
        prop_assert_eq!(split, total(&used, &price));
        Ok(())
    };
    seeded()
        .run(&(case(), any::<u32>()), law)
        .expect("the law holds");
}
