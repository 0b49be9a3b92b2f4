//! Concurrency: places for runs at once, over the fleet.

use cartwright_domain::quotas::Quotas;

use super::{Fleet, Pass, rule, shows};

#[tokio::test]
async fn runs_at_once_are_counted_over_the_fleet_and_a_dead_executors_places_return() {
    let mut fleet = Fleet::of(8, concurrency(40)).await;
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

#[tokio::test]
async fn runs_that_come_over_from_a_dead_executor_find_room_at_once_while_the_fleet_has_it() {
    let mut fleet = Fleet::of(3, concurrency(1_000)).await;
    let mut running: Vec<Vec<Pass>> = (0..3).map(|_| Vec::new()).collect();
    for _ in 0..80 {
        for (executor, runs) in fleet.executors.iter().zip(&mut running) {
            runs.clear();
            runs.extend((0..8).filter_map(|_| executor.begin()));
        }
        fleet.tick().await;
    }
    fleet.executors.pop();
    running.pop();
    for (executor, runs) in fleet.executors.iter().zip(&mut running) {
        runs.extend((8..12).filter_map(|_| executor.begin()));
    }
    let each: Vec<usize> = running.iter().map(Vec::len).collect();
    assert_eq!(each, [12, 12]);
}

#[tokio::test]
async fn who_goes_ahead_of_its_places_takes_one_equal_share_more_for_one_tick() {
    let mut fleet = Fleet::of(4, concurrency(100)).await;
    let mut running: Vec<Vec<Pass>> = (0..4).map(|_| Vec::new()).collect();
    for _ in 0..80 {
        for (executor, runs) in fleet.executors.iter().zip(&mut running) {
            runs.clear();
            runs.extend(executor.begin());
        }
        fleet.tick().await;
    }
    // All at once, by news that is old by then.
    let mut most = 0;
    for _ in 0..40 {
        for (executor, runs) in fleet.executors.iter().zip(&mut running) {
            runs.extend((0..100).map_while(|_| executor.begin()));
        }
        most = most.max(running.iter().map(Vec::len).sum::<usize>());
        fleet.tick().await;
    }
    shows(
        "four executors, 100 at once, jump from 4 to all they get",
        "96 to 125",
        &most.to_string(),
    );
    assert!((96..=125).contains(&most), "{most} at once");
}

fn concurrency(limit: u64) -> Quotas {
    Quotas {
        concurrency: Some(rule(limit)),
        ..Quotas::default()
    }
}
