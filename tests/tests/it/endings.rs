//! How runs end that the function failed: each with its code, the limit that was met, and where.

use cartwright_tests::Stack;
use serde_json::json;

use crate::guests::{busy, doing, writing};
use crate::invoke::refused;

#[tokio::test]
async fn every_ending_of_a_function_has_its_code_and_what_it_takes_to_mend_it() {
    let ada = Stack::shared().await.tenant("ada").await;
    let endings = [
        ("fuel_exhausted", doing("(loop $l (br $l))")),
        (
            "memory_exceeded",
            doing("(drop (memory.grow (i32.const 1000)))"),
        ),
        ("stack_overflow", doing("(call $main)")),
        ("trap", doing("unreachable")),
        ("exited", doing("(call $exit (i32.const 3))")),
        ("output_invalid", writing("{no json")),
        (
            "output_too_large",
            doing(
                "(i32.store (i32.const 4) (i32.const 60000)) (loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) (br $l))",
            ),
        ),
    ];
    for (code, module) in endings {
        let name = code.replace('_', "-");
        ada.deploy(&name, module).await;

        let answer = ada.invoke_when_known(&name, &json!({})).await;

        assert_eq!(refused(&answer), (422, code.to_owned()));
        let problem = answer.json();
        assert_eq!(
            problem["invocation_id"],
            answer.header("cartwright-invocation-id"),
            "{code}"
        );
        assert!(
            problem["backtrace"].is_array() && problem["log_tail"].is_string(),
            "{code}"
        );
        assert!(
            answer.header("cartwright-fuel").parse::<u64>().is_ok(),
            "{code}"
        );
        assert_eq!(answer.header("cartwright-version"), "1");
        if code == "fuel_exhausted" {
            assert_eq!(
                answer.header("cartwright-fuel"),
                problem["limit"].to_string()
            );
        }
        if matches!(
            code,
            "fuel_exhausted" | "memory_exceeded" | "stack_overflow" | "output_too_large"
        ) {
            assert!(problem["limit"].as_u64().is_some(), "{code}: {problem}");
        }
    }
    let exited = ada.invoke("exited", &json!({})).await;
    assert_eq!(exited.json()["exit_code"], 3);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_stopped_by_its_deadline() {
    let ada = Stack::shared().await.tenant("ada").await;
    let slow = json!({"name": "slow", "limits": {"wall_ms": 1}});
    ada.post("/v1/functions", &slow).await.expect(201);
    ada.upload("slow", busy(12_000_000)).await.expect(201);

    let answer = ada.invoke_when_known("slow", &json!({})).await;

    assert_eq!(refused(&answer), (422, "deadline_exceeded".to_owned()));
    assert_eq!(answer.json()["limit"], 1);
}
