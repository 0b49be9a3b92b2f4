//! Rates: how much a fleet lets through in any span of time, with Redis and without.

use super::wire::{CUT, SLOW, WHOLE};
use super::{Fleet, rate, shows};

#[tokio::test]
async fn eight_executors_at_ten_times_the_load_admit_the_limit() {
    let mut fleet = Fleet::of(8, rate(1_000)).await;
    let first = fleet.pass(1_000, 10_000.0).await;
    assert!(
        (1_000..=2_300).contains(&first),
        "{first} in the first second, with its burst of 1,000"
    );
    let mut sum = 0;
    for second in 0..20 {
        let admitted = fleet.pass(1_000, 10_000.0).await;
        assert!(
            (900..=1_100).contains(&admitted),
            "{admitted} in second {second}"
        );
        sum += admitted;
    }
    shows(
        "eight executors, 1,000/s, asked for 10,000/s",
        "970 to 1,020/s",
        &format!("{}/s", per_second(sum, 20)),
    );
    assert!((19_400..=20_400).contains(&sum), "{sum} in 20 s");
}

#[tokio::test]
async fn a_small_tenant_gets_its_rate_however_its_requests_are_spread() {
    for offered in [10.0, 13.0, 100.0] {
        let mut fleet = Fleet::of(8, rate(10)).await;
        fleet.pass(3_000, offered).await;
        let admitted = fleet.pass(20_000, offered).await;
        shows(
            &format!("eight executors, 10/s, asked for {offered}/s"),
            "at least 9.5/s",
            &format!("{}/s", per_second(admitted, 20)),
        );
        assert!(
            (190..=212).contains(&admitted),
            "{admitted} of 200 in 20 s at {offered}/s"
        );
    }
}

#[tokio::test]
async fn below_its_rate_nobody_is_refused() {
    let mut fleet = Fleet::of(8, rate(1_000)).await;
    let admitted = fleet.pass(10_000, 800.0).await;
    shows(
        "eight executors, 1,000/s, asked for 800/s",
        "800/s",
        &format!("{}/s", per_second(admitted, 10)),
    );
    assert!((7_990..=8_000).contains(&admitted), "{admitted} of 8,000");
}

#[tokio::test]
async fn without_redis_each_executor_keeps_to_its_share() {
    let mut fleet = Fleet::of(8, rate(1_000)).await;
    fleet.pass(3_000, 10_000.0).await;
    fleet.wire_is(CUT);
    let away = fleet.pass(60_000, 10_000.0).await;
    shows(
        "eight executors, 1,000/s, asked for 10,000/s, Redis killed for 60 s",
        "at most 1,100/s",
        &format!("{}/s", per_second(away, 60)),
    );
    assert!(
        (57_000..=66_000).contains(&away),
        "{away} of 60,000 in a minute"
    );
    fleet.wire_is(WHOLE);
    fleet.pass(1_000, 10_000.0).await;
    let back = fleet.pass(5_000, 10_000.0).await;
    assert!(
        (4_800..=5_200).contains(&back),
        "{back} of 5,000 afterwards"
    );
}

#[tokio::test]
async fn a_redis_that_takes_200_ms_is_as_good_as_away() {
    let mut fleet = Fleet::of(8, rate(1_000)).await;
    fleet.pass(3_000, 10_000.0).await;
    fleet.wire_is(SLOW);
    let slow = fleet.pass(60_000, 10_000.0).await;
    shows(
        "eight executors, 1,000/s, asked for 10,000/s, Redis slowed to 200 ms for 60 s",
        "at most 1,100/s",
        &format!("{}/s", per_second(slow, 60)),
    );
    assert!(
        (57_000..=66_000).contains(&slow),
        "{slow} of 60,000 in a minute"
    );
}

#[tokio::test]
async fn a_flush_gives_one_more_burst_and_no_more() {
    let mut fleet = Fleet::of(8, rate(1_000)).await;
    fleet.pass(3_000, 10_000.0).await;
    let before = fleet.pass(5_000, 10_000.0).await;
    fleet.command(&["FLUSHDB"]).await;
    let after = fleet.pass(55_000, 10_000.0).await;
    let sum = before + after;
    shows(
        "eight executors, 1,000/s, asked for 10,000/s, Redis flushed within 60 s",
        "at most 1,100/s",
        &format!("{}/s", per_second(sum, 60)),
    );
    assert!(
        (59_000..=62_000).contains(&sum),
        "{sum} of 60,000 in a minute, and a burst of 1,000"
    );
}

fn per_second(admitted: u64, seconds: u64) -> String {
    let tenths = admitted * 10 / seconds;
    format!("{}.{}", tenths / 10, tenths % 10)
}
