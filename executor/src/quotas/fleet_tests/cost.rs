//! What a decision costs, whatever becomes of Redis.

use cartwright_domain::quotas::Quotas;

use super::wire::{CUT, SLOW, WHOLE};
use super::{Fleet, rule, shows};

#[tokio::test]
async fn a_decision_costs_well_below_a_microsecond() {
    let quotas = |most| Quotas {
        rate: Some(rule(most)),
        concurrency: Some(rule(1_000)),
        daily_invocations: Some(rule(1_000_000_000)),
        daily_fuel: Some(rule(1_000_000_000_000)),
        ..Quotas::default()
    };
    for (most, state, flushes, what) in [
        (1_000_000, WHOLE, false, "admitted"),
        (1_000_000, CUT, false, "admitted, Redis killed"),
        (1_000_000, SLOW, false, "admitted, Redis slowed to 200 ms"),
        (1_000_000, WHOLE, true, "admitted, Redis flushed"),
        (1, WHOLE, false, "refused"),
        (1, CUT, false, "refused, Redis killed"),
    ] {
        let mut fleet = Fleet::of(1, quotas(most)).await;
        fleet.pass(1_000, 1.0).await;
        fleet.wire_is(state);
        let (mut admitted, mut ns) = (0_u64, 0);
        for _ in 0..5 {
            if flushes {
                fleet.command(&["FLUSHDB"]).await;
            }
            fleet.pass(1_500, 1.0).await;
            let began_ns = thread_cpu_ns();
            for _ in 0..200_000 {
                admitted += u64::from(fleet.executors[0].run(100));
            }
            ns += thread_cpu_ns() - began_ns;
        }
        let each = ns / 1_000_000;
        shows(
            &format!("one decision by four rules, {what}"),
            "at most 1,000 ns of CPU",
            &format!("{each} ns"),
        );
        assert!(each <= 1_000, "{what}: {each} ns");
        assert_eq!(admitted > 500_000, most > 1, "{what}: {admitted}");
    }
}

/// What this thread has run so far. The kernel brings it up to date every few milliseconds.
fn thread_cpu_ns() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse().unwrap()
}
