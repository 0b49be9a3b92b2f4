//! What tests of events share: the platform's requests, subscriptions, and how webhooks are signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_tests::{Answer, Stack, Tenant};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

/// An id that no other event has.
pub(crate) fn new_id() -> String {
    format!("evt_{}", Uuid::new_v4().simple())
}

/// A request of the platform's.
pub(crate) async fn platform(
    stack: &Stack,
    by: &Tenant,
    method: Method,
    path: &str,
) -> RequestBuilder {
    by.anonymous(method, path)
        .bearer_auth(stack.platform_key().await)
}

/// Send an event, or a list of events.
pub(crate) async fn send(stack: &Stack, to: &Tenant, events: &Value) -> Answer {
    let request = platform(stack, to, Method::POST, "/v1/events").await;
    to.send(request.header("cartwright-tenant", &to.slug).json(events))
        .await
}

/// An event of a type.
pub(crate) fn event(id: &str, event_type: &str, data: &Value) -> Value {
    json!({"id": id, "type": event_type, "data": data})
}

/// Subscribe a function, which is made if need be, with more members.
pub(crate) async fn subscribe(
    tenant: &Tenant,
    function: &str,
    event_type: &str,
    more: &Value,
) -> String {
    tenant
        .post("/v1/functions", &json!({"name": function}))
        .await;
    let mut new = json!({"function": function, "event_type": event_type});
    for (name, value) in more.as_object().into_iter().flatten() {
        new[name] = value.clone();
    }
    let made = tenant.post("/v1/subscriptions", &new).await.expect(201);
    made.json()["id"].as_str().expect("an id").to_owned()
}

/// A source, and the secret that was made for it.
pub(crate) async fn source(tenant: &Tenant, new: &Value) -> (String, String) {
    let made = tenant.post("/v1/sources", new).await.expect(201).json();
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    (text("id"), text("secret"))
}

/// HMAC-SHA256, raw.
pub(crate) fn hmac(secret: &[u8], signed: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("any length");
    mac.update(signed);
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA256 in base64.
pub(crate) fn hmac_base64(secret: &[u8], signed: &[u8]) -> String {
    STANDARD.encode(hmac(secret, signed))
}

/// A webhook to a source, signed as Standard Webhooks has it.
pub(crate) fn standard(
    tenant: &Tenant,
    source: &str,
    secret: &str,
    id: &str,
    at: i64,
    body: &[u8],
) -> RequestBuilder {
    let key = STANDARD.decode(&secret["whsec_".len()..]).expect("base64");
    let signed = [format!("{id}.{at}.").as_bytes(), body].concat();
    tenant
        .anonymous(Method::POST, &format!("/v1/sources/{source}"))
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header(
            "webhook-signature",
            format!("v1,{}", hmac_base64(&key, &signed)),
        )
        .body(body.to_vec())
}

/// How many rows a table has of a tenant, by the database itself.
pub(crate) async fn rows(stack: &Stack, table: &'static str, tenant: &Tenant) -> i64 {
    let mut database = stack.database().await;
    let query = format!(
        "select count(*) from {table} where tenant_id = (select tenant_id from tenant where slug = $1)"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .bind(&tenant.slug)
        .fetch_one(&mut database)
        .await
        .expect("a count")
}
