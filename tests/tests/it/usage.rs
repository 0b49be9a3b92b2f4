//! Usage and records as billing tells them, exact to the last unit and to their tenant only.

use cartwright_domain::meter::MeterRecord;
use cartwright_domain::outcome::{BillClass, Outcome, Trigger};
use cartwright_tests::{Role, Stack};
use serde_json::{Value, json};

use crate::meter_log::{MeterLog, Metered};

/// Ten runs of version 1: seven billed, two tests, one fault of ours.
fn ten(metered: &Metered<'_>) -> Vec<MeterRecord> {
    let mut records = metered.records(10);
    for (at, record) in records.iter_mut().enumerate() {
        record.fuel = 1_000 + at as u64;
    }
    records[3].outcome = Outcome::Trap;
    for test in [4, 5] {
        records[test].trigger = Trigger::Test;
        records[test].bill_class = BillClass::Unbilled;
    }
    records[6].outcome = Outcome::PlatformFault;
    records[6].bill_class = BillClass::Unbilled;
    records
}

#[tokio::test]
async fn usage_sums_every_run_and_says_what_is_billed() {
    let stack = Stack::shared().await;
    let (ada, bob) = (
        Metered::new(stack, "sums").await,
        Metered::new(stack, "silent").await,
    );
    ada.send(&MeterLog::new().append(&ten(&ada)))
        .await
        .expect(200);

    let by_day = ada.ask("usage?granularity=day").await.expect(200).json();
    let day = &by_day[0];
    assert_eq!(by_day.as_array().expect("rows").len(), 1, "{by_day}");
    let told: Vec<_> = [
        "invocations",
        "billable_invocations",
        "fuel",
        "billable_fuel",
        "memory_kib_ms",
        "input_bytes",
        "output_bytes",
        "log_bytes",
        "egress_bytes",
        "cached_hits",
        "errors",
    ]
    .map(|name| day[name].as_u64().expect(name))
    .into();
    assert_eq!(
        told,
        [10, 7, 10_045, 7_030, 10_880, 20_480, 3_100, 120, 0, 0, 2]
    );

    let by_trigger = ada
        .ask("usage?granularity=hour&group_by=function,version,trigger")
        .await
        .expect(200)
        .json();
    let told = by_trigger.as_array().expect("rows").iter().map(|row| {
        json!([
            row["function_id"] == json!(ada.function_id),
            row["version"],
            row["trigger"],
            row["invocations"]
        ])
    });
    assert_eq!(
        told.collect::<Value>(),
        json!([[true, 1, "http", 8], [true, 1, "test", 2]])
    );

    assert_eq!(
        bob.ask("usage?granularity=day").await.expect(200).json(),
        json!([])
    );
}

#[tokio::test]
async fn a_span_that_cannot_be_asked_for_says_why() {
    let metered = Metered::new(Stack::shared().await, "span").await;
    for (query, word) in [
        ("from=yesterday", "from"),
        ("granularity=year", "granularity"),
        ("group_by=colour", "group_by"),
        ("granularity=minute&from=2026-01-01T00:00:00Z", "2 days"),
        ("from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z", "after"),
    ] {
        let answer = metered.ask(&format!("usage?{query}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{query}"
        );
        assert!(
            answer.text().contains(word) || word == "granularity",
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn records_come_newest_first_by_page_and_filter() {
    let stack = Stack::shared().await;
    let (ada, bob) = (
        Metered::new(stack, "pages").await,
        Metered::new(stack, "peeping").await,
    );
    let records = ten(&ada);
    ada.send(&MeterLog::new().append(&records))
        .await
        .expect(200);
    let ids = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().expect("a page");
        data.iter()
            .map(|record| record["invocation_id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let mut newest_first: Vec<_> = records
        .iter()
        .map(|record| record.invocation_id.to_string())
        .collect();
    newest_first.reverse();

    let first = ada.ask("records?limit=4").await.expect(200).json();
    assert_eq!(ids(&first), newest_first[..4]);
    let next = first["next_before"].as_str().expect("a next page");
    let rest = ada
        .ask(&format!("records?limit=100&before={next}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (ids(&rest), &rest["next_before"]),
        (newest_first[4..].to_vec(), &Value::Null)
    );

    for (filter, count) in [
        ("outcome=trap", 1),
        ("trigger=test", 2),
        ("min_fuel=1008", 2),
        ("version=2", 0),
        ("outcome=platform_fault&trigger=http", 1),
        ("to_ms=1", 0),
        ("from_ms=1", 10),
    ] {
        let found = ada
            .ask(&format!("records?{filter}"))
            .await
            .expect(200)
            .json();
        assert_eq!(ids(&found).len(), count, "{filter}");
    }
    assert_eq!(ada.ask("records?limit=101").await.code(), "invalid_request");
    assert_eq!(
        ada.ask("records?outcome=fine").await.code(),
        "invalid_request"
    );

    let one = format!("records/{}", records[0].invocation_id);
    let told = ada.ask(&one).await.expect(200).json();
    // 0.30 per million invocations and 0.02 per billion fuel: 0.0000003 + 0.00000002.
    assert_eq!(
        (&told["fuel"], &told["cost"]),
        (&json!(1_000), &json!("0.00000032 USD"))
    );
    let test_run = ada
        .ask(&format!("records/{}", records[4].invocation_id))
        .await
        .expect(200)
        .json();
    assert_eq!(test_run["cost"], "0 USD");
    assert_eq!(bob.ask(&one).await.code(), "not_found");
    assert_eq!(
        ids(&bob.ask("records").await.expect(200).json()),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn only_the_api_and_the_worker_ask_and_only_executors_tell() {
    let metered = Metered::new(Stack::shared().await, "callers").await;
    for path in ["usage", "records", "estimate", "plan"] {
        metered.ask(path).await.expect(200);
        metered.ask_as(Role::Worker, path).await.expect(200);
        for role in [Role::Executor, Role::Billing] {
            let answer = metered.ask_as(role, path).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "forbidden"),
                "{path}"
            );
        }
    }
    let url = format!(
        "{}/internal/v1/batches",
        metered.stack.internal_url(Role::Billing)
    );
    for credential in ["", "cw_int_executor_guess"] {
        let request = reqwest::Client::new().post(&url).bearer_auth(credential);
        assert_eq!(request.send().await.expect("an answer").status(), 401);
    }
}
