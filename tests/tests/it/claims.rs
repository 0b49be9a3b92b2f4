//! What workers take, and under which lease: what the database refuses them, and what several have between them.

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
