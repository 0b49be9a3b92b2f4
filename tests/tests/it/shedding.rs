//! Shedding: what an executor refuses because it has no room, and who is not disturbed by that.

use std::time::Duration;

use cartwright_tests::{Backend, Options, Role, Stack, eventually, module};
use futures_util::future::join_all;
use serde_json::json;

use crate::guests::busy;
use crate::invoke::refused;

#[tokio::test]
async fn no_more_runs_of_a_function_go_on_at_once_than_its_limit() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    ada.post(
        "/v1/functions",
        &json!({"name": "narrow", "limits": {"concurrency_max": 1}}),
    )
    .await
    .expect(201);
    ada.upload("narrow", busy(12_000_000)).await.expect(201);
    bob.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("narrow", &json!({}))
        .await
        .expect(200);

    let input = json!({});
    let answers = join_all((0..16).map(|_| ada.invoke("narrow", &input))).await;

    let ran = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((1..16).contains(&ran), "{ran} of 16 ran");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused(answer), (429, "concurrency_limited".to_owned()));
        assert_eq!(
            (answer.header("retry-after"), &answer.json()["limit"]),
            ("1", &json!(1))
        );
    }
    bob.invoke_when_known("hello", &json!({})).await.expect(200);
}

#[tokio::test]
async fn an_executor_whose_disk_is_nearly_full_sheds() {
    let stack = Stack::start(Options {
        environment: vec![(
            Role::Executor,
            "CARTWRIGHT_DISK_SHED_PERCENT",
            "1".to_owned(),
        )],
        // So that nobody waits for an executor that will not be ready.
        faults: true,
        cut_at_start: vec![Backend::Redis],
        ..Options::default()
    })
    .await;
    stack.mend(Backend::Redis);
    for role in [Role::Billing, Role::Api, Role::Worker] {
        stack.ready(role).await;
    }
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;

    let answer = eventually("an answer", Duration::from_secs(15), async || {
        ada.try_send(ada.invocation("hello").body("{}"))
            .await
            .ok()
            .filter(|answer| !["not_found", "not_ready"].contains(&answer.code().as_str()))
    })
    .await;

    assert_eq!(refused(&answer), (503, "shedding".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn an_executor_whose_work_waits_for_a_processor_sheds_until_the_queue_is_gone() {
    let stack = Stack::start(Options {
        environment: vec![
            (Role::Executor, "CARTWRIGHT_SHED_DELAY_MS", "10".to_owned()),
            (Role::Executor, "TOKIO_WORKER_THREADS", "1".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    let names = ["slow", "slower", "slowest", "last"];
    for name in names {
        ada.deploy(name, busy(8_000_000)).await;
    }
    for name in names {
        ada.invoke_when_known(name, &json!({})).await.expect(200);
    }

    // As many at once as four functions may have, each with another when it is answered.
    let input = json!({});
    let lane = async |name: &'static str| {
        for _ in 0..3 {
            let answer = ada.invoke(name, &input).await;
            if answer.code() == "shedding" {
                return Some(answer);
            }
        }
        None
    };
    let overload = async || {
        let lanes = names.into_iter().cycle().take(240);
        let answers = join_all(lanes.map(lane)).await;
        answers.into_iter().flatten().next()
    };
    let shed = eventually("it sheds", Duration::from_secs(60), overload).await;

    assert_eq!(refused(&shed), (503, "shedding".to_owned()));
    assert_eq!(shed.header("retry-after"), "1");
    let detail = shed.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("waits more than 10 ms for a processor"),
        "{detail}"
    );
    eventually("it is served again", Duration::from_secs(60), async || {
        (ada.invoke("slow", &input).await.status == 200).then_some(())
    })
    .await;
}
