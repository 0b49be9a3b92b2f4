//! Daily and monthly counts, and what a rule in shadow tells.

use cartwright_domain::quotas::{QuotaRule, Quotas, told_key};

use super::wire::{CUT, WHOLE};
use super::{Fleet, NOON, rule, shows};

#[tokio::test]
async fn a_daily_count_ends_at_its_limit_survives_a_flush_and_begins_anew_at_midnight() {
    let quotas = Quotas {
        daily_invocations: Some(rule(1_000)),
        ..Quotas::default()
    };
    let mut fleet = Fleet::of(8, quotas).await;
    let admitted = fleet.pass(5_000, 1_000.0).await;
    assert!((1_000..=1_030).contains(&admitted), "{admitted} of 1,000");
    assert_eq!(fleet.pass(1_000, 1_000.0).await, 0, "used up");

    shows(
        "eight executors, 1,000 a day, asked for 1,000/s",
        "at most 1,030",
        &admitted.to_string(),
    );
    fleet.used = admitted;
    fleet.command(&["FLUSHDB"]).await;
    let after = fleet.pass(3_000, 1_000.0).await;
    shows(
        "eight executors, 1,000 a day used up, Redis flushed",
        "at most 16 more",
        &after.to_string(),
    );
    assert!(after <= 16, "{after} beyond the limit after a flush");

    fleet.now_ms = NOON + 12 * 3_600_000;
    fleet.used = 0;
    let next_day = fleet.pass(5_000, 1_000.0).await;
    assert!((1_000..=1_030).contains(&next_day), "{next_day} of 1,000");
}

#[tokio::test]
async fn without_redis_a_daily_count_is_shared_out_and_paid_back() {
    let quotas = Quotas {
        daily_invocations: Some(rule(10_000)),
        ..Quotas::default()
    };
    let mut fleet = Fleet::of(8, quotas).await;
    let before = fleet.pass(2_000, 1_000.0).await;
    assert!((1_990..=2_000).contains(&before), "{before} of 2,000");
    fleet.wire_is(CUT);
    let away = fleet.pass(2_000, 2_000.0).await;
    assert!((3_980..=4_000).contains(&away), "{away} of 4,000");
    fleet.wire_is(WHOLE);
    let rest = fleet.pass(10_000, 1_000.0).await;
    let sum = before + away + rest;
    shows(
        "eight executors, 10,000 a day, Redis killed on the way",
        "at most 10,100",
        &sum.to_string(),
    );
    assert!((9_800..=10_100).contains(&sum), "{sum} of 10,000");
}

#[tokio::test]
async fn fuel_is_charged_after_the_run_and_ends_the_day() {
    let quotas = Quotas {
        daily_fuel: Some(rule(1_000_000)),
        ..Quotas::default()
    };
    let mut fleet = Fleet::of(2, quotas).await;
    let mut burned = 0_u64;
    for _ in 0..400 {
        for executor in &fleet.executors {
            burned += if executor.run(5_000) { 5_000 } else { 0 };
        }
        fleet.tick().await;
    }
    // One run of each executor may end beyond the limit, and one may have begun on what another had just taken.
    assert!((1_000_000..=1_040_000).contains(&burned), "{burned}");
}

#[tokio::test]
async fn a_shadow_refuses_nobody_and_tells_what_it_would_have_refused() {
    let quotas = Quotas {
        rate: Some(QuotaRule {
            shadow: true,
            ..rule(100)
        }),
        ..Quotas::default()
    };
    let mut fleet = Fleet::of(2, quotas).await;
    let admitted = fleet.pass(5_000, 1_000.0).await;
    assert!((4_990..=5_000).contains(&admitted), "{admitted}");
    fleet.pass(1_500, 0.0).await;
    let told = fleet
        .command(&[
            "HGET",
            &told_key(fleet.tenant, fleet.now_ms),
            "tenant:rate:shadow",
        ])
        .await;
    let told: u64 = redis::from_redis_value(told).unwrap();
    assert!((4_300..=4_550).contains(&told), "{told}");
}
