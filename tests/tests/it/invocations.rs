//! Invocations and usage: what was metered, joined with what the tenant keeps.

use std::time::Duration;

use cartwright_tests::{Answer, Role, Stack, Tenant, eventually, module};
use serde_json::{Value, json};

const WITHIN: Duration = Duration::from_secs(10);

/// The invocation of an answer, once it is listed and its log is there if one is kept.
async fn listed(tenant: &Tenant, answer: &Answer) -> Value {
    let path = format!(
        "/v1/invocations/{}",
        answer.header("Cartwright-Invocation-Id")
    );
    eventually("the run is listed", WITHIN, async || {
        let found = tenant.get(&path).await;
        let invocation = found.json();
        let is_whole = invocation["log_status"] != "retained" || !invocation["input"].is_null();
        (found.status == 200 && is_whole).then_some(invocation)
    })
    .await
}

async fn discount(tenant: &Tenant) -> Value {
    tenant
        .deploy(
            "discount",
            module("volume-discount-rust/volume-discount-rust.wasm"),
        )
        .await;
    let version = tenant.get("/v1/functions/discount/versions/1").await.json();
    let sample = version["sample"].clone();
    tenant
        .invoke_when_known("discount", &sample)
        .await
        .expect(200);
    sample
}

#[tokio::test]
async fn a_run_is_kept_by_the_tenants_retention() {
    let ada = Stack::shared().await.tenant("ada").await;
    let sample = discount(&ada).await;

    // By default those that failed.
    let (good, bad) = (
        ada.invoke("discount", &sample).await.expect(200),
        ada.invoke("discount", &json!({})).await.expect(422),
    );
    let id = good.header("cartwright-invocation-id").to_owned();
    let good = listed(&ada, &good).await;
    assert_eq!(
        (&good["log_status"], &good["input"], &good["outcome"]),
        (&json!("off"), &Value::Null, &json!("ok"))
    );
    assert_eq!(
        (&good["function"], &good["alias"], &good["trigger"]),
        (&json!("discount"), &json!("live"), &json!("http"))
    );
    let kept = listed(&ada, &bad).await;
    assert_eq!(
        (&kept["log_status"], &kept["input"], &kept["outcome"]),
        (&json!("retained"), &json!({}), &json!("exited"))
    );
    assert!(
        kept["log"].as_str().is_some_and(|log| log.contains("cart")),
        "{kept}"
    );
    assert!(kept["error"]["message"].is_string(), "{kept}");

    ada.patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    eventually("a run that went well is kept", WITHIN, async || {
        let answer = ada.invoke("discount", &sample).await.expect(200);
        let run = listed(&ada, &answer).await;
        (run["log_status"] == "retained" && run["output"] == answer.json()).then_some(())
    })
    .await;
    // A run from before was to leave none, and so nothing of it was lost.
    let earlier = ada.get(&format!("/v1/invocations/{id}")).await.expect(200);
    assert_eq!(earlier.json()["log_status"], "off");
}

#[tokio::test]
async fn a_list_is_filtered_and_paged_and_is_the_tenants_own() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let sample = discount(&ada).await;
    let bad = ada.invoke("discount", &json!({})).await.expect(422);
    ada.invoke("discount", &sample).await.expect(200);
    listed(&ada, &bad).await;
    eventually("all three are listed", WITHIN, async || {
        let page = ada.get("/v1/invocations").await.expect(200).json();
        (page["data"].as_array().map(Vec::len) == Some(3)).then_some(())
    })
    .await;

    for (query, count) in [
        ("outcome=exited", 1),
        ("outcome=ok", 2),
        ("function=discount&version=1", 3),
        ("function=discount&version=2", 0),
        ("trigger=test", 0),
        ("min_fuel=99999999999", 0),
        ("from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", 0),
        ("from=2020-01-01T00:00:00Z", 3),
    ] {
        let page = ada
            .get(&format!("/v1/invocations?{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            page["data"].as_array().map(Vec::len),
            Some(count),
            "{query}: {page}"
        );
    }
    for query in [
        "outcome=fine",
        "trigger=x",
        "version=1",
        "from=now",
        "min_fuel=-1",
        "limit=0",
        "cursor=zz",
    ] {
        ada.get(&format!("/v1/invocations?{query}"))
            .await
            .expect(400);
    }
    ada.get("/v1/invocations?function=other").await.expect(404);

    let first = ada.get("/v1/invocations?limit=2").await.expect(200).json();
    let next = first["next_cursor"].as_str().expect("a second page");
    let second = ada
        .get(&format!("/v1/invocations?limit=2&cursor={next}"))
        .await
        .expect(200)
        .json();
    let ids: std::collections::HashSet<_> = first["data"]
        .as_array()
        .into_iter()
        .chain(second["data"].as_array())
        .flatten()
        .map(|run| run["invocation_id"].to_string())
        .collect();
    assert_eq!((ids.len(), &second["next_cursor"]), (3, &Value::Null));

    let path = format!("/v1/invocations/{}", bad.header("Cartwright-Invocation-Id"));
    ada.get(&path).await.expect(200);
    assert_eq!(bob.get(&path).await.expect(404).code(), "not_found");
    assert_eq!(
        bob.get("/v1/invocations").await.expect(200).json()["data"],
        json!([])
    );
    let none = "/v1/invocations/00000000-0000-7000-8000-000000000000";
    let problem = ada.get(none).await.expect(404).json();
    assert_eq!(problem["instance"], none, "{problem}");
    ada.get("/v1/invocations/x").await.expect(400);
}

#[tokio::test]
async fn usage_adds_up_in_every_form() {
    let ada = Stack::shared().await.tenant("ada").await;
    let sample = discount(&ada).await;
    let fuel: u64 = ada
        .invoke("discount", &sample)
        .await
        .expect(200)
        .header("Cartwright-Fuel")
        .parse()
        .expect("fuel");

    let row = eventually("both runs are summed", WITHIN, async || {
        let usage = ada
            .get("/v1/usage?group_by=function,version,trigger")
            .await
            .expect(200)
            .json();
        Some(usage["data"][0].clone()).filter(|row| row["invocations"] == 2)
    })
    .await;
    assert_eq!(row["fuel"], 2 * fuel);
    assert_eq!(
        (&row["function"], &row["version"], &row["trigger"]),
        (&json!("discount"), &json!(1), &json!("http"))
    );

    let form = async |accept: &str| {
        let request = ada.request(
            reqwest::Method::GET,
            "/v1/usage?group_by=function,version,trigger",
        );
        ada.send(request.header("accept", accept)).await.expect(200)
    };
    let csv = form("text/csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(
        csv.text()
            .lines()
            .nth(1)
            .is_some_and(|line| line.contains(&format!(",discount,1,http,2,2,{},", 2 * fuel))),
        "{}",
        csv.text()
    );
    let ndjson: Value =
        serde_json::from_slice(&form("application/x-ndjson").await.body).expect("one line of JSON");
    assert_eq!(ndjson, row);

    for query in [
        "granularity=week",
        "group_by=tenant",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
    ] {
        ada.get(&format!("/v1/usage?{query}")).await.expect(400);
    }
    let from = "2025-01-01T00:00:30Z";
    for (granularity, longest, over) in [
        ("minute", "2025-01-03T00:00:30Z", "2025-01-03T00:00:31Z"),
        ("hour", "2025-03-04T00:00:30Z", "2025-03-04T00:00:31Z"),
        ("day", "2026-02-05T00:00:30Z", "2026-02-05T00:00:31Z"),
    ] {
        let path = |to| format!("/v1/usage?granularity={granularity}&from={from}&to={to}");
        ada.get(&path(longest)).await.expect(200);
        ada.get(&path(over)).await.expect(400);
    }
    let estimate = ada.get("/v1/billing/estimate").await.expect(200).json();
    assert_eq!(estimate["currency"], "USD");
    assert!(
        estimate["lines"]
            .as_array()
            .is_some_and(|lines| !lines.is_empty())
    );
    assert_eq!(
        ada.get("/v1/billing/plan").await.expect(200).json()["plan"],
        "standard"
    );
}

#[tokio::test]
async fn days_of_run_logs_are_dropped_whole_when_their_time_is_over() {
    let stack = Stack::shared().await;
    let mut worker = stack.database_as(Role::Worker).await;
    let days = "select count(*) from pg_inherits where inhparent = 'run_log'::regclass";
    let before: i64 = sqlx::query_scalar(days)
        .fetch_one(&mut worker)
        .await
        .expect("days");
    sqlx::query("select run_log_create_days(20, 0)")
        .execute(&mut worker)
        .await
        .expect("the worker may make days");

    let dropped: i32 = sqlx::query_scalar("select run_log_drop_days(14)")
        .fetch_one(&mut worker)
        .await
        .expect("the worker may drop days");

    // Those of 15 to 20 days ago. Yesterday was there already.
    assert_eq!(dropped, 6);
    let after: i64 = sqlx::query_scalar(days)
        .fetch_one(&mut worker)
        .await
        .expect("days");
    assert_eq!(after, before + 13);
    let today = chrono::Utc::now()
        .format("select from run_log_%Y%m%d")
        .to_string();
    let direct = sqlx::query(sqlx::AssertSqlSafe(today))
        .execute(&mut worker)
        .await;
    assert!(direct.is_err(), "a day is reached through its parent only");
}
