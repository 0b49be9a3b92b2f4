//! Quotas through the front doors: who sets them, what a refused caller reads, what a tenant sees of them, and what
//! becomes of them without Redis. How a fleet shares them is tested in the executor's own tests, on a clock of their own.

use std::time::{Duration, Instant};

use cartwright_tests::{Answer, Backend, Options, Role, Stack, Tenant, eventually, module};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::guests::busy;
use crate::invoke::refused;

const SOON: Duration = Duration::from_secs(15);

async fn put_of_tenant(stack: &Stack, tenant: &Tenant, quotas: &Value) -> Answer {
    let path = format!("/v1/platform/tenants/{}/quotas", tenant.slug);
    let request = tenant.anonymous(Method::PUT, &path);
    let key = stack.platform_key().await;
    tenant.send(request.bearer_auth(key).json(quotas)).await
}

/// A tenant with these quotas and a function, which executors know of.
async fn tenant_with(stack: &Stack, quotas: &Value) -> Tenant {
    let ada = stack.tenant("ada").await;
    put_of_tenant(stack, &ada, quotas).await.expect(200);
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada
}

async fn hello(tenant: &Tenant) -> Answer {
    tenant.invoke("hello", &json!({"name": "Ada"})).await
}

/// The rule of this kind, of the tenant or of a function, as `GET /v1/quotas` tells it.
async fn rule(tenant: &Tenant, function: Option<&str>, kind: &str) -> Value {
    let rules = tenant.get("/v1/quotas").await.expect(200).json();
    let rules = rules["data"].as_array().unwrap().clone();
    let found = rules
        .into_iter()
        .find(|rule| rule["function"] == json!(function) && rule["kind"] == kind);
    found.unwrap_or_else(|| panic!("no rule {kind} of {function:?}"))
}

#[tokio::test]
async fn above_its_rate_a_tenant_is_refused_with_all_that_lets_it_slow_down() {
    let stack = Stack::shared().await;
    let ada = tenant_with(stack, &json!({"rate": {"limit": 2, "burst": 4}})).await;
    let first = ada
        .invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    assert!(
        first
            .header("ratelimit-policy")
            .contains(", \"tenant-rate\";q=2;w=1, "),
        "{}",
        first.header("ratelimit-policy")
    );
    let left = first.header("ratelimit");
    assert!(left.contains("\"tenant-rate\";r="), "{left}");

    let began = Instant::now();
    let answers = join_all((0..60).map(|_| hello(&ada))).await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    // The burst, what came meanwhile, and a second's for what was under way.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let most = 2.0f64.mul_add(began.elapsed().as_secs_f64() + 1.0, 4.0);
    assert!(admitted as f64 <= most.max(6.0), "{admitted} of 60");
    let denied = answers
        .iter()
        .find(|answer| answer.status != 200)
        .expect("60 at once are above 2 a second");
    assert_eq!(refused(denied), (429, "rate_limited".to_owned()));
    let problem = denied.json();
    assert_eq!(problem["limit"], 2);
    assert_eq!(problem["violated-policies"], json!(["tenant-rate"]));
    assert!(
        problem["detail"].as_str().is_some_and(
            |text| text.contains("2 runs a second") && text.contains("raise the quota")
        )
    );
    assert_eq!(denied.header("ratelimit-policy"), "\"tenant-rate\";q=2;w=1");
    let wait_s: u64 = denied.header("retry-after").parse().expect("seconds");
    assert_eq!(
        denied.header("ratelimit"),
        format!("\"tenant-rate\";r=0;t={wait_s}")
    );
    eventually("it may again", SOON, async || {
        (hello(&ada).await.status == 200).then_some(())
    })
    .await;
    eventually("the refusals are told", SOON, async || {
        let told = rule(&ada, None, "rate").await;
        (told["refused_today"].as_u64()? >= 40).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_functions_daily_count_ends_at_its_limit_whatever_becomes_of_redis() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    for name in ["hello", "other"] {
        ada.deploy(name, module("hello/hello.wasm")).await;
    }
    let quotas = json!({"daily_invocations": {"limit": 3}});
    let put = ada.put("/v1/functions/hello/quotas", &quotas).await;
    assert_eq!(put.expect(200).json(), quotas);
    let denied = eventually("the quota is used up", SOON, async || {
        Some(hello(&ada).await).filter(|answer| answer.status == 429)
    })
    .await;
    assert_eq!(refused(&denied), (429, "quota_exceeded".to_owned()));
    let wait_s: u64 = denied.header("retry-after").parse().expect("seconds");
    assert!((1..=86_400).contains(&wait_s), "{wait_s}");
    let detail = denied.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("3 runs a day") && detail.contains("T00:00:00Z"),
        "{detail}"
    );
    ada.invoke("other", &json!({"name": "Ada"}))
        .await
        .expect(200);

    // The count is in Redis, for an executor that knows nothing yet; without it, it is billing's.
    stack.restart(Role::Executor).await;
    eventually("it is refused by what Redis counted", SOON, async || {
        (hello(&ada).await.code() == "quota_exceeded").then_some(())
    })
    .await;
    stack.kill(Role::Executor);
    let client = redis::Client::open(stack.wiring.redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    stack.run(Role::Executor);
    stack.ready(Role::Executor).await;
    eventually("it is refused by what billing counted", SOON, async || {
        let answer = hello(&ada).await;
        (answer.code() == "quota_exceeded").then_some(())
    })
    .await;
    let told = rule(&ada, Some("hello"), "daily_invocations").await;
    assert_eq!(told["remaining"], 0, "{told}");
    assert!(
        told["used"].as_u64().is_some_and(|used| used >= 3),
        "{told}"
    );
    assert!(told["resets_at"].as_str().is_some(), "{told}");
}

#[tokio::test]
async fn a_shadow_refuses_nobody_and_tells_what_it_would_have() {
    let stack = Stack::shared().await;
    let quotas = json!({"rate": {"limit": 1, "shadow": true}});
    let ada = tenant_with(stack, &quotas).await;
    ada.invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);

    let answers = join_all((0..40).map(|_| hello(&ada))).await;

    for answer in answers {
        let answer = answer.expect(200);
        assert!(!answer.header("ratelimit").contains("tenant-rate"));
    }
    let told = eventually("what it would have refused is told", SOON, async || {
        let told = rule(&ada, None, "rate").await;
        (told["shadow_refused_today"].as_u64()? >= 10).then_some(told)
    })
    .await;
    assert_eq!(
        (&told["shadow"], &told["refused_today"]),
        (&json!(true), &json!(0))
    );
    let metrics = reqwest::get(format!("{}/metrics", stack.invoke_url))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.lines().any(|line| {
            line.starts_with("cartwright_quota_refusals_total{") && line.contains("mode=\"shadow\"")
        }),
        "{metrics}"
    );
}

#[tokio::test]
async fn runs_at_once_are_bounded_over_the_fleet_and_places_are_given_back() {
    let stack = Stack::shared().await;
    let ada = tenant_with(stack, &json!({"concurrency": {"limit": 1}})).await;
    ada.deploy("slow", busy(8_000_000)).await;
    ada.invoke_when_known("slow", &json!({})).await.expect(200);

    let input = json!({});
    let answers = join_all((0..16).map(|_| ada.invoke("slow", &input))).await;

    let denied = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("16 at once are more than one");
    assert_eq!(refused(denied), (429, "concurrency_limited".to_owned()));
    assert_eq!(
        denied.header("ratelimit-policy"),
        "\"tenant-concurrency\";q=1;qu=\"concurrent-requests\""
    );
    assert!(answers.iter().any(|answer| answer.status == 200));
    eventually("the place is free again", SOON, async || {
        (ada.invoke("slow", &input).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whatever_becomes_of_redis_runs_go_on_within_the_rate() {
    let stack = Stack::start(Options {
        faults: true,
        ..Options::default()
    })
    .await;
    let ada = tenant_with(&stack, &json!({"rate": {"limit": 20, "burst": 20}})).await;
    ada.invoke_when_known("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);

    stack.cut(Backend::Redis);
    within_the_rate(&ada, "cut off").await;
    let told = rule(&ada, None, "rate").await;
    assert_eq!(
        (&told["limit"], &told["used"]),
        (&json!(20), &Value::Null),
        "what Redis has cannot be told without it"
    );
    stack.mend(Backend::Redis);
    eventually("what is used is told again", SOON, async || {
        hello(&ada).await;
        rule(&ada, None, "rate").await["used"].as_u64()
    })
    .await;

    stack.slow(Backend::Redis, 200);
    within_the_rate(&ada, "slow").await;
    stack.mend(Backend::Redis);

    let client = redis::Client::open(stack.wiring.redis_url.as_str()).unwrap();
    let mut redis = eventually("Redis answers", SOON, async || {
        client.get_multiplexed_async_connection().await.ok()
    })
    .await;
    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    within_the_rate(&ada, "flushed").await;
}

/// For some seconds ten times as many runs are asked for as the rate of 20 allows. All are answered, by 200 or 429, and
/// no more let in than bursts and a tenth above the rate.
async fn within_the_rate(ada: &Tenant, redis_is: &str) {
    let (began, mut admitted, mut denied) = (Instant::now(), 0_u32, 0_u32);
    while began.elapsed() < Duration::from_secs(4) {
        let answers = join_all((0..10).map(|_| hello(ada))).await;
        for answer in answers {
            match answer.status {
                200 => admitted += 1,
                429 => denied += 1,
                _ => panic!("Redis is {redis_is}: {}", answer.text()),
            }
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    // A burst of the fleet's, one of its own, and a tenth above the rate.
    let most = 1.1f64.mul_add(20.0 * began.elapsed().as_secs_f64(), 41.0);
    assert!(
        f64::from(admitted) <= most,
        "Redis is {redis_is}: {admitted} of at most {most}"
    );
    assert!(admitted >= 30, "Redis is {redis_is}: {admitted}");
    assert!(denied > 0, "Redis is {redis_is}: nothing was refused");
}

#[tokio::test]
async fn the_plan_gives_quotas_the_platform_replaces_them_and_each_side_sees_what_holds() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let plan = json!({"rate": {"limit": 5000, "burst": 10000}, "concurrency": {"limit": 1000}});
    let raised =
        json!({"rate": {"limit": 9000}, "monthly_fuel": {"limit": 1_000_000_000, "shadow": true}});

    let put = put_of_tenant(stack, &ada, &raised).await.expect(200).json();

    assert_eq!((&put["plan"], &put["platform"]), (&plan, &raised));
    assert_eq!(
        put["effective"],
        json!({"rate": {"limit": 9000}, "concurrency": {"limit": 1000},
            "monthly_fuel": {"limit": 1_000_000_000, "shadow": true}})
    );
    let rate = rule(&ada, None, "rate").await;
    assert_eq!(
        rate,
        json!({"function": null, "kind": "rate", "limit": 9000, "burst": 9000, "shadow": false, "used": 0,
            "remaining": 9000, "resets_at": null, "refused_today": 0, "shadow_refused_today": 0})
    );
    assert_eq!(rule(&ada, None, "monthly_fuel").await["used"], 0);
    let entries = ada.get("/v1/audit").await.expect(200).json();
    assert!(
        entries["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["action"] == "tenant.quotas"),
        "{entries}"
    );
}

#[tokio::test]
async fn quotas_that_nobody_could_keep_are_refused_with_where_and_why() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.create_function("hello").await;
    for (quotas, pointer) in [
        (json!({"rate": {"limit": 0}}), "/rate/limit"),
        (json!({"rate": {"limit": 1_000_001}}), "/rate/limit"),
        (
            json!({"concurrency": {"limit": 1, "burst": 2}}),
            "/concurrency/burst",
        ),
        (
            json!({"daily_fuel": {"limit": 9_007_199_254_740_992_u64}}),
            "/daily_fuel/limit",
        ),
    ] {
        let of_function = ada.put("/v1/functions/hello/quotas", &quotas).await;
        let of_tenant = put_of_tenant(stack, &ada, &quotas).await;
        for answer in [of_function, of_tenant] {
            let answer = answer.expect(400);
            assert_eq!(answer.code(), "invalid_request");
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
        }
    }
    for unknown in [json!({"speed": {"limit": 1}}), json!({"rate": {"limt": 1}})] {
        ada.put("/v1/functions/hello/quotas", &unknown)
            .await
            .expect(400);
    }
    let unchanged = ada.get("/v1/functions/hello/quotas").await.expect(200);
    assert_eq!(unchanged.json(), json!({}));
}
