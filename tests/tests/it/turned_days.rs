//! What goes when its days are over: asked of the database itself in transactions that leave nothing, and of a worker that keeps
//! house while the object store is away.

use std::time::Duration;

use cartwright_tests::{Backend, Options, Role, Stack};
use serde_json::json;
use sqlx::{Connection, PgConnection, query, query_scalar};
use uuid::Uuid;

use crate::queued::{Queue, soon};
use crate::sending::{event, new_id, send};

/// A day that is over, with an event whose data is in the object store, and a delivery of it that waits.
async fn old_day(database: &mut PgConnection) -> Uuid {
    for table in ["event", "delivery_ended"] {
        let create = format!(
            "do $$ begin execute format('create table {table}_' || to_char(now() at time zone 'UTC' - interval '40 days', 'YYYYMMDD')
                || ' partition of {table} for values from (%L) to (%L)',
                uuid_at(((now() at time zone 'UTC')::date - 40)::timestamp at time zone 'UTC'),
                uuid_at(((now() at time zone 'UTC')::date - 39)::timestamp at time zone 'UTC')); end $$"
        );
        query(sqlx::AssertSqlSafe(create))
            .execute(&mut *database)
            .await
            .unwrap();
    }
    let event = query_scalar(
        "insert into event (tenant_id, event_id, event_type, external_id, occurred_at, root_event_id, object_key, data_bytes,
            data_sha256, request_id, deliveries)
        select gen_random_uuid(), id, 'a', 'a', now(), id, 'events/' || id, 1, sha256('1'), id, 1
        from uuid_at(((now() at time zone 'UTC')::date - 40)::timestamp at time zone 'UTC' + interval '1 hour') id
        returning event_id",
    );
    let event = event.fetch_one(&mut *database).await.unwrap();
    query(
        "insert into delivery (tenant_id, delivery_id, event_id, function_id, lane, ready_at, expires_at)
        values (gen_random_uuid(), uuid_now(), $1, gen_random_uuid(), 2, 'infinity', now() + interval '1 day')",
    )
    .bind(event)
    .execute(&mut *database)
    .await
    .unwrap();
    event
}

async fn objects(database: &mut PgConnection) -> Vec<Uuid> {
    query_scalar(
        "select event_id from event_objects(30, '00000000-0000-0000-0000-000000000000', 10)",
    )
    .fetch_all(database)
    .await
    .unwrap()
}

async fn days_dropped(database: &mut PgConnection) -> i64 {
    query_scalar("select count(*) from event_drop_days(30)")
        .fetch_one(database)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_objects_of_a_day_stay_as_long_as_a_delivery_of_it_waits_and_go_with_it() {
    let mut database = Stack::shared().await.database().await;
    let mut tx = database.begin().await.unwrap();
    let event = old_day(&mut tx).await;

    assert!(objects(&mut tx).await.is_empty());
    assert_eq!(days_dropped(&mut tx).await, 0);

    query("delete from delivery where event_id = $1")
        .bind(event)
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(objects(&mut tx).await, [event]);
    assert_eq!(days_dropped(&mut tx).await, 2);
    assert!(objects(&mut tx).await.is_empty());
}

#[tokio::test]
async fn what_was_seen_long_ago_is_forgotten_some_at_a_time() {
    let mut database = Stack::shared().await.database().await;
    let mut tx = database.begin().await.unwrap();
    for insert in [
        "insert into event_seen (tenant_id, origin, external_id, event_id)
        select gen_random_uuid(), gen_random_uuid(), 'a', uuid_at(now() - interval '40 days') from generate_series(1, 5)",
        "insert into event_chain (tenant_id, root_event_id, events)
        select gen_random_uuid(), uuid_at(now() - interval '40 days'), 1 from generate_series(1, 3)",
    ] {
        query(insert).execute(&mut *tx).await.unwrap();
    }
    let mut forgotten = Vec::new();
    for _ in 0..4 {
        let some = query_scalar::<_, i64>("select event_seen_forget(30, 2)");
        forgotten.push(some.fetch_one(&mut *tx).await.unwrap());
    }
    assert_eq!(forgotten, [4, 3, 1, 0]);
}

#[tokio::test]
async fn one_worker_keeps_house_until_it_is_silent_for_long() {
    let mut database = Stack::shared().await.database().await;
    let mut tx = database.begin().await.unwrap();
    query("update event_housekeeper set held_until = '-infinity'")
        .execute(&mut *tx)
        .await
        .unwrap();
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let mut kept = Vec::new();
    for (worker, seconds) in [
        (first, 60),
        (second, 60),
        (first, 0),
        (second, 60),
        (first, 60),
    ] {
        let keeps = query_scalar::<_, bool>("select event_keep_house($1, $2)");
        let keeps = keeps.bind(worker).bind(seconds);
        kept.push(keeps.fetch_one(&mut *tx).await.unwrap());
    }
    assert_eq!(kept, [true, false, true, true, false]);
}

#[tokio::test]
async fn a_day_whose_objects_cannot_be_removed_stays_until_they_can() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    let large = event(&new_id(), "a", &json!({"text": "x".repeat(100_000)}));
    let sent = send(&stack, &ada, &large).await.expect(202).json();
    let path = format!("/v1/events/{}", sent["event_id"].as_str().expect("an id"));
    ada.get(&path).await.expect(200);
    // Its data is that of an event of a day that is over, too.
    stack.kill(Role::Worker);
    let mut queue = Queue::of(&stack, &ada).await;
    queue
        .run(
            "select event_create_days(40, 1);
            insert into event (tenant_id, event_id, event_type, external_id, occurred_at, root_event_id, object_key, data_bytes,
                data_sha256, request_id, deliveries)
            select tenant_id, uuid_at(now() - interval '33 days'), 'old', 'old', occurred_at, event_id, object_key, data_bytes,
                data_sha256, request_id, 0
            from event where object_key is not null",
        )
        .await;
    let old = "select count(*) from event where tenant_id = $tenant and event_type = 'old'";
    // A worker that is killed keeps house for some minutes more.
    let leave_house = "update event_housekeeper set held_until = '-infinity'";
    queue.run(leave_house).await;
    stack.cut(Backend::ObjectStore);

    stack.run(Role::Worker);
    soon("a turn meets no object store", async || {
        let said = "an object of an event stays for now";
        stack.log(Role::Worker).contains(said)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(queue.number(old).await, 1, "whose object nobody else knows");

    stack.mend(Backend::ObjectStore);
    ada.get(&path).await.expect(200);
    queue.run(leave_house).await;
    stack.restart(Role::Worker).await;
    soon("the next turn drops the day", async || {
        queue.number(old).await == 0
    })
    .await;
    assert_ne!(ada.get(&path).await.status, 200, "its object went first");
}
