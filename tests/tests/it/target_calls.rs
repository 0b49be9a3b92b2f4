//! Calls of a target: every bound function of the tenant on one payload, and what the platform reads of it.

use std::time::Duration;

use cartwright_tests::{Answer, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::guests::{echoing, slow, writing};
use crate::targets::{define, definition, deploy_for, new_name, operate};

/// What an executor has not heard of yet, it hears within 5 s; and the machine may be busy.
const HEARD_WITHIN: Duration = Duration::from_secs(15);

/// A call of a target for a tenant, with the platform's key.
async fn call_with(
    stack: &Stack,
    tenant: &Tenant,
    target: &str,
    headers: &[(&str, &str)],
    payload: impl Into<reqwest::Body>,
) -> Answer {
    let mut request = reqwest::Client::new()
        .post(format!("{}/v1/run/{target}", stack.invoke_url))
        .bearer_auth(stack.platform_key().await)
        .header("cartwright-tenant", &tenant.slug)
        .body(payload);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    tenant.send(request).await
}

async fn call(stack: &Stack, tenant: &Tenant, target: &str, payload: &Value) -> Answer {
    call_with(stack, tenant, target, &[], payload.to_string()).await
}

/// The same, once the executor runs so many functions.
async fn call_of(
    stack: &Stack,
    tenant: &Tenant,
    target: &str,
    payload: &Value,
    runs: usize,
) -> Answer {
    eventually(
        "the executor knows the bindings",
        HEARD_WITHIN,
        async || {
            let answer = call(stack, tenant, target, payload).await;
            let ran = answer.json()["results"].as_array().map_or(0, Vec::len);
            (ran == runs).then_some(answer)
        },
    )
    .await
}

/// Bind these functions, each of which may fail or must not.
async fn bind(tenant: &Tenant, target: &str, functions: &[(&str, &str)]) {
    let list: Vec<_> = functions
        .iter()
        .map(|(function, on_error)| json!({"function": function, "on_error": on_error}))
        .collect();
    let path = format!("/v1/targets/{target}/bindings");
    tenant.put(&path, &json!(list)).await.expect(200);
}

fn cart() -> Value {
    json!({"cart": {"id": "cart-1", "lines": [{"sku": "TEE", "quantity": 2}]}})
}

/// `0.0000012 USD` in the smallest unit that it is written in.
fn pico(cost: &str) -> u128 {
    let (amount, currency) = cost.split_once(' ').expect("an amount and its currency");
    assert_eq!(currency, "USD");
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{decimals:0<12}").parse().expect("a number")
}

/// The tenant's rules and what is left of them stand in the answer.
#[track_caller]
fn assert_tells_quotas(answer: &Answer) {
    let (policy, left) = (
        answer.header("ratelimit-policy"),
        answer.header("ratelimit"),
    );
    assert!(policy.starts_with("\"tenant-rate\";q="), "{policy}");
    assert!(left.starts_with("\"tenant-rate\";r="), "{left}");
    let rules = |field: &str| field.split(", ").count();
    assert_eq!(rules(policy), rules(left), "{policy} and {left}");
}

#[tokio::test]
async fn a_call_runs_every_bound_function_of_its_tenant_in_the_tenants_order_and_each_is_billed_once()
 {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let target = define(stack, &ada, &definition()).await;
    let names: Vec<String> = (0..25).map(|at| format!("f{at}")).collect();
    let deployed = names.iter().enumerate().map(|(at, name)| {
        let output = format!("{{\"hide\":[\"by-{at}\"]}}");
        deploy_for(&ada, name, &target, writing(&output))
    });
    join_all(deployed).await;
    deploy_for(&bob, "f0", &target, writing("{\"hide\":[\"by-bob\"]}")).await;
    // The tenant's order is not that of names.
    let order: Vec<(&str, &str)> = names
        .iter()
        .rev()
        .map(|name| (name.as_str(), "fail"))
        .collect();
    bind(&ada, &target, &order).await;
    bind(&bob, &target, &[("f0", "fail")]).await;

    let answer = call_of(stack, &ada, &target, &cart(), 25).await.expect(200);
    let his = call_of(stack, &bob, &target, &cart(), 1).await.expect(200);

    assert_eq!(
        his.json()["results"][0]["output"],
        json!({"hide": ["by-bob"]})
    );
    let results = answer.json()["results"].as_array().unwrap().clone();
    let mut sum = 0;
    for (at, result) in results.iter().enumerate() {
        let name = &names[24 - at];
        assert_eq!(result["function"], json!(name));
        assert_eq!(
            result["output"],
            json!({"hide": [format!("by-{}", 24 - at)]})
        );
        assert_eq!(
            (&result["version"], &result["alias"]),
            (&json!(1), &json!("live"))
        );
        assert!(
            result["fuel"].as_u64().is_some_and(|fuel| fuel > 0),
            "{result}"
        );
        assert!(
            result["memory_peak_bytes"]
                .as_u64()
                .is_some_and(|bytes| bytes > 0)
        );
        assert!(result["duration_us"].is_u64() && result["error"].is_null());
        sum += pico(result["cost"].as_str().unwrap());
    }
    assert_eq!(pico(answer.header("cartwright-cost")), sum);
    assert!(answer.header("server-timing").starts_with("auth;dur="));
    assert_eq!(answer.header("cartwright-invocation-id"), "");
    assert_tells_quotas(&answer);

    // One record each, under the ids that were answered.
    let ids: std::collections::BTreeSet<String> = results
        .iter()
        .map(|result| result["invocation_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 25);
    eventually("each run is listed", HEARD_WITHIN, async || {
        let listed = ada
            .get("/v1/invocations?limit=100")
            .await
            .expect(200)
            .json();
        let of_call = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|run| ids.contains(run["invocation_id"].as_str().unwrap()))
            .inspect(|run| {
                assert_eq!(
                    (&run["trigger"], &run["outcome"]),
                    (&json!("http"), &json!("ok"))
                )
            })
            .count();
        (of_call == 25).then_some(())
    })
    .await;
    let listed = bob
        .get("/v1/invocations?limit=100")
        .await
        .expect(200)
        .text();
    assert!(ids.iter().all(|id| !listed.contains(id)), "{listed}");
}

#[tokio::test]
async fn a_slow_function_is_cut_by_the_budget_pays_for_its_fuel_and_the_others_answer() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let target = define(stack, &ada, &definition()).await;
    for (name, module) in [
        ("quick", writing("{\"hide\":[]}")),
        ("slow", slow()),
        ("also-quick", writing("{}")),
    ] {
        deploy_for(&ada, name, &target, module).await;
    }
    bind(
        &ada,
        &target,
        &[("quick", "skip"), ("slow", "skip"), ("also-quick", "skip")],
    )
    .await;
    // Without a budget it ends by itself or by its own limit, never by ours.
    let patient = call_of(stack, &ada, &target, &cart(), 3)
        .await
        .expect(200)
        .json();
    assert_ne!(
        patient["results"][1]["error"]["code"], "budget_exceeded",
        "{patient}"
    );

    // A busy machine may cut the others too: what is asked is that it need not.
    let answer = eventually(
        "only the slow one is cut",
        Duration::from_secs(30),
        async || {
            let budget = [("cartwright-budget-ms", "60")];
            let answer = call_with(stack, &ada, &target, &budget, cart().to_string())
                .await
                .expect(200);
            let results = answer.json()["results"].clone();
            let is_so = results[0]["output"].is_object()
                && results[2]["output"].is_object()
                && results[1]["invocation_id"].is_string()
                && results[1]["error"].is_object();
            is_so.then_some(answer)
        },
    )
    .await
    .json();
    let cut = &answer["results"][1];
    assert_eq!(
        (&cut["error"]["code"], &cut["error"]["limit"]),
        (&json!("budget_exceeded"), &json!(60)),
        "{cut}"
    );
    assert!(cut["fuel"].as_u64().unwrap() > 1_000_000, "{cut}");
    let id = cut["invocation_id"].as_str().unwrap();
    let record = eventually("it is recorded", HEARD_WITHIN, async || {
        let answer = ada.get(&format!("/v1/invocations/{id}")).await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    assert_eq!(
        (&record["outcome"], &record["fuel"]),
        (&json!("budget_exceeded"), &cut["fuel"])
    );
    assert_eq!(
        pico(record["cost"].as_str().unwrap()),
        pico(cut["cost"].as_str().unwrap())
    );
    assert!(pico(cut["cost"].as_str().unwrap()) > 0);

    // The tenant may rather have the call fail.
    bind(&ada, &target, &[("quick", "skip"), ("slow", "fail")]).await;
    let failed = eventually("the call fails", Duration::from_secs(30), async || {
        let budget = [("cartwright-budget-ms", "60")];
        let answer = call_with(stack, &ada, &target, &budget, cart().to_string()).await;
        (answer.status == 422 && answer.json()["results"].as_array().unwrap().len() == 2)
            .then_some(answer)
    })
    .await;
    assert_eq!(
        (failed.code().as_str(), &failed.json()["function"]),
        ("budget_exceeded", &json!("slow"))
    );
    assert_eq!(failed.header("content-type"), "application/problem+json");
    assert!(pico(failed.header("cartwright-cost")) > 0);

    for bad in ["0", "-1", "1.5", "soon", "60001"] {
        let answer = call_with(
            stack,
            &ada,
            &target,
            &[("cartwright-budget-ms", bad)],
            cart().to_string(),
        )
        .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn an_output_that_breaks_the_schema_is_its_functions_failure_skipped_or_not() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.patch("/v1/tenant", &json!({"run_log_retention": "errors"}))
        .await
        .expect(200);
    let target = define(stack, &ada, &definition()).await;
    deploy_for(&ada, "good", &target, writing("{\"hide\":[\"cod\"]}")).await;
    deploy_for(&ada, "broken", &target, writing("{\"hide\":[\"cod\",7]}")).await;
    deploy_for(&ada, "not-json", &target, writing("hide")).await;
    bind(
        &ada,
        &target,
        &[("broken", "skip"), ("good", "skip"), ("not-json", "skip")],
    )
    .await;

    let answer = call_of(stack, &ada, &target, &cart(), 3)
        .await
        .expect(200)
        .json();
    let results = &answer["results"];
    assert_eq!(results[1]["output"], json!({"hide": ["cod"]}));
    for at in [0, 2] {
        assert_eq!(results[at]["error"]["code"], "output_invalid", "{answer}");
        assert!(results[at]["output"].is_null());
        assert!(
            pico(results[at]["cost"].as_str().unwrap()) > 0,
            "the function's failure is billed"
        );
    }
    let detail = results[0]["error"]["detail"].as_str().unwrap();
    for part in [
        target.as_str(),
        "/hide/1",
        "7 is not of type",
        "/properties/hide/items/type",
    ] {
        assert!(detail.contains(part), "{detail}");
    }

    bind(&ada, &target, &[("good", "skip"), ("broken", "fail")]).await;
    let failed = eventually("the call fails", HEARD_WITHIN, async || {
        let answer = call(stack, &ada, &target, &cart()).await;
        (answer.status == 422).then_some(answer)
    })
    .await;
    assert_eq!(
        (failed.code().as_str(), &failed.json()["function"]),
        ("output_invalid", &json!("broken"))
    );
    assert_eq!(
        failed.json()["results"][0]["output"],
        json!({"hide": ["cod"]})
    );

    // A single run of it is held to the same.
    let single = ada.invoke_when_known("broken", &cart()).await;
    assert_eq!(
        (single.status, single.code().as_str()),
        (422, "output_invalid")
    );
    assert!(
        single.json()["detail"]
            .as_str()
            .unwrap()
            .contains("/hide/1"),
        "{}",
        single.text()
    );
    let tried = ada
        .post(
            "/v1/functions/broken/versions/1/test",
            &json!({"input": {}}),
        )
        .await;
    assert_eq!(tried.expect(200).json()["outcome"], "output_invalid");
    ada.invoke_when_known("good", &cart()).await.expect(200);
}

#[tokio::test]
async fn a_payload_that_breaks_the_schema_is_refused_with_every_place_and_nothing_runs() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let target = define(stack, &ada, &definition()).await;
    deploy_for(&ada, "first", &target, writing("{}")).await;
    bind(&ada, &target, &[("first", "skip")]).await;
    call_of(stack, &ada, &target, &cart(), 1).await.expect(200);

    let wrong = json!({"cart": {"id": 7, "lines": [{"quantity": 1}, {"quantity": 0}]}});
    let refused = call(stack, &ada, &target, &wrong).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "invalid_request")
    );
    let errors = refused.json()["errors"].clone();
    insta::assert_json_snapshot!(errors);
    assert_eq!(refused.header("cartwright-cost"), "");

    let deep = format!(
        "{{\"cart\":{{\"lines\":{}{}}}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    for (payload, says) in [
        (String::new(), "empty"),
        ("{\"cart\":".to_owned(), "not JSON"),
        (deep, "recursion"),
        (
            "{\"cart\":{\"lines\":[]},\"a\":1e999}".to_owned(),
            "out of range",
        ),
    ] {
        let answer = call_with(stack, &ada, &target, &[], payload).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{says}"
        );
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    let large = format!(
        "{{\"cart\":{{\"lines\":[]}},\"note\":\"{}\"}}",
        "x".repeat(1 << 20)
    );
    let large = call_with(stack, &ada, &target, &[], large).await;
    assert_eq!(
        (large.status, large.code().as_str()),
        (413, "input_too_large")
    );
    eventually("the one good call is metered", HEARD_WITHIN, async || {
        let listed = ada.get("/v1/invocations").await.expect(200).json();
        (listed["data"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_changed_schema_and_changed_limits_reach_the_executor_while_calls_go_on() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let target = define(stack, &ada, &definition()).await;
    deploy_for(&ada, "first", &target, writing("{\"hide\":[\"cod\"]}")).await;
    bind(&ada, &target, &[("first", "skip")]).await;
    call_of(stack, &ada, &target, &cart(), 1).await.expect(200);

    let change = async |shape: fn(&mut Value)| {
        let mut changed = definition();
        shape(&mut changed);
        operate(
            stack,
            &ada,
            Method::PUT,
            &format!("/{target}"),
            Some(&changed),
        )
        .await
        .expect(200);
    };
    let heard = async |what: &str, is_so: fn(&Answer) -> bool| {
        eventually(what, HEARD_WITHIN, async || {
            let answer = call(stack, &ada, &target, &cart()).await;
            assert!(matches!(answer.status, 200 | 400), "{}", answer.text());
            is_so(&answer).then_some(())
        })
        .await;
    };
    // What is known under one schema is not given under another.
    ada.patch("/v1/functions/first", &json!({"memoise": true}))
        .await
        .expect(200);
    heard("a known result", |answer| {
        answer.json()["results"][0]["cache"] == "hit"
    })
    .await;
    change(|changed| changed["output_schema"]["properties"]["hide"]["maxItems"] = json!(0)).await;
    heard("the narrower output schema", |answer| {
        answer.json()["results"][0]["error"]["code"] == "output_invalid"
    })
    .await;
    change(|changed| {
        changed["input_schema"]["properties"]["cart"]["required"] = json!(["lines", "total"]);
        changed["examples"] = json!([]);
    })
    .await;
    heard("the narrower input schema", |answer| answer.status == 400).await;
    change(|changed| changed["limits"] = json!({"fuel": 10})).await;
    heard("the lower limit", |answer| {
        answer.json()["results"][0]["error"]["code"] == "fuel_exhausted"
    })
    .await;
    change(|_| ()).await;
    heard("the first definition again", |answer| {
        answer.json()["results"][0]["output"].is_object()
    })
    .await;
}

#[tokio::test]
async fn a_function_reads_only_the_part_of_the_payload_that_it_asked_for() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    let mut open = definition();
    open["output_schema"] = json!({});
    let target = define(stack, &ada, &open).await;
    for (name, query) in [
        ("asks", json!(["/cart/lines/quantity"])),
        ("reads-all", Value::Null),
    ] {
        let new = json!({"name": name, "target": target, "input_query": query});
        ada.post("/v1/functions", &new).await.expect(201);
        ada.upload(name, echoing()).await.expect(201);
    }
    bind(&ada, &target, &[("asks", "skip"), ("reads-all", "skip")]).await;
    let payload = cart().to_string();
    let asked = "{\"cart\":{\"lines\":[{\"quantity\":2}]}}";

    let answer = call_of(stack, &ada, &target, &cart(), 2)
        .await
        .expect(200)
        .json();
    let [asks, all] = [&answer["results"][0], &answer["results"][1]];
    assert_eq!(asks["output"].to_string(), asked);
    assert_eq!(all["output"], cart());
    assert_eq!(
        (&asks["payload_bytes"], &asks["input_bytes"]),
        (&json!(payload.len()), &json!(asked.len()))
    );
    assert_eq!(
        (&all["payload_bytes"], &all["input_bytes"]),
        (&json!(payload.len()), &json!(payload.len()))
    );

    let single = ada.invoke_when_known("asks", &cart()).await.expect(200);
    assert_eq!(single.text(), asked);
    assert_eq!(
        single.header("cartwright-input-query"),
        format!("payload={}, input={}", payload.len(), asked.len())
    );
    let whole = ada
        .invoke_when_known("reads-all", &cart())
        .await
        .expect(200);
    assert_eq!(whole.header("cartwright-input-query"), "");
    // What is kept and billed is what it read.
    let id = single.header("cartwright-invocation-id");
    let kept = eventually("the run is kept", HEARD_WITHIN, async || {
        let answer = ada.get(&format!("/v1/invocations/{id}")).await;
        // The log comes a moment after the record.
        (answer.status == 200 && !answer.json()["input"].is_null()).then(|| answer.json())
    })
    .await;
    assert_eq!(
        (&kept["input_bytes"], kept["input"].to_string().as_str()),
        (&json!(asked.len()), asked)
    );
}

#[tokio::test]
async fn a_call_that_is_repeated_under_its_key_runs_and_is_billed_once() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let target = define(stack, &ada, &definition()).await;
    for name in ["first", "second", "third"] {
        deploy_for(&ada, name, &target, writing("{}")).await;
    }
    bind(&ada, &target, &[("first", "skip"), ("second", "skip")]).await;
    call_of(stack, &ada, &target, &json!({"cart": {"lines": []}}), 2)
        .await
        .expect(200);
    let key = new_name();
    let keyed = [("idempotency-key", key.as_str())];
    let send =
        async |payload: Value| call_with(stack, &ada, &target, &keyed, payload.to_string()).await;

    let all = join_all((0..50).map(|_| send(cart()))).await;
    let first = all[0].text();
    for answer in &all {
        assert_eq!((answer.status, answer.text()), (200, first.clone()));
    }
    let replayed = |answer: &&Answer| answer.header("cartwright-idempotent-replay") == "true";
    assert_eq!(all.iter().filter(replayed).count(), 49);
    // What comes last is listed last: then all that ran before it is listed too.
    ada.invoke_when_known("third", &cart()).await.expect(200);
    eventually("what ran is listed", HEARD_WITHIN, async || {
        let listed = ada.get("/v1/invocations?limit=100").await.expect(200);
        let listed = listed.json();
        let of = |function: &str| {
            let runs = listed["data"].as_array().unwrap().iter();
            runs.filter(|run| run["function"] == function).count()
        };
        assert!(of("first") <= 2 && of("second") <= 2, "{listed}");
        (of("third") == 1).then(|| assert_eq!((of("first"), of("second")), (2, 2)))
    })
    .await;

    // Another payload is another request; other bindings are not.
    let other = send(json!({"cart": {"lines": []}})).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency_mismatch")
    );
    bind(&ada, &target, &[("third", "fail")]).await;
    call_of(stack, &ada, &target, &cart(), 1).await.expect(200);
    assert_eq!(send(cart()).await.text(), first);
}

#[tokio::test]
async fn only_the_platform_calls_targets_and_only_those_that_are() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let url = |target: &str| format!("{}/v1/run/{target}", stack.invoke_url);
    let http = reqwest::Client::new();
    let own = eventually("the executor knows the key", HEARD_WITHIN, async || {
        let answer = ada
            .send(
                http.post(url("cart.discount"))
                    .bearer_auth(&ada.api_key)
                    .body("{}"),
            )
            .await;
        (answer.status != 401).then_some(answer)
    });
    let own = own.await;
    assert_eq!((own.status, own.code().as_str()), (403, "forbidden"));
    let nobody = ada.send(http.post(url("cart.discount")).body("{}")).await;
    assert_eq!(
        (nobody.status, nobody.code().as_str()),
        (401, "unauthenticated")
    );
    let whose = http
        .post(url("cart.discount"))
        .bearer_auth(stack.platform_key().await)
        .body("{}");
    assert_eq!(ada.send(whose).await.status, 400);
    let got = ada.send(http.get(url("cart.discount"))).await;
    assert_eq!(
        (got.status, got.code().as_str()),
        (405, "method_not_allowed")
    );

    let absent = call(stack, &ada, &new_name(), &cart()).await;
    assert_eq!((absent.status, absent.code().as_str()), (404, "not_found"));
    for odd in ["Cart", "cart..discount", "%00", &"x".repeat(5_000)] {
        let answer = call(stack, &ada, odd, &cart()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{odd}"
        );
    }
    let query = call(stack, &ada, "cart.discount?alias=live", &cart()).await;
    assert_eq!(query.status, 400);
    // Most tenants have nothing bound, and a checkout goes on.
    let empty = call(stack, &ada, "cart.discount", &cart())
        .await
        .expect(200);
    assert_eq!(empty.json(), json!({"results": []}));
    assert_eq!(pico(empty.header("cartwright-cost")), 0);
    assert_tells_quotas(&empty);
    // A target that was defined a moment ago is known.
    let name = define(stack, &ada, &definition()).await;
    let known = eventually("the new target is known", HEARD_WITHIN, async || {
        let answer = call(stack, &ada, &name, &cart()).await;
        (answer.status == 200).then_some(answer)
    });
    assert_eq!(known.await.json()["results"], json!([]));
}

#[tokio::test]
async fn the_functions_of_the_repository_and_their_samples_fit_the_first_targets() {
    let stack = Stack::shared().await;
    let mut tried = 0;
    for (folder, target) in [
        ("volume-discount-rust", "cart.discount"),
        ("volume-discount-assemblyscript", "cart.discount"),
        ("volume-discount-c", "cart.discount"),
        ("volume-discount-javascript", "cart.discount"),
        ("payment-method-filter", "payment.filter"),
        ("shipping-rule", "shipping.rates"),
    ] {
        let ada = stack.tenant("ada").await;
        deploy_for(
            &ada,
            folder,
            target,
            module(&format!("{folder}/{folder}.wasm")),
        )
        .await;
        bind(&ada, target, &[(folder, "fail")]).await;
        let defined = ada
            .get(&format!("/v1/targets/{target}"))
            .await
            .expect(200)
            .json();
        let example = &defined["examples"][0];
        let answer = call_of(stack, &ada, target, &example["input"], 1)
            .await
            .expect(200)
            .json();
        assert_eq!(
            answer["results"][0]["output"], example["output"],
            "{folder}"
        );
        for case in samples_without_settings(folder) {
            let (input, output) = (
                module(&format!("{folder}/samples/{case}.input.json")),
                module(&format!("{folder}/samples/{case}.output.json")),
            );
            let answer = call_with(stack, &ada, target, &[], input).await;
            let answer = answer.expect(200).json();
            let output: Value = serde_json::from_slice(&output).unwrap();
            assert_eq!(answer["results"][0]["output"], output, "{folder} {case}");
            tried += 1;
        }
    }
    assert!(tried >= 25, "{tried}");
}

/// The cases that are meant for the default settings.
fn samples_without_settings(folder: &str) -> Vec<String> {
    let folder = xtask::place::root()
        .join("functions")
        .join(folder)
        .join("samples");
    let files = std::fs::read_dir(folder).expect("samples");
    let names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let is_set = |case: &str| names.contains(&format!("{case}.settings.json"));
    names
        .iter()
        .filter_map(|name| name.strip_suffix(".input.json"))
        .filter(|case| !is_set(case))
        .map(str::to_owned)
        .collect()
}
