//! From usage to money through the front door: the plan, the estimate, and the bill of real runs.

use std::time::Duration;

use cartwright_domain::outcome::{BillClass, Trigger};
use cartwright_tests::{Stack, eventually};
use serde_json::json;

use crate::meter_log::{MeterLog, Metered};

#[tokio::test]
async fn a_new_tenant_is_on_the_standard_plan_and_owes_nothing() {
    let metered = Metered::new(Stack::shared().await, "fresh").await;

    let plan = metered.ask("plan").await.expect(200).json();
    assert_eq!(
        (&plan["plan"], &plan["plan_version"]),
        (&json!("standard"), &json!(2))
    );
    assert_eq!(plan["prices"]["per_million_invocations"], "0.3");
    assert_eq!(plan["prices"]["per_billion_fuel"], "0.02");
    assert_eq!(plan["prices"]["per_million_cached_hits"], "0.1");
    assert_eq!(
        (&plan["free_invocations"], &plan["free_fuel"]),
        (&json!(100_000), &json!(50_000_000_000_u64))
    );
    assert_eq!(plan["limits"]["fuel"], 100_000_000);

    let estimate = metered.ask("estimate").await.expect(200).json();
    assert_eq!(
        (
            &estimate["total"],
            &estimate["forecast"],
            &estimate["lines"]
        ),
        (&json!("0.00"), &json!("0.00"), &json!([]))
    );
}

#[tokio::test]
async fn the_estimate_charges_what_is_above_the_free_units_and_not_tests() {
    let metered = Metered::new(Stack::shared().await, "owing").await;
    let mut log = MeterLog::new();
    // 900 runs of 100 million fuel are 90 billion, of which 50 are free: 40 × 0.02. And a test, which is nobody's.
    let mut records = metered.records(901);
    for record in &mut records {
        record.fuel = 100_000_000;
    }
    records[900].trigger = Trigger::Test;
    records[900].bill_class = BillClass::Unbilled;
    metered.send(&log.append(&records)).await.expect(200);

    let estimate = metered.ask("estimate").await.expect(200).json();
    let lines = estimate["lines"].as_array().expect("lines");
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            [
                &line["description"],
                &line["quantity"],
                &line["unit_price"],
                &line["amount"],
            ]
        })
        .collect();
    let expected = json!([
        ["Invocations, first 100,000 (free)", "0.0009", "0", "0.00"],
        ["Fuel, first 50,000,000,000 (free)", "50", "0", "0.00"],
        ["Fuel, above 50,000,000,000", "40", "0.02", "0.80"],
        ["Memory over time (free)", "0.0009792", "0", "0.00"],
    ]);
    assert_eq!(json!(told), expected);
    assert_eq!(
        (&estimate["currency"], &estimate["total"]),
        (&json!("USD"), &json!("0.80"))
    );
}

#[tokio::test]
async fn a_real_run_is_in_the_usage_within_two_seconds_and_its_record_is_its_receipt() {
    let metered = Metered::new(Stack::shared().await, "receipt").await;
    let answer = metered.tenant.invoke("metered", &json!({})).await;
    let invocation = answer.header("cartwright-invocation-id").to_owned();
    assert!(!invocation.is_empty(), "{}", answer.text());

    let record = eventually(
        "the record is visible",
        Duration::from_secs(2),
        async || {
            let answer = metered.ask(&format!("records/{invocation}")).await;
            (answer.status == 200).then(|| answer.json())
        },
    )
    .await;

    assert_eq!(record["fuel"].to_string(), answer.header("cartwright-fuel"));
    assert_eq!(record["cost"], answer.header("cartwright-cost"));
    assert_eq!(record["request_id"], answer.header("cartwright-request-id"));
    let usage = metered.ask("usage").await.expect(200).json();
    assert_eq!(
        (&usage[0]["invocations"], &usage[0]["billable_invocations"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_published_price_sheet_and_a_stored_record_never_change() {
    let stack = Stack::shared().await;
    let mut database = stack.database().await;
    for change in [
        "update plan_version set currency = 'EUR' where price_sheet = 1",
        "update plan_version set published_at = null where price_sheet = 1",
        "delete from plan_version where price_sheet = 1",
        "update price_tier set unit_price = 0 where price_sheet = 1",
        "delete from price_tier where price_sheet = 1",
        "insert into price_tier (price_sheet, meter, ord, up_to, unit_price) values (1, 'fuel', 2, null, 1)",
        "delete from price where price_sheet = 1",
    ] {
        let refused = sqlx::query(change)
            .execute(&mut database)
            .await
            .expect_err(change);
        assert!(
            refused.to_string().contains("published"),
            "{change}: {refused}"
        );
    }
    let mut as_billing = stack.database_as(cartwright_tests::Role::Billing).await;
    for change in [
        "update meter_record set fuel = 0",
        "delete from meter_record",
        "delete from ship_manifest",
    ] {
        let refused = sqlx::query(change)
            .execute(&mut as_billing)
            .await
            .expect_err(change);
        assert!(
            refused.to_string().contains("permission denied"),
            "{change}: {refused}"
        );
    }
}
