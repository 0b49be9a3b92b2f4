//! Concurrency: places for runs at once, over the fleet.

use cartwright_domain::quotas::Quotas;

use super::{Fleet, Pass, rule, shows};

#[tokio::test]
async fn runs_at_once_are_counted_over_the_fleet_and_a_dead_executors_places_return() {
    let quotas = Quotas {
        concurrency: Some(rule(40)),
        ..Quotas::default()
    };
    let mut fleet = Fleet::of(8, quotas).await;
    // Uneven on purpose: all want more than there is, one of them twice as much.
    let mut running: Vec<Vec<Pass>> = (0..8).map(|_| Vec::new()).collect();
    for _ in 0..80 {
        for (at, runs) in running.iter_mut().enumerate() {
            runs.clear();
            let tries = if at == 0 { 40 } else { 20 };
            runs.extend((0..tries).filter_map(|_| fleet.executors[at].begin()));
        }
        let at_once: usize = running.iter().map(Vec::len).sum();
        assert!(at_once <= 48, "{at_once} at once");
        fleet.tick().await;
    }
    let each: Vec<usize> = running.iter().map(Vec::len).collect();
    let at_once: usize = each.iter().sum();
    shows(
        "eight executors, 40 at once, asked for 180",
        "32 to 40",
        &at_once.to_string(),
    );
    assert!((32..=40).contains(&at_once), "{each:?}");
    assert!(each.iter().all(|runs| (3..=12).contains(runs)), "{each:?}");

    // One alone has it all, once the others want nothing, be they quiet or dead.
    for runs in &mut running[1..] {
        runs.clear();
    }
    let dead = fleet.executors.split_off(4);
    drop(dead);
    for _ in 0..240 {
        running[0].clear();
        running[0].extend((0..60).filter_map(|_| fleet.executors[0].begin()));
        fleet.tick().await;
    }
    assert_eq!(running[0].len(), 40);
}
