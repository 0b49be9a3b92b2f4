//! The fleet: executors report, an operator drains one and puts it back, and one that is killed is lost and not asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cartwright_tests::{Answer, Options, Role, Stack, Tenant, eventually, module};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::shipping::billed;

/// An order is heard with the next report, 3.5 s later at most.
const HEARD_WITHIN: Duration = Duration::from_secs(8);

/// Lost is who was not heard of for 15 s.
const LOST_WITHIN: Duration = Duration::from_secs(20);

/// The operator, with the platform's key.
struct Operator<'a> {
    stack: &'a Stack,
    ada: &'a Tenant,
}

impl Operator<'_> {
    async fn ask(&self, method: Method, path: &str) -> Answer {
        let key = self.stack.platform_key().await;
        let path = format!("/v1/platform/fleet{path}");
        self.ada
            .send(self.ada.anonymous(method, &path).bearer_auth(key))
            .await
    }

    async fn fleet(&self) -> Vec<Value> {
        let page = self.ask(Method::GET, "").await.expect(200).json();
        page["data"].as_array().expect("a list").clone()
    }

    /// The youngest executor that reported this address.
    async fn executor(&self, number: usize) -> Option<Value> {
        let url = self.stack.executor_url(number);
        let fleet = self.fleet().await.into_iter();
        fleet.rev().find(|executor| executor["public_url"] == url)
    }

    async fn id(&self, number: usize) -> String {
        let executor = self.executor(number).await.expect("it is listed");
        executor["id"].as_str().expect("an id").to_owned()
    }

    async fn until(&self, number: usize, state: &str, within: Duration) -> Value {
        eventually(
            &format!("executor {number} is {state}"),
            within,
            async || {
                let executor = self.executor(number).await?;
                (executor["state"] == state).then_some(executor)
            },
        )
        .await
    }
}

async fn metric(url: &str, line: &str) -> f64 {
    let text = reqwest::get(format!("{url}/metrics"))
        .await
        .expect("the executor answers")
        .text()
        .await
        .expect("text");
    let value = text.lines().find_map(|found| found.strip_prefix(line));
    value.map_or(0.0, |value| value.trim().parse().expect("a number"))
}

/// Runs that an executor has made.
async fn runs(stack: &Stack, number: usize) -> f64 {
    let url = stack.executor_url(number);
    metric(url, "cartwright_runs_total{outcome=\"ok\"}").await
}

/// Test the function's version, and say which of these executors ran it.
async fn tested_on(stack: &Stack, ada: &Tenant, numbers: &[usize]) -> usize {
    let mut before = Vec::new();
    for number in numbers {
        before.push(runs(stack, *number).await);
    }
    ada.post("/v1/functions/hello/versions/1/test", &json!({"input": {}}))
        .await
        .expect(200);
    for (number, before) in numbers.iter().zip(before) {
        if runs(stack, *number).await > before {
            return *number;
        }
    }
    panic!("none of {numbers:?} ran it");
}

#[tokio::test]
async fn three_executors_register_one_is_drained_and_put_back_and_one_is_killed_and_lost() {
    let options = Options {
        more_executors: 2,
        ..Options::default()
    };
    let stack = &Stack::start(options).await;
    let ada = &stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let operator = Operator { stack, ada };
    for number in 0..3 {
        let listed = operator.until(number, "ready", HEARD_WITHIN).await;
        assert_eq!(listed["why"], json!(null));
        assert_eq!(listed["slots"]["total"], 1024);
        assert_eq!(listed["meter_log"]["unshipped"], 0);
        assert!(listed["engine_epoch"].as_u64().expect("an epoch") > 0);
    }

    // The same function meets the same executor, whose caches are warm.
    let favourite = tested_on(stack, ada, &[0, 1, 2]).await;
    for _ in 0..5 {
        assert_eq!(tested_on(stack, ada, &[0, 1, 2]).await, favourite);
    }
    let others: Vec<usize> = (0..3).filter(|number| *number != favourite).collect();

    // Drained, it is not asked from the word on, says why it is not ready, and later refuses.
    let id = operator.id(favourite).await;
    let ordered = operator.ask(Method::POST, &format!("/{id}/drain")).await;
    assert_eq!(ordered.expect(200).json()["state"], "draining");
    let instead = tested_on(stack, ada, &others).await;
    let http = reqwest::Client::new();
    let url = stack.executor_url(favourite);
    eventually("/readyz names the drain", HEARD_WITHIN, async || {
        let answer = http.get(format!("{url}/readyz")).send().await.ok()?;
        let answer = Answer::read(answer).await.ok()?;
        (answer.status == 503 && answer.text().contains("drain_order")).then_some(())
    })
    .await;
    let invoke = async || {
        let request = http.post(format!("{url}/v1/invoke/hello"));
        let request = request.bearer_auth(&ada.api_key).json(&json!({}));
        ada.send(request).await
    };
    let refused = eventually("it takes no runs", LOST_WITHIN, async || {
        let answer = invoke().await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "not_ready"),
        "{}",
        refused.text()
    );
    let drained = operator.executor(favourite).await.expect("it is listed");
    assert!(
        drained["drain"]["by"]
            .as_str()
            .expect("who ordered it")
            .starts_with("platform:"),
        "{drained}"
    );

    // Put back, it gets its functions again.
    operator
        .ask(Method::POST, &format!("/{id}/undrain"))
        .await
        .expect(200);
    operator.until(favourite, "ready", HEARD_WITHIN).await;
    assert_eq!(tested_on(stack, ada, &[0, 1, 2]).await, favourite);
    invoke().await.expect(200);

    // Killed, it is passed over at once, and lost within the time that is promised.
    let alive = operator.ask(Method::DELETE, &format!("/{id}")).await;
    assert_eq!(alive.expect(409).code(), "conflict");
    stack.kill_executor(favourite);
    assert_eq!(tested_on(stack, ada, &others).await, instead);
    let lost = operator.until(favourite, "lost", LOST_WITHIN).await;
    let why = lost["why"].as_str().expect("a reason");
    assert!(why.contains("nobody ships its meter log"), "{why}");

    // Started again on the same disk, it is another executor, which has the log of the lost one.
    stack.run_executor(favourite);
    stack.executor_ready(favourite).await;
    let successor = operator.until(favourite, "ready", HEARD_WITHIN).await;
    assert_ne!(successor["id"], id.as_str());
    let fleet = operator.fleet().await;
    let lost = fleet.iter().find(|executor| executor["id"] == id.as_str());
    let lost = lost.expect("the lost one is listed still");
    assert_eq!(
        (&lost["state"], &lost["taken_over_by"]),
        (&json!("lost"), &successor["id"])
    );
    assert_eq!(tested_on(stack, ada, &[0, 1, 2]).await, favourite);
    operator
        .ask(Method::DELETE, &format!("/{id}"))
        .await
        .expect(204);

    // One that ends in good order need not be looked for.
    let id = operator.id(0).await;
    stack.stop(Role::Executor).await;
    eventually("it is not listed", HEARD_WITHIN, async || {
        let fleet = operator.fleet().await;
        (!fleet.iter().any(|executor| executor["id"] == id.as_str())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_executor_had_not_shipped_is_counted_until_billing_has_it() {
    let stack = &Stack::start(Options::default()).await;
    let ada = &stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let unshipped = async || metric(&stack.invoke_url, "cartwright_meter_log_unshipped ").await;
    eventually("billing has the run", HEARD_WITHIN, async || {
        (billed(stack, ada).await.1 == 1).then_some(())
    })
    .await;

    stack.kill(Role::Billing);
    for _ in 0..7 {
        ada.invoke("hello", &json!({})).await.expect(200);
    }
    stack.restart(Role::Executor).await;

    // Of the log of a process that is no more. The first run is among them only if billing died before it could say that
    // it has it.
    let is_missed = |records: f64| (7.0..=8.0).contains(&records);
    eventually("seven records are missed", HEARD_WITHIN, async || {
        is_missed(unshipped().await).then_some(())
    })
    .await;
    let operator = Operator { stack, ada };
    eventually("the operator sees them", HEARD_WITHIN, async || {
        let log = operator.executor(0).await?["meter_log"].clone();
        let is_old = log["oldest_ms"].as_u64().is_some_and(|age| age > 0);
        (is_missed(log["unshipped"].as_f64()?) && is_old).then_some(())
    })
    .await;

    stack.run(Role::Billing);
    stack.ready(Role::Billing).await;
    eventually("all is shipped", LOST_WITHIN, async || {
        (unshipped().await == 0.0).then_some(())
    })
    .await;
}

/// What an executor that is none reports, reached internally at this address.
pub(crate) fn forged_report(internal_url: &str) -> Value {
    json!({
        "executor_id": "01900000-0000-7000-8000-00000000f1ee", "version": "0", "engine_epoch": 1, "started_at_ms": 0,
        "public_url": "http://e1:8081", "internal_url": internal_url, "run_token": "cw_run_forged", "missing": {},
        "ending": false, "ended": false, "slots": {"total": 0, "used": 0, "warm": 0}, "took_over": [],
        "caches": {"memory": {"hits": 0, "bytes": 0}, "disk": {"hits": 0, "bytes": 0}, "store_hits": 0},
        "meter_log": {"unshipped": 0, "unshipped_bytes": 0, "oldest_ms": null, "unreadable": 0},
    })
}

/// Report it to the api with the credential of a role.
pub(crate) async fn report_as(stack: &Stack, role: Role, report: &Value) -> Answer {
    let credential = stack.wiring.secrets.credential(role).expect("a credential");
    let url = format!("{}/internal/v1/executors", stack.internal_url(Role::Api));
    let request = reqwest::Client::new().post(url).bearer_auth(credential);
    let answer = request.json(report).send().await.expect("an answer");
    Answer::read(answer).await.expect("a whole answer")
}

#[tokio::test]
async fn a_report_is_taken_from_executors_only_and_leads_to_where_it_comes_from_only() {
    let stack = Stack::shared().await;
    let with_path = forged_report("http://127.0.0.1:8091/admin");
    let refused = report_as(stack, Role::Billing, &with_path).await;
    assert_eq!(refused.status, 403);
    for (url, says) in [
        ("http://127.0.0.1:8091/admin", "without a path"),
        ("http://127.0.0.2:8091", "the report comes from 127.0.0.1"),
        ("http://localhost:8091", "CARTWRIGHT_EXECUTOR_HOSTS"),
        ("http://169.254.169.254", "CARTWRIGHT_EXECUTOR_HOSTS"),
        ("http://2130706433:8091", "CARTWRIGHT_EXECUTOR_HOSTS"),
    ] {
        let refused = report_as(stack, Role::Executor, &forged_report(url)).await;
        let refused = refused.expect(400);
        assert_eq!(refused.code(), "invalid_request");
        assert!(refused.text().contains(says), "{url}: {}", refused.text());
    }
}

/// An address whose listener writes down what it is asked, and answers 503 `not_ready` so that the next executor is tried.
async fn eavesdropper(address: &str) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind((address, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let heard = Arc::new(Mutex::new(String::new()));
    let hears = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut bytes = vec![0; 64 << 10];
            let read = caller.read(&mut bytes).await.unwrap_or(0);
            let said = String::from_utf8_lossy(&bytes[..read]).into_owned();
            hears.lock().expect("nobody panics").push_str(&said);
            let problem = r#"{"type":"about:blank","title":"Not ready","status":503,"code":"not_ready","detail":"no"}"#;
            let answer = format!(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{problem}",
                problem.len()
            );
            caller.write_all(answer.as_bytes()).await.ok();
        }
    });
    (url, heard)
}

#[tokio::test]
async fn a_stolen_executor_credential_leads_no_run_elsewhere_and_learns_no_other() {
    let stack = &Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let tests = async || {
        for _ in 0..20 {
            let test = json!({"input": {"name": "the secret of Ada"}});
            let path = "/v1/functions/hello/versions/1/test";
            ada.post(path, &test).await.expect(200);
        }
    };
    let (foreign_url, foreign_heard) = eavesdropper("127.0.0.2").await;
    let (near_url, near_heard) = eavesdropper("127.0.0.1").await;

    let foreign = report_as(stack, Role::Executor, &forged_report(&foreign_url)).await;
    foreign.expect(400);
    tests().await;
    assert_eq!(*foreign_heard.lock().expect("nobody panics"), "");

    // One that broke out reports where it is itself, as any executor does. It is asked, by the token that it told.
    let near = report_as(stack, Role::Executor, &forged_report(&near_url)).await;
    near.expect(200);
    // The api believes its list of executors for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for function in 0..8 {
        // By its name each function has an executor that it prefers.
        let name = format!("hello-{function}");
        ada.deploy(&name, module("hello/hello.wasm")).await;
        let path = format!("/v1/functions/{name}/versions/1/test");
        ada.post(&path, &json!({"input": {}})).await.expect(200);
    }
    let heard = near_heard.lock().expect("nobody panics").clone();
    assert!(heard.contains("Bearer cw_run_forged"), "{heard}");
    for role in Role::ALL {
        let credential = stack.wiring.secrets.credential(role).expect("a credential");
        assert!(!heard.contains(credential), "{}", role.name());
    }
    let internal = stack.internal_url(Role::Executor);
    for credential in [
        "cw_run_forged",
        stack.wiring.secrets.credential(Role::Api).expect("one"),
        stack.wiring.secrets.credential(Role::Worker).expect("one"),
    ] {
        let request = reqwest::Client::new().post(format!("{internal}/internal/v1/run"));
        let answer = request.bearer_auth(credential).json(&json!({}));
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "an executor knows its own token only");
    }
}
