//! Schedules: functions that run by the clock, once whoever fires them.

use std::process::Stdio;
use std::time::Duration;

use cartwright_tests::{Role, Stack, Tenant, eventually};
use chrono::{DateTime, Timelike, Utc};
use serde_json::{Value, json};

use crate::receiver::{Receiver, status};
use crate::receivers::{Ada, WITHIN, receiving};

async fn ada_with_function() -> Tenant {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("report").await;
    ada
}

async fn create(ada: &Tenant, more: Value) -> Value {
    let mut new = json!({"function": "report", "cron": "30 2 * * *", "timezone": "Europe/Berlin"});
    new.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    ada.post("/v1/schedules", &new).await.expect(201).json()
}

fn path(schedule: &Value) -> String {
    format!("/v1/schedules/{}", schedule["id"].as_str().unwrap())
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a time").parse().expect("a time")
}

/// As the owner of the database: let this firing be the next.
async fn turn_back(stack: &Stack, schedule: &Value, to: DateTime<Utc>) {
    let turned = sqlx::query("update schedule set next_at = $1 where schedule_id = $2::uuid")
        .bind(to)
        .bind(schedule["id"].as_str().unwrap())
        .execute(&mut stack.database().await)
        .await
        .unwrap();
    assert_eq!(turned.rows_affected(), 1);
}

/// The times of the events that a schedule made, and how many deliveries there are of them, live or ended.
async fn fired(stack: &Stack, schedule: &Value) -> (Vec<DateTime<Utc>>, i64) {
    let (mut database, id) = (stack.database().await, schedule["id"].as_str().unwrap());
    let times = sqlx::query_scalar(
        "select occurred_at from event where schedule_id = $1::uuid order by occurred_at",
    )
    .bind(id)
    .fetch_all(&mut database)
    .await
    .unwrap();
    let deliveries = sqlx::query_scalar(
        "select count(*) from event e join (
            select tenant_id, event_id, delivery_id from delivery union select tenant_id, event_id, delivery_id from delivery_ended
        ) d using (tenant_id, event_id) where e.schedule_id = $1::uuid",
    )
    .bind(id)
    .fetch_one(&mut database)
    .await
    .unwrap();
    (times, deliveries)
}

/// Wait until the schedule waits for a firing to come.
async fn moved_on(ada: &Tenant, schedule: &Value) -> Value {
    eventually("the schedule moves on", WITHIN, async || {
        let found = ada.get(&path(schedule)).await.expect(200).json();
        (time(&found["next_runs"][0]) > Utc::now()).then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_schedule_shows_its_next_five_runs_and_is_paused_changed_and_deleted() {
    let ada = ada_with_function().await;
    let created = create(&ada, json!({"input": {"b": 1.0, "a": [1]}})).await;
    let runs = created["next_runs"].as_array().unwrap();
    assert_eq!(runs.len(), 5);
    for run in runs {
        let berlin = time(run);
        assert!(
            (0..=1).contains(&berlin.hour()) && berlin.minute() == 30,
            "{run}"
        );
    }
    assert_eq!(
        (&created["missed"], &created["paused"]),
        (&json!("once"), &json!(false))
    );
    let answer = ada.get(&path(&created)).await.expect(200);
    assert!(
        answer.text().contains(r#"{"b":1.0,"a":[1]}"#),
        "{}",
        answer.text()
    );

    let paused = ada
        .patch(&path(&created), &json!({"paused": true}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&paused["next_runs"], &paused["paused_because"]),
        (&json!([]), &Value::Null)
    );
    let change = json!({"paused": false, "cron": "0 12 * * MON", "timezone": "UTC", "missed": "all", "input": 7});
    let changed = ada.patch(&path(&created), &change).await.expect(200).json();
    for (member, value) in change.as_object().unwrap() {
        assert_eq!(&changed[member], value, "{member}");
    }
    assert_eq!(time(&changed["next_runs"][0]).hour(), 12);
    assert_eq!(
        ada.get("/v1/schedules").await.json()["data"],
        json!([changed])
    );

    ada.delete(&path(&created)).await.expect(204);
    ada.get(&path(&created)).await.expect(404);
    ada.delete(&path(&created)).await.expect(404);
    ada.post(&format!("{}/run", path(&created)), &Value::Null)
        .await
        .expect(404);
    let log = ada.get("/v1/audit").await.text();
    for action in ["schedule.create", "schedule.update", "schedule.delete"] {
        assert!(log.contains(action), "{action}");
    }
}

#[tokio::test]
async fn a_schedule_is_previewed_before_it_is_created_and_nothing_comes_of_it() {
    let ada = ada_with_function().await;
    let rule = json!({"cron": "30 2 * * *", "timezone": "Europe/Berlin"});
    let preview = ada.post("/v1/schedules/preview", &rule).await.expect(200);
    assert_eq!(ada.get("/v1/schedules").await.json()["data"], json!([]));
    let created = create(&ada, json!({})).await;
    assert_eq!(preview.json(), json!({"next": created["next_runs"]}));
    let in_utc = json!({"cron": "30 2 * * *"});
    let in_utc = ada.post("/v1/schedules/preview", &in_utc).await.expect(200);
    assert_eq!(time(&in_utc.json()["next"][4]).hour(), 2);
}

#[tokio::test]
async fn schedules_are_listed_by_function() {
    let ada = ada_with_function().await;
    ada.create_function("other").await;
    let (of_report, of_other) = (
        create(&ada, json!({})).await,
        create(&ada, json!({"function": "other"})).await,
    );
    let listed = async |query: &str| {
        let page = ada.get(&format!("/v1/schedules{query}")).await.expect(200);
        page.json()["data"].clone()
    };
    assert_eq!(listed("").await, json!([of_report, of_other]));
    assert_eq!(listed("?function=report").await, json!([of_report]));
    assert_eq!(listed("?function=other").await, json!([of_other]));
    assert_eq!(listed("?function=none").await, json!([]));
}

#[tokio::test]
async fn what_cannot_be_a_schedule_hears_why() {
    let ada = ada_with_function().await;
    let large = "x".repeat(64 << 10);
    for (wrong, pointer, said) in [
        (json!({"cron": "0 0 31 2 *"}), "/cron", "never fires"),
        (
            json!({"cron": "*/10 * * * * *"}),
            "/cron",
            "once a minute at most",
        ),
        (json!({"cron": "@daily"}), "/cron", "five fields"),
        (json!({"cron": "61 * * * *"}), "/cron", "cannot be read"),
        (json!({"cron": ""}), "/cron", "five fields"),
        (json!({"timezone": "Mars/Olympus"}), "/timezone", "IANA"),
        (json!({"input": large}), "/input", "at most 65536 bytes"),
    ] {
        let mut new = json!({"function": "report", "cron": "0 * * * *"});
        new.as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let refused = ada.post("/v1/schedules", &new).await.expect(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        assert!(
            refused["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains(said),
            "{refused}"
        );
        if pointer != "/input" {
            let rule = json!({"cron": new["cron"], "timezone": new.get("timezone").unwrap_or(&json!("UTC"))});
            let previewed = ada.post("/v1/schedules/preview", &rule).await;
            assert_eq!(previewed.expect(400).json()["errors"], refused["errors"]);
        }
    }
    let good = create(&ada, json!({})).await;
    ada.patch(&path(&good), &json!({"cron": "0 0 30 2 *"}))
        .await
        .expect(400);
    ada.patch(&path(&good), &json!({"function": "none"}))
        .await
        .expect(404);
    let absent = json!({"function": "none", "cron": "0 * * * *"});
    ada.post("/v1/schedules", &absent).await.expect(404);
    ada.post("/v1/schedules", &json!({"function": "report"}))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_paused_schedule_takes_no_rule_that_cannot_be_read() {
    let ada = ada_with_function().await;
    let paused = create(&ada, json!({"paused": true})).await;
    for (wrong, pointer) in [
        (json!({"cron": "0 25 * * *"}), "/cron"),
        (json!({"cron": "0 0 31 2 *"}), "/cron"),
        (json!({"timezone": "Mars/Olympus"}), "/timezone"),
        (json!({"cron": "0 25 * * *", "paused": true}), "/cron"),
    ] {
        let refused = ada.patch(&path(&paused), &wrong).await.expect(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        assert_eq!(ada.get(&path(&paused)).await.expect(200).json(), paused);
    }
    let change = json!({"cron": "0 9 * * *", "timezone": "UTC"});
    let changed = ada.patch(&path(&paused), &change).await.expect(200).json();
    assert_eq!(
        (&changed["cron"], &changed["paused"], &changed["next_runs"]),
        (&json!("0 9 * * *"), &json!(true), &json!([]))
    );
}

#[tokio::test]
async fn two_workers_fire_a_schedule_once() {
    let stack = Stack::shared().await;
    let ada = ada_with_function().await;
    // Beside the stack's own.
    let _second = tokio::process::Command::new(xtask::place::binary("cartwright-api"))
        .arg("work")
        .envs(stack.wiring.environment(Role::Worker).unwrap())
        .env("CARTWRIGHT_WORKER_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut schedules = Vec::new();
    for _ in 0..20 {
        schedules.push(create(&ada, json!({"cron": "0 0 1 1 *", "timezone": "UTC"})).await);
    }
    for at in [
        "2026-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z",
    ] {
        for schedule in &schedules {
            turn_back(stack, schedule, at.parse().unwrap()).await;
        }
        for schedule in &schedules {
            moved_on(&ada, schedule).await;
        }
    }
    for schedule in &schedules {
        // A clock that goes back fires nothing twice: the last firing before now was recorded already.
        assert_eq!(
            fired(stack, schedule).await,
            (vec!["2026-01-01T00:00:00Z".parse().unwrap()], 1)
        );
    }
}

#[tokio::test]
async fn firings_that_were_missed_are_made_up_for_as_the_schedule_says() {
    let stack = Stack::shared().await;
    let ada = ada_with_function().await;
    // Once an hour, half an hour from now.
    let now = Utc::now();
    let minute = (now.minute() + 30) % 60;
    let last = now - chrono::TimeDelta::minutes(30);
    let last = last
        .with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .unwrap();
    let cron = format!("{minute} * * * *");
    for (missed, firings) in [("skip", 0), ("once", 1), ("all", 5)] {
        let schedule = create(
            &ada,
            json!({"cron": cron, "timezone": "UTC", "missed": missed}),
        )
        .await;
        turn_back(stack, &schedule, last - chrono::TimeDelta::hours(4)).await;
        let moved = moved_on(&ada, &schedule).await;
        let (times, deliveries) = fired(stack, &schedule).await;
        assert_eq!(
            (times.len(), deliveries),
            (firings, i64::try_from(firings).unwrap()),
            "{missed}"
        );
        assert_eq!(times.last(), (firings > 0).then_some(&last), "{missed}");
        assert_eq!(moved["last_run_at"].is_null(), firings == 0, "{missed}");
    }
    // What is in time fires whatever the rule.
    let schedule = create(
        &ada,
        json!({"cron": "* * * * *", "timezone": "UTC", "missed": "skip"}),
    )
    .await;
    turn_back(
        stack,
        &schedule,
        now.with_second(0)
            .and_then(|time| time.with_nanosecond(0))
            .unwrap(),
    )
    .await;
    moved_on(&ada, &schedule).await;
    assert!(!fired(stack, &schedule).await.0.is_empty());
    // A year of minutes is bounded.
    let schedule = create(
        &ada,
        json!({"cron": "* * * * *", "timezone": "UTC", "missed": "all"}),
    )
    .await;
    turn_back(stack, &schedule, "2025-06-01T00:00:00Z".parse().unwrap()).await;
    moved_on(&ada, &schedule).await;
    let count = fired(stack, &schedule).await.0.len();
    assert!((100..=103).contains(&count), "{count}");
}

#[tokio::test]
async fn a_run_now_is_beside_the_schedules_times_and_passes_its_input_on() {
    let stack = Stack::shared().await;
    let ada = ada_with_function().await;
    let schedule = create(&ada, json!({"paused": true, "input": {"who": "all"}})).await;
    let run = format!("{}/run", path(&schedule));
    let first = ada.post(&run, &Value::Null).await.expect(202).json();
    let second = ada.post(&run, &Value::Null).await.expect(202).json();
    assert_ne!(first["event_id"], second["event_id"]);
    assert_eq!(fired(stack, &schedule).await.1, 2);
    let data: Vec<u8> = sqlx::query_scalar("select data from event where event_id = $1::uuid")
        .bind(first["event_id"].as_str().unwrap())
        .fetch_one(&mut stack.database().await)
        .await
        .unwrap();
    assert_eq!(data, br#"{"who":"all"}"#);
    assert_eq!(ada.get(&path(&schedule)).await.json()["paused"], true);
}

#[tokio::test]
async fn a_schedule_whose_function_is_deleted_is_paused_and_says_why() {
    let ada = Ada::new(receiving().await).await;
    let told = Receiver::start(status("200 OK", "")).await;
    ada.endpoint(&told.url(), &["schedule.paused"]).await;
    let tenant = &ada.tenant;
    tenant.create_function("report").await;
    tenant.create_function("other").await;
    let schedule = create(tenant, json!({})).await;
    tenant.delete("/v1/functions/report").await.expect(204);

    let paused = tenant.get(&path(&schedule)).await.expect(200).json();
    assert_eq!(
        (&paused["paused"], &paused["next_runs"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(paused["paused_because"], "its function was deleted");
    tenant
        .patch(&path(&schedule), &json!({"paused": false}))
        .await
        .expect(409);
    tenant
        .post(&format!("{}/run", path(&schedule)), &Value::Null)
        .await
        .expect(409);
    let notice = eventually("the endpoint is told", WITHIN, async || {
        told.received().first().cloned()
    })
    .await;
    assert_eq!(notice.json()["data"]["schedule_id"], schedule["id"]);
    let moved = json!({"function": "other", "paused": false});
    let moved = tenant
        .patch(&path(&schedule), &moved)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&moved["function"], &moved["paused_because"]),
        (&json!("other"), &Value::Null)
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(told.received().len(), 1);
}

#[tokio::test]
async fn a_tenant_has_two_hundred_schedules_at_most() {
    let ada = ada_with_function().await;
    for _ in 0..200 {
        create(&ada, json!({})).await;
    }
    let one_more = json!({"function": "report", "cron": "0 * * * *"});
    assert_eq!(
        ada.post("/v1/schedules", &one_more)
            .await
            .expect(409)
            .code(),
        "conflict"
    );
}
