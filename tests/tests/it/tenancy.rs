//! Two tenants and every route: what is one's is not found by the other.

use std::collections::BTreeSet;

use cartwright_tests::{Answer, Stack, Tenant, module};
use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{document, operations};
use crate::queued::Queue;
use crate::sending::{event, new_id, send, subscribe};

/// One route, as both tenants ask for it.
struct Cell {
    operation: &'static str,
    method: Method,
    path: String,
    body: Body,
    /// What the owner gets.
    owner: u16,
}

enum Body {
    None,
    Json(Value),
    Wasm(Vec<u8>),
}

fn cell(operation: &'static str, method: Method, path: String, body: Body, owner: u16) -> Cell {
    Cell {
        operation,
        method,
        path,
        body,
        owner,
    }
}

async fn ask(tenant: &Tenant, cell: &Cell) -> Answer {
    let request = tenant.request(cell.method.clone(), &cell.path);
    let request = match &cell.body {
        Body::None => request,
        Body::Json(body) => request.json(body),
        Body::Wasm(bytes) => request
            .header("content-type", "application/wasm")
            .body(bytes.clone()),
    };
    tenant.send(request).await
}

/// Routes about this endpoint, and a message to it that was given up.
fn cells_about_messages(endpoint: &str, message: &str) -> Vec<Cell> {
    let endpoint = format!("/v1/endpoints/{endpoint}");
    let message = format!("/v1/messages/{message}");
    let get =
        |operation, path: &str| cell(operation, Method::GET, path.to_owned(), Body::None, 200);
    let post = |operation, path, owner| cell(operation, Method::POST, path, Body::None, owner);
    vec![
        get("get_endpoint", &endpoint),
        cell(
            "update_endpoint",
            Method::PATCH,
            endpoint.clone(),
            Body::Json(json!({"notices": []})),
            200,
        ),
        post("rotate_endpoint_secret", format!("{endpoint}/secrets"), 201),
        post("test_endpoint", format!("{endpoint}/test"), 202),
        get("get_message", &message),
        post("resend_message", format!("{message}/resend"), 202),
    ]
}

/// Routes about this schedule.
fn cells_about_a_schedule(schedule: &str) -> Vec<Cell> {
    let schedule = format!("/v1/schedules/{schedule}");
    vec![
        cell(
            "get_schedule",
            Method::GET,
            schedule.clone(),
            Body::None,
            200,
        ),
        cell(
            "update_schedule",
            Method::PATCH,
            schedule.clone(),
            Body::Json(json!({"missed": "skip"})),
            200,
        ),
        cell(
            "run_schedule",
            Method::POST,
            format!("{schedule}/run"),
            Body::None,
            202,
        ),
    ]
}

/// Routes about a delivery that ended, and a batch of replayed ones.
async fn cells_about_deliveries(stack: &Stack, ada: &Tenant) -> Vec<Cell> {
    let mut queue = Queue::of(stack, ada).await;
    let subscription = subscribe(ada, "hello", "orders/paid", &json!({})).await;
    queue.send(subscription.parse().unwrap(), 1, &[]).await;
    queue.ended(1).await;
    let listed = ada.get("/v1/deliveries").await.expect(200).json();
    let delivery = listed["data"][0]["id"].as_str().unwrap();
    let delivery = format!("/v1/deliveries/{delivery}");
    let post = |operation, path, owner| cell(operation, Method::POST, path, Body::None, owner);
    let new = json!({"name": "again"});
    let batch = ada.post("/v1/deliveries/replay", &new).await.expect(202);
    let id = batch.json()["id"].as_str().unwrap().to_owned();
    let batch = format!("/v1/deliveries/replays/{id}");
    let get =
        |operation, path: &str| cell(operation, Method::GET, path.to_owned(), Body::None, 200);
    vec![
        get("get_delivery", &delivery),
        post("cancel_delivery", format!("{delivery}/cancel"), 200),
        post("replay_delivery", format!("{delivery}/replay"), 201),
        get("get_delivery_replay", &batch),
        post("cancel_delivery_replay", format!("{batch}/cancel"), 200),
    ]
}

/// Routes about an event, a subscription and a source.
async fn cells_about_events(stack: &Stack, ada: &Tenant) -> Vec<Cell> {
    let sent = send(stack, ada, &event(&new_id(), "a", &json!(1))).await;
    let event = format!(
        "/v1/events/{}",
        sent.expect(202).json()["event_id"].as_str().unwrap()
    );
    let subscription = subscribe(ada, "hello", "*", &json!({})).await;
    let subscription = format!("/v1/subscriptions/{subscription}");
    let new = json!({"name": "hers", "scheme": "github"});
    let source = ada.post("/v1/sources", &new).await.expect(201).json();
    let secret = source["secrets"][0]["id"].as_str().unwrap();
    let source = format!("/v1/sources/{}", source["id"].as_str().unwrap());
    let get =
        |operation, path: &str| cell(operation, Method::GET, path.to_owned(), Body::None, 200);
    let with = |operation, method, path: String, status| {
        cell(operation, method, path, Body::Json(json!({})), status)
    };
    let secrets = format!("{source}/secrets");
    vec![
        get("get_event", &event),
        with(
            "send_event_again",
            Method::POST,
            format!("{event}/send"),
            202,
        ),
        get("get_subscription", &subscription),
        with("update_subscription", Method::PATCH, subscription, 200),
        get("get_source", &source),
        with("update_source", Method::PATCH, source, 200),
        with("add_source_secret", Method::POST, secrets.clone(), 201),
        with(
            "remove_source_secret",
            Method::DELETE,
            format!("{secrets}/{secret}"),
            204,
        ),
    ]
}

/// An endpoint that is disabled, and a message to it that was given up.
async fn message_that_was_given_up(stack: &Stack, ada: &Tenant) -> (String, String) {
    let new = json!({"name": "mine", "url": "https://example.com/"});
    let endpoint = ada.post("/v1/endpoints", &new).await.expect(201).json();
    let endpoint = endpoint["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/endpoints/{endpoint}");
    ada.patch(&path, &json!({"disabled": true}))
        .await
        .expect(200);
    let message = ada
        .post(&format!("{path}/test"), &Value::Null)
        .await
        .expect(202)
        .json();
    let message = message["id"].as_str().unwrap().to_owned();
    sqlx::query(
        "update message set status = 'failed', ended_at = now() where message_id = $1::uuid",
    )
    .bind(&message)
    .execute(&mut stack.database().await)
    .await
    .unwrap();
    (endpoint, message)
}

/// Routes that name something of the owner's: the owner reaches it, and the stranger is told that there is none.
async fn cells_about_one_thing(ada: &Tenant, run: &str, member: &str) -> Vec<Cell> {
    let batch = ada
        .post("/v1/functions/hello/replays", &json!({"version": 1}))
        .await
        .expect(202)
        .json();
    let batch = format!("/replays/{}", batch["id"].as_str().unwrap());
    let hello = module("hello/hello.wasm");
    let key = ada
        .post("/v1/api-keys", &json!({"name": "to revoke"}))
        .await
        .expect(201)
        .json();
    let key = key["id"].as_str().unwrap();
    let f = "/v1/functions/hello";
    let text = |path: &str| format!("{f}{path}");
    let get = |operation, path: &str| cell(operation, Method::GET, text(path), Body::None, 200);
    vec![
        get("get_function", ""),
        cell(
            "update_function",
            Method::PATCH,
            text(""),
            Body::Json(json!({"target": "cart.discount"})),
            200,
        ),
        get("list_versions", "/versions"),
        get("get_version", "/versions/1"),
        cell(
            "upload_version",
            Method::POST,
            text("/versions"),
            Body::Wasm(hello),
            200,
        ),
        cell(
            "test_version",
            Method::POST,
            text("/versions/1/test"),
            Body::Json(json!({"input": {"name": "Ada"}})),
            200,
        ),
        get("list_aliases", "/aliases"),
        cell(
            "move_alias",
            Method::PUT,
            text("/aliases/live"),
            Body::Json(json!({"version": 1})),
            200,
        ),
        get("list_alias_moves", "/aliases/live/moves"),
        cell(
            "put_gate",
            Method::PUT,
            text("/aliases/staging/gate"),
            Body::Json(json!({"min_runs": 1})),
            200,
        ),
        get("get_gate", "/aliases/staging/gate"),
        cell(
            "delete_gate",
            Method::DELETE,
            text("/aliases/staging/gate"),
            Body::None,
            204,
        ),
        cell(
            "create_replay_batch",
            Method::POST,
            text("/replays"),
            Body::Json(json!({"version": 1})),
            202,
        ),
        get("list_replay_batches", "/replays"),
        get("get_replay_batch", &batch),
        get("list_replay_results", &format!("{batch}/results")),
        cell(
            "cancel_replay_batch",
            Method::POST,
            text(&format!("{batch}/cancel")),
            Body::None,
            200,
        ),
        cell(
            "replay_invocation",
            Method::POST,
            format!("/v1/invocations/{run}/replay"),
            Body::None,
            200,
        ),
        cell(
            "get_recording",
            Method::GET,
            format!("/v1/invocations/{run}/recording"),
            Body::None,
            200,
        ),
        cell(
            "put_config",
            Method::PUT,
            text("/config"),
            Body::Json(json!({})),
            200,
        ),
        get("get_config", "/config"),
        get("list_config_versions", "/config/versions"),
        get("search_logs", "/logs"),
        get("watch_logs", "/logs/stream"),
        get("get_function_quotas", "/quotas"),
        cell(
            "put_function_quotas",
            Method::PUT,
            text("/quotas"),
            Body::Json(json!({"rate": {"limit": 1000}})),
            200,
        ),
        cell(
            "get_invocation",
            Method::GET,
            format!("/v1/invocations/{run}"),
            Body::None,
            200,
        ),
        cell(
            "update_member",
            Method::PATCH,
            format!("/v1/members/{member}"),
            Body::Json(json!({"role": "viewer"})),
            200,
        ),
        cell(
            "revoke_api_key",
            Method::DELETE,
            format!("/v1/api-keys/{key}"),
            Body::None,
            204,
        ),
    ]
}

/// Routes that take a thing away: the owner takes one, and the stranger does not get the other.
async fn cells_that_take_away(ada: &Tenant) -> Vec<(Cell, Cell, String)> {
    let invited = async |email: &str| {
        let new = json!({"email": email, "role": "viewer"});
        ada.post("/v1/members", &new).await.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for name in ["first", "second"] {
        ada.create_function(name).await;
    }
    ada.create_function("third").await;
    let schedule = async || {
        let new = json!({"function": "third", "cron": "0 0 1 1 *"});
        let created = ada.post("/v1/schedules", &new).await.expect(201).json();
        format!("/v1/schedules/{}", created["id"].as_str().unwrap())
    };
    let endpoint = async || {
        let new = json!({"name": "to delete", "url": "https://example.com/"});
        let created = ada.post("/v1/endpoints", &new).await.expect(201).json();
        format!("/v1/endpoints/{}", created["id"].as_str().unwrap())
    };
    let subscription = async || {
        let id = subscribe(ada, "third", "*", &json!({})).await;
        format!("/v1/subscriptions/{id}")
    };
    let source = async |name: &str| {
        let new = json!({"name": name, "scheme": "github"});
        let created = ada.post("/v1/sources", &new).await.expect(201).json();
        format!("/v1/sources/{}", created["id"].as_str().unwrap())
    };
    let delete =
        |operation, path: &str| cell(operation, Method::DELETE, path.to_owned(), Body::None, 204);
    let (one, two) = (
        invited("one@example.com").await,
        invited("two@example.com").await,
    );
    vec![
        (
            delete("delete_function", "/v1/functions/first"),
            delete("delete_function", "/v1/functions/second"),
            "/v1/functions".to_owned(),
        ),
        (
            delete("delete_schedule", &schedule().await),
            delete("delete_schedule", &schedule().await),
            "/v1/schedules".to_owned(),
        ),
        (
            delete("delete_endpoint", &endpoint().await),
            delete("delete_endpoint", &endpoint().await),
            "/v1/endpoints".to_owned(),
        ),
        (
            delete("delete_subscription", &subscription().await),
            delete("delete_subscription", &subscription().await),
            "/v1/subscriptions".to_owned(),
        ),
        (
            delete("delete_source", &source("one").await),
            delete("delete_source", &source("two").await),
            "/v1/sources".to_owned(),
        ),
        (
            delete("remove_member", &format!("/v1/members/{one}")),
            delete("remove_member", &format!("/v1/members/{two}")),
            "/v1/members".to_owned(),
        ),
    ]
}

/// Routes without a name in them: each tenant gets its own, in which nothing of the other's stands.
fn cells_about_ones_own() -> Vec<Cell> {
    let get =
        |operation, path: &str| cell(operation, Method::GET, path.to_owned(), Body::None, 200);
    let post = |operation, path: &str, body| {
        cell(
            operation,
            Method::POST,
            path.to_owned(),
            Body::Json(body),
            201,
        )
    };
    vec![
        get("get_tenant", "/v1/tenant"),
        cell(
            "update_tenant",
            Method::PATCH,
            "/v1/tenant".to_owned(),
            Body::Json(json!({"run_log_retention": "all"})),
            200,
        ),
        get("list_members", "/v1/members"),
        post(
            "invite_member",
            "/v1/members",
            json!({"email": "three@example.com", "role": "viewer"}),
        ),
        get("list_api_keys", "/v1/api-keys"),
        post("create_api_key", "/v1/api-keys", json!({"name": "mine"})),
        get("list_audit_entries", "/v1/audit"),
        get("list_functions", "/v1/functions"),
        post(
            "create_function",
            "/v1/functions",
            json!({"name": "same-name"}),
        ),
        cell(
            "preview_schedule",
            Method::POST,
            "/v1/schedules/preview".to_owned(),
            Body::Json(json!({"cron": "30 2 * * *", "timezone": "Europe/Berlin"})),
            200,
        ),
        get("list_targets", "/v1/targets"),
        get("get_target", "/v1/targets/cart.discount"),
        get("list_bindings", "/v1/targets/cart.discount/bindings"),
        cell(
            "put_bindings",
            Method::PUT,
            "/v1/targets/cart.discount/bindings".to_owned(),
            Body::Json(json!([])),
            200,
        ),
        get("list_schedules", "/v1/schedules"),
        post(
            "create_schedule",
            "/v1/schedules",
            json!({"function": "same-name", "cron": "0 0 1 1 *"}),
        ),
        get("list_endpoints", "/v1/endpoints"),
        post(
            "create_endpoint",
            "/v1/endpoints",
            json!({"name": "mine", "url": "https://example.com/"}),
        ),
        get("list_messages", "/v1/messages"),
        get("list_events", "/v1/events"),
        get("list_event_types", "/v1/event-types"),
        cell(
            "get_event_type",
            Method::GET,
            "/v1/event-types/of-nobody".to_owned(),
            Body::None,
            404,
        ),
        get("list_subscriptions", "/v1/subscriptions"),
        post(
            "create_subscription",
            "/v1/subscriptions",
            json!({"function": "same-name", "event_type": "*"}),
        ),
        get("list_sources", "/v1/sources"),
        post(
            "create_source",
            "/v1/sources",
            json!({"name": "mine", "scheme": "github"}),
        ),
        get("list_deliveries", "/v1/deliveries"),
        get("list_delivery_failures", "/v1/deliveries/failures"),
        get("list_delivery_replays", "/v1/deliveries/replays"),
        cell(
            "replay_deliveries",
            Method::POST,
            "/v1/deliveries/replay".to_owned(),
            Body::Json(json!({"name": "mine"})),
            202,
        ),
        get("list_invocations", "/v1/invocations"),
        get("get_usage", "/v1/usage?group_by=function"),
        get("list_quotas", "/v1/quotas"),
        get("get_plan", "/v1/billing/plan"),
        get("get_estimate", "/v1/billing/estimate"),
    ]
}

#[tokio::test]
async fn no_route_shows_or_changes_what_is_anothers() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    ada.patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await
        .expect(200);
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.put("/v1/functions/hello/config", &json!({}))
        .await
        .expect(200);
    let ran = ada
        .invoke("hello", &json!({"name": "Ada"}))
        .await
        .expect(200);
    let run = ran.header("cartwright-invocation-id").to_owned();
    cartwright_tests::eventually(
        "the run is kept",
        std::time::Duration::from_secs(10),
        async || {
            let listed = ada.get(&format!("/v1/invocations/{run}")).await.json();
            (!listed["input"].is_null()).then_some(())
        },
    )
    .await;
    let guest = json!({"email": format!("guest-{}", ada.email), "role": "viewer"});
    let invitation = ada.post("/v1/members", &guest).await.expect(201).json();
    let acceptance = json!({"invitation": invitation["invitation"], "password": ada.password});
    let accepted = ada
        .send(
            ada.anonymous(Method::POST, "/v1/auth/accept")
                .json(&acceptance),
        )
        .await
        .expect(201)
        .json();
    let member = accepted["user_id"].as_str().unwrap();
    let mut covered = BTreeSet::new();

    let (endpoint, message) = message_that_was_given_up(stack, &ada).await;
    let mut cells = cells_about_one_thing(&ada, &run, member).await;
    cells.extend(cells_about_messages(&endpoint, &message));
    cells.extend(cells_about_events(stack, &ada).await);
    cells.extend(cells_about_deliveries(stack, &ada).await);
    let new = json!({"function": "hello", "cron": "0 0 1 1 *"});
    let schedule = ada.post("/v1/schedules", &new).await.expect(201).json();
    cells.extend(cells_about_a_schedule(schedule["id"].as_str().unwrap()));
    for cell in cells {
        let what = format!("{} {}", cell.method, cell.path);
        let hers = ask(&ada, &cell).await;
        assert_eq!(hers.status, cell.owner, "{what}: {}", hers.text());
        let his = ask(&bob, &cell).await;
        assert_eq!(
            (his.status, his.code().as_str()),
            (404, "not_found"),
            "{what}: {}",
            his.text()
        );
        covered.insert(cell.operation);
    }
    for (hers, his, list) in cells_that_take_away(&ada).await {
        let before = ada.get(&list).await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(ask(&ada, &hers).await.status, hers.owner, "{}", hers.path);
        assert_eq!(ask(&bob, &his).await.status, 404, "{}", his.path);
        let after = ada.get(&list).await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(after, before - 1, "{list}");
        covered.insert(hers.operation);
    }
    for cell in cells_about_ones_own() {
        let what = format!("{} {}", cell.method, cell.path);
        let (hers, his) = (ask(&ada, &cell).await, ask(&bob, &cell).await);
        assert_eq!(
            (hers.status, his.status),
            (cell.owner, cell.owner),
            "{what}: {} {}",
            hers.text(),
            his.text()
        );
        let his = his.text();
        for trace in [ada.slug.as_str(), &ada.email, &run, member, "\"hello\""] {
            assert!(!his.contains(trace), "{what} shows {trace}: {his}");
        }
        covered.insert(cell.operation);
    }
    // A new route fails here until it has its row above.
    let every = operations(&document(stack).await);
    let of_tenants = every.iter().filter(|(.., operation)| {
        operation["x-cartwright-access"]["permission"]
            .as_str()
            .is_some_and(|permission| !permission.starts_with("platform:"))
    });
    let of_tenants: BTreeSet<_> = of_tenants
        .map(|(.., operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(covered, of_tenants);
}
