//! Gates: an alias that moves to a version only after a shadow run that went well enough.

use cartwright_tests::{Stack, Tenant};
use reqwest::Method;
use serde_json::{Value, json};

use crate::recorded::{add_version, batch, echoing, guest, keeping, kept};

const LIVE: &str = "/v1/functions/f/aliases/live";
const GATE: &str = "/v1/functions/f/aliases/live/gate";

/// A tenant with `f` live, which echoes a digit, three runs of it kept, and these versions after the first.
async fn ada_with(versions: &[Vec<u8>]) -> Tenant {
    let ada = keeping(Stack::shared().await, "ada").await;
    ada.deploy("f", echoing(1)).await;
    for version in versions {
        add_version(&ada, "f", version.clone()).await;
    }
    for input in [1, 2, 3] {
        let ran = ada.invoke_when_known("f", &json!(input)).await.expect(200);
        kept(&ada, &ran).await;
    }
    ada
}

async fn promote(ada: &Tenant, version: u32) -> cartwright_tests::Answer {
    ada.put(LIVE, &json!({"version": version})).await
}

#[tokio::test]
async fn a_gate_refuses_until_a_batch_went_well_enough_and_never_a_rollback() {
    let failing = guest("unreachable");
    let ada = ada_with(&[echoing(1_000), failing]).await;
    let gate = json!({"min_runs": 3, "newly_failing_max": 0, "differs_max": 0, "max_age_hours": 1});
    let set = ada.put(GATE, &gate).await.expect(200).json();
    assert_eq!(
        (&set["alias"], &set["min_runs"]),
        (&json!("live"), &json!(3))
    );
    assert_eq!(ada.get(GATE).await.expect(200).json(), set);

    let untried = promote(&ada, 2).await.expect(409);
    assert_eq!(untried.code(), "conflict");
    assert!(
        untried.json()["errors"][0]["detail"]
            .to_string()
            .contains("no batch of replays of version 2"),
        "{}",
        untried.text()
    );
    // One outcome alone proves nothing, nor does a comparison with what is not live, and neither do too few.
    batch(&ada, "f", &json!({"version": 2, "outcome": "ok"})).await;
    promote(&ada, 2).await.expect(409);
    batch(&ada, "f", &json!({"version": 2, "against": 3})).await;
    promote(&ada, 2).await.expect(409);
    batch(&ada, "f", &json!({"version": 2, "last": 2})).await;
    let few = promote(&ada, 2).await.expect(409);
    assert!(
        few.text().contains("2 runs were compared"),
        "{}",
        few.text()
    );
    batch(&ada, "f", &json!({"version": 3})).await;
    let failing = promote(&ada, 3).await.expect(409);
    assert!(
        failing.text().contains("3 runs fail newly"),
        "{}",
        failing.text()
    );
    assert_eq!(ada.get("/v1/functions/f").await.json()["live"], 1);

    batch(&ada, "f", &json!({"version": 2})).await;
    assert_eq!(promote(&ada, 2).await.expect(200).json()["version"], 2);
    // Back to where it was: nothing is asked of a rollback.
    promote(&ada, 1).await.expect(200);
    promote(&ada, 2).await.expect(200);
    // Another alias has no gate.
    ada.put("/v1/functions/f/aliases/staging", &json!({"version": 3}))
        .await
        .expect(200);

    ada.delete(GATE).await.expect(204);
    ada.get(GATE).await.expect(404);
    ada.delete(GATE).await.expect(404);
    promote(&ada, 3).await.expect(200);
}

#[tokio::test]
async fn an_upload_does_not_slip_through_a_gate_and_the_first_move_has_nothing_to_pass() {
    let stack = Stack::shared().await;
    let ada = keeping(stack, "ada").await;
    ada.create_function("f").await;
    ada.put(GATE, &json!({"min_runs": 1})).await.expect(200);
    // Nothing runs yet, so nothing can get worse.
    ada.upload("f", echoing(1)).await.expect(201);

    let refused = ada.upload("f", echoing(2)).await.expect(409);
    assert!(
        refused.text().contains("without `promote`"),
        "{}",
        refused.text()
    );
    assert_eq!(
        ada.get("/v1/functions/f").await.json()["versions"],
        1,
        "nothing was taken in"
    );
    add_version(&ada, "f", echoing(2)).await;
    // The same bytes are known by now, and still have no batch.
    ada.upload("f", echoing(2)).await.expect(409);
    let ran = ada.invoke_when_known("f", &json!(1)).await.expect(200);
    kept(&ada, &ran).await;
    batch(&ada, "f", &json!({"version": 2})).await;
    ada.upload("f", echoing(2)).await.expect(200);
    assert_eq!(ada.get("/v1/functions/f").await.json()["live"], 2);
}

#[tokio::test]
async fn owners_go_over_a_gate_with_a_reason_that_is_kept_and_keys_do_not() {
    let ada = ada_with(&[echoing(2)]).await;
    ada.put(GATE, &json!({"min_runs": 3})).await.expect(200);
    let over = json!({"version": 2, "over_gate": "the old version leaks, see incident 12"});
    let as_key = async |path: &str, body: &Value| {
        let request = ada.anonymous(Method::PUT, path).bearer_auth(&ada.api_key);
        ada.send(request.json(body)).await
    };

    as_key(GATE, &json!({"min_runs": 1})).await.expect(403);
    let refused = as_key(LIVE, &over).await.expect(403);
    assert!(refused.text().contains("gate:write"), "{}", refused.text());
    ada.put(LIVE, &json!({"version": 2, "over_gate": " "}))
        .await
        .expect(400);
    ada.put(LIVE, &over).await.expect(200);

    let moves = ada.get(&format!("{LIVE}/moves")).await.expect(200).json();
    assert_eq!(moves["data"][0]["over_gate"], over["over_gate"]);
    assert_eq!(moves["data"][1]["over_gate"], Value::Null);
    let log = ada.get("/v1/audit").await.expect(200).json();
    let actions: Vec<&str> = log["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(actions[..3], ["alias.over_gate", "alias.move", "gate.put"]);

    for wrong in [
        json!({}),
        json!({"min_runs": 0}),
        json!({"min_runs": 1, "newly_failing_max": -1}),
        json!({"min_runs": 1, "differs_max": 1001}),
        json!({"min_runs": 1, "max_age_hours": 0}),
        json!({"min_runs": 1, "other": 1}),
    ] {
        ada.put(GATE, &wrong).await.expect(400);
    }
    ada.put("/v1/functions/g/aliases/live/gate", &json!({"min_runs": 1}))
        .await
        .expect(404);
}
