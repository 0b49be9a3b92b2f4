//! The stack itself: every role answers, goes in good order, comes back after a kill, and waits for what is not there.

use std::time::Duration;

use cartwright_tests::{Answer, Backend, Options, Role, Stack, eventually, module};
use serde_json::json;

async fn page(stack: &Stack, role: Role, page: &str) -> Answer {
    let url = format!("{}/{page}", stack.wiring.listeners.url(role));
    let response = reqwest::get(url).await.expect("an answer");
    Answer::read(response).await.expect("a whole answer")
}

#[tokio::test]
async fn every_role_is_alive_ready_and_measured() {
    let stack = Stack::shared().await;

    for role in Role::ALL {
        for name in ["healthz", "readyz", "metrics"] {
            assert_eq!(
                page(stack, role, name).await.status,
                200,
                "{} /{name}",
                role.name()
            );
        }
    }
}

#[tokio::test]
async fn every_role_ends_in_good_order_when_asked() {
    let stack = Stack::start(Options::default()).await;

    for role in Role::ALL {
        let status = stack.stop(role).await;
        assert!(
            status.success(),
            "{} ended with {status} and said:\n{}",
            role.name(),
            stack.log(role)
        );
    }
}

#[tokio::test]
async fn a_function_runs_on_after_each_role_was_killed() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let before = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);

    for role in Role::ALL {
        stack.restart(role).await;
    }

    let after = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    assert_eq!(after.body, before.body);
    assert_eq!(
        after.header("Cartwright-Fuel"),
        before.header("Cartwright-Fuel")
    );
}

#[tokio::test]
async fn a_role_without_its_servers_lives_says_what_is_missing_and_recovers() {
    let stack = Stack::start(Options {
        faults: true,
        cut_at_start: vec![Backend::Database, Backend::Redis, Backend::ObjectStore],
        ..Options::default()
    })
    .await;
    let within = Duration::from_secs(30);

    for role in Role::ALL {
        let unready = eventually(
            "an answer of a role that has just started",
            within,
            async || {
                let url = format!("{}/readyz", stack.wiring.listeners.url(role));
                Answer::read(reqwest::get(url).await.ok()?).await.ok()
            },
        )
        .await;
        assert_eq!(
            (unready.status, unready.code().as_str()),
            (503, "not_ready"),
            "{}",
            role.name()
        );
        assert!(
            !unready.json()["errors"]
                .as_array()
                .expect("what is missing")
                .is_empty()
        );
        assert_eq!(
            page(&stack, role, "healthz").await.status,
            200,
            "{}",
            role.name()
        );
    }

    for backend in [Backend::Database, Backend::Redis, Backend::ObjectStore] {
        stack.mend(backend);
    }
    for role in Role::ALL {
        stack.ready(role).await;
    }
}

#[tokio::test]
async fn a_function_runs_on_every_executor_of_a_stack_and_goes_on_where_one_is_killed() {
    let stack = Stack::start(Options {
        more_executors: 2,
        ..Options::default()
    })
    .await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let answers = async |number: usize| {
        eventually(
            "the executor runs it",
            Duration::from_secs(10),
            async || {
                let call = ada.invocation_at(stack.executor_url(number), "hello");
                let answer = ada.try_send(call.body("{}")).await.ok()?;
                (answer.status == 200).then_some(answer)
            },
        )
        .await
    };
    let first = answers(0).await;
    for number in 1..stack.executors() {
        assert_eq!(answers(number).await.body, first.body);
    }

    stack.kill_executor(1);
    let call = ada.invocation_at(stack.executor_url(1), "hello");
    assert!(ada.try_send(call.body("{}")).await.is_err());
    answers(2).await;

    stack.run_executor(1);
    stack.executor_ready(1).await;
    answers(1).await;
}
