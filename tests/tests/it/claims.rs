//! What workers take, and under which lease: what the database refuses them, and what several have between them.

use std::time::Duration;

use cartwright_tests::{Options, Role, Stack};
use sqlx::Connection;

use crate::guests;
use crate::queued::{Queue, soon};

/// The workers that the database knows.
async fn workers(queue: &mut Queue) -> Vec<uuid::Uuid> {
    sqlx::query_scalar("select worker_id from queue_worker order by worker_id")
        .fetch_all(&mut queue.database)
        .await
        .expect("workers")
}

#[tokio::test]
async fn a_worker_whose_claim_the_database_refuses_keeps_its_lease() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("{}")).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let subscription = queue.subscribe("f", &[]).await;
    queue.send(subscription, 1, &[]).await;
    queue.ended(1).await;
    let before = workers(&mut queue).await;

    // Whoever waits for a lock for 5 s is refused.
    let mut locking = stack.database().await;
    let mut locking = locking.begin().await.expect("a transaction");
    sqlx::query("lock table delivery in access exclusive mode")
        .execute(&mut *locking)
        .await
        .expect("a lock");
    let hint = format!(
        "select pg_notify('cartwright_deliveries', '{}')",
        queue.tenant_id
    );
    queue.run(&hint).await;
    soon("a claim is refused", async || {
        stack.log(Role::Worker).contains("cannot take deliveries")
    })
    .await;
    locking.rollback().await.expect("the lock is given back");

    queue.send(subscription, 3, &[]).await;
    queue.ended(4).await;
    assert_eq!(workers(&mut queue).await, before);
}

/// How many pairs of runs went on at the same time, by what the executor measured of each.
const AT_ONCE: &str = "with run as (
        select d.delivery_id, d.started_at as began, d.started_at + m.duration_us * interval '1 microsecond' as ended
        from delivery_ended d
        join meter_record m on m.tenant_id = d.tenant_id and m.invocation_id = d.invocation_id
        where d.tenant_id = $tenant and d.subscription_id = $subscription
    )
    select count(*) from run one join run two on one.delivery_id < two.delivery_id
    where one.began < two.ended and two.began < one.ended";

#[tokio::test]
async fn two_workers_never_run_two_at_once_of_a_subscription_that_allows_one() {
    let stack = Stack::start(Options {
        more_workers: 1,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", guests::busy(3_000_000)).await;
    let mut queue = Queue::of(&stack, &ada).await;
    let one = queue.subscribe("busy", &[("concurrency", "1")]).await;
    let many = queue.subscribe("busy", &[]).await;
    soon("both workers are known", async || {
        workers(&mut queue).await.len() == 2
    })
    .await;
    // Each hears of the other when it renews its lease, every 4 s while the database answers at once.
    tokio::time::sleep(Duration::from_secs(15)).await;

    queue.send(one, 60, &[]).await;
    queue.send(many, 60, &[]).await;

    let endings = queue.ended(120).await;
    let succeeded = endings.iter().filter(|one| one.status == "succeeded");
    assert_eq!(succeeded.count(), 120);
    assert_eq!(queue.billed(120).await, 120);
    let of = |subscription| AT_ONCE.replace("$subscription", &format!("'{subscription}'"));
    assert_eq!(queue.number(&of(one)).await, 0);
    assert!(
        queue.number(&of(many)).await > 0,
        "those without a bound show what this would find"
    );
}
