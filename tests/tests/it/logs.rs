//! The search through kept logs.

use std::io::Write;
use std::time::Duration;

use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::outcome::Outcome;
use cartwright_domain::wire::RunLog;
use cartwright_tests::{Role, Stack, Tenant, eventually};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::guests::logging;

const WITHIN: Duration = Duration::from_secs(30);

/// A tenant who keeps every run's log.
async fn keeping(stack: &Stack) -> Tenant {
    let ada = stack.tenant("ada").await;
    ada.patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    ada
}

async fn search(tenant: &Tenant, query: &str) -> Value {
    let path = format!("/v1/functions/talker/logs?{query}");
    tenant.get(&path).await.expect(200).json()
}

fn texts(page: &Value) -> Vec<&str> {
    let entries = page["data"].as_array().expect("entries");
    entries
        .iter()
        .map(|entry| entry["text"].as_str().expect("a text"))
        .collect()
}

/// A function whose first version ends well and whose second one traps, and what both logged, the newest first.
async fn talker(stack: &Stack) -> Tenant {
    let ada = keeping(stack).await;
    let good = logging("INFO one\nWARN two\n\nthree é\n", 1, "");
    ada.deploy("talker", good).await;
    ada.invoke_when_known("talker", &json!({}))
        .await
        .expect(200);
    ada.upload("talker", logging("[debug] four\n", 1, "(unreachable)"))
        .await
        .expect(201);
    let by_number = ada.invocation("talker").query(&[("version", "2")]);
    let by_number = by_number.body("{}");
    eventually("the second version ran", WITHIN, async || {
        let answer = ada
            .send(by_number.try_clone().expect("a body of text"))
            .await;
        (answer.status == 422).then_some(())
    })
    .await;
    eventually("both runs are kept", WITHIN, async || {
        (search(&ada, "").await["data"].as_array()?.len() >= 5).then_some(())
    })
    .await;
    ada
}

#[tokio::test]
async fn a_search_finds_entries_by_what_they_are() {
    let stack = Stack::shared().await;
    let ada = talker(stack).await;

    let all = search(&ada, "").await;

    let failure = all["data"][0]["text"].as_str().expect("a failure");
    assert!(failure.contains("unreachable"), "{failure}");
    assert_eq!(
        texts(&all)[1..],
        ["[debug] four", "three é", "WARN two", "INFO one"]
    );
    assert_eq!(
        (
            &all["next_cursor"],
            &all["scanned_until"],
            &all["retention"]
        ),
        (&Value::Null, &Value::Null, &json!("all"))
    );
    let mut warning = all["data"][3].clone();
    let run = warning["invocation_id"].take();
    let run = run.as_str().expect("an id");
    let began_at = warning["at"].take();
    assert_eq!(
        warning,
        json!({"kind": "line", "invocation_id": null, "version": 1, "outcome": "ok", "at": null, "seq": 1,
            "level": "warn", "text": "WARN two"})
    );
    let started_at = ada
        .get(&format!("/v1/invocations/{run}"))
        .await
        .expect(200)
        .json()["started_at"]
        .clone();
    assert_eq!(began_at, started_at);

    for (query, expected) in [
        ("level=warn&version=1", vec!["WARN two"]),
        (
            "level=info&version=1",
            vec!["three é", "WARN two", "INFO one"],
        ),
        ("text=THREE%20%C3%89", vec!["three é"]),
        ("text=nothing+of+the+kind", vec![]),
        ("outcome=trap&level=trace", vec![failure, "[debug] four"]),
        ("outcome=ok&text=o", vec!["WARN two", "INFO one"]),
        ("version=3", vec![]),
        (&format!("invocation_id={run}&text=one"), vec!["INFO one"]),
        ("from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", vec![]),
        ("from=2020-01-01T00:00:00Z&text=one", vec!["INFO one"]),
        ("from=9999-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(texts(&search(&ada, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_search_is_paged_entry_by_entry_and_the_pages_are_the_whole() {
    let ada = talker(Stack::shared().await).await;
    let whole = search(&ada, "").await;

    let (mut cursor, mut paged) = (String::new(), Vec::new());
    loop {
        let page = search(&ada, &format!("limit=1{cursor}")).await;
        paged.extend(page["data"].as_array().expect("entries").clone());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(json!(paged), whole["data"]);
}

#[tokio::test]
async fn a_search_outlives_its_function_and_is_the_tenants_own() {
    let stack = Stack::shared().await;
    let (ada, bob) = (talker(stack).await, stack.tenant("bob").await);
    ada.delete("/v1/functions/talker").await.expect(204);

    assert_eq!(texts(&search(&ada, "text=one").await), ["INFO one"]);
    let his = bob.get("/v1/functions/talker/logs").await.expect(404);
    assert_eq!(his.code(), "not_found");
    // A function of the same name has logs of its own.
    bob.create_function("talker").await;
    let his = search(&bob, "").await;
    assert_eq!(
        (&his["data"], &his["retention"]),
        (&json!([]), &json!("errors"))
    );
}

#[tokio::test]
async fn what_is_no_search_is_refused_with_what_would_be_one() {
    let ada = Stack::shared().await.tenant("ada").await;
    ada.create_function("talker").await;
    for (query, says) in [
        ("level=loud", "trace, debug, info, warn, error"),
        ("outcome=fine", "ok, fuel_exhausted"),
        ("version=-1", "version"),
        ("invocation_id=x", "invocation_id"),
        ("from=now", "from"),
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "`from` must be before `to`",
        ),
        ("limit=0", "1 to 100"),
        ("cursor=zz", "next_cursor"),
        (&format!("text={}", "x".repeat(201)), "at most 200"),
    ] {
        let refused = ada
            .get(&format!("/v1/functions/talker/logs?{query}"))
            .await
            .expect(400);
        let detail = refused.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(detail.contains(says), "{query}: {detail}");
    }
    ada.get("/v1/functions/nothing/logs").await.expect(404);
}

/// Have the api keep the log of one run for each of these texts, the oldest first, as an executor would.
async fn keep(stack: &Stack, tenant: &Tenant, texts: impl Iterator<Item = &str>) {
    let id_at = async |path: &str| {
        let found = tenant.get(path).await.expect(200).json();
        found["id"].as_str().expect("an id").to_owned()
    };
    let tenant_id = id_at("/v1/tenant").await.parse().expect("an id");
    let function_id = id_at("/v1/functions/talker").await.parse().expect("an id");
    let mut batch = GzEncoder::new(Vec::new(), Compression::fast());
    for text in texts {
        let log = RunLog {
            tenant_id,
            function_id,
            invocation_id: InvocationId::new(),
            request_id: RequestId::new(),
            version: Some(1),
            outcome: Some(Outcome::Ok),
            input: String::new(),
            output: String::new(),
            log: text.to_owned(),
            log_truncated: false,
            error: None,
        };
        serde_json::to_writer(&mut batch, &log).expect("memory takes it");
        batch.write_all(b"\n").expect("memory takes it");
    }
    let url = format!("{}/internal/v1/run-logs", stack.internal_url(Role::Api));
    let credential = stack.wiring.secrets.credential(Role::Executor);
    let request = reqwest::Client::new()
        .post(url)
        .bearer_auth(credential.expect("every role has a credential"))
        .header("content-type", "application/gzip")
        .body(batch.finish().expect("memory takes it"));
    tenant.send(request).await.expect(204);
}

#[tokio::test]
async fn a_search_through_very_much_says_where_it_stopped_and_goes_on_from_there() {
    let stack = Stack::shared().await;
    let ada = keeping(stack).await;
    ada.create_function("talker").await;
    let logs = std::iter::once("a needle\n").chain(std::iter::repeat_n("hay\n", 5_200));
    keep(stack, &ada, logs).await;

    let (mut cursor, mut stops, mut found) = (String::new(), 0, Vec::new());
    loop {
        let page = search(&ada, &format!("text=needle{cursor}")).await;
        found.extend(texts(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["scanned_until"], Value::Null);
            break;
        };
        assert!(page["scanned_until"].is_string(), "{page}");
        stops += 1;
        cursor = format!("&cursor={next}");
    }

    assert_eq!(found, ["a needle"]);
    assert!(stops >= 1, "5,201 runs are more than one search reads");
}
