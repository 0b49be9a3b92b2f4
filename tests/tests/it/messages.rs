//! Messages that tenants receive: signed, sent until they are received or given up, and listed with every attempt.

use std::time::Duration;

use cartwright_tests::{Answer, Role, Stack, eventually};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::guests;
use crate::receiver::{Behaviour, Receiver, status};
use crate::receivers::{Ada, WITHIN, receiving, receiving_options};
use crate::sending::{event, new_id, send, subscribe};

fn secret(created: &Value) -> Webhook {
    Webhook::new(created["secret"].as_str().expect("a secret")).expect("a good one")
}

async fn rotate(ada: &Ada<'_>, endpoint: &Value) -> Value {
    let path = format!("/v1/endpoints/{}/secrets", endpoint["id"].as_str().unwrap());
    ada.tenant
        .post(&path, &Value::Null)
        .await
        .expect(201)
        .json()
}

#[tokio::test]
async fn a_message_is_signed_so_that_a_stock_library_verifies_it_with_each_valid_secret() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::with_tls(status("204 No Content", ""), true).await;
    let endpoint = ada.endpoint(&receiver.tls_url(), &[]).await;
    let sent = ada.test(&endpoint).await;
    let ended = ada.ended(&sent).await;

    assert_eq!(
        (&ended["status"], &ended["attempts"]),
        (&json!("succeeded"), &json!(1))
    );
    assert_eq!(ended["history"][0]["outcome"], "delivered");
    let [received] = &receiver.received()[..] else {
        panic!("received once");
    };
    assert_eq!(received.header("webhook-id"), sent["id"].as_str().unwrap());
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.json()["type"], "endpoint.test");
    assert_eq!(received.json(), ended["payload"]);
    let first = secret(&endpoint);
    first
        .verify(&received.body, &received.headers)
        .expect("verified");
    let mut changed = received.body.clone();
    changed[10] ^= 1;
    assert!(first.verify(&changed, &received.headers).is_err());

    let second = secret(&rotate(&ada, &endpoint).await);
    ada.ended(&ada.test(&endpoint).await).await;
    let rotated = receiver.received()[1].clone();
    for valid in [&first, &second] {
        valid
            .verify(&rotated.body, &rotated.headers)
            .expect("verified");
    }
    rotate(&ada, &endpoint).await;
    ada.ended(&ada.test(&endpoint).await).await;
    let again = receiver.received()[2].clone();
    second
        .verify(&again.body, &again.headers)
        .expect("verified");
    assert!(
        first.verify(&again.body, &again.headers).is_err(),
        "two are valid, no more"
    );
}

#[tokio::test]
async fn what_failed_comes_again_under_the_same_id_with_a_fresh_time() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(Behaviour::Changes(vec!["500 Oops", "200 OK"])).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    let ended = ada.ended(&ada.test(&endpoint).await).await;

    assert_eq!(
        (&ended["status"], &ended["attempts"]),
        (&json!("succeeded"), &json!(2))
    );
    let received = receiver.received();
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    let at = |n: usize| {
        received[n]
            .header("webhook-timestamp")
            .parse::<i64>()
            .unwrap()
    };
    assert!((4..=9).contains(&(at(1) - at(0))), "{} {}", at(0), at(1));
    let calm = ada
        .tenant
        .get(&format!(
            "/v1/endpoints/{}",
            endpoint["id"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (&calm["failures"], &calm["failing_since"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn the_tenth_attempt_is_the_last_until_somebody_sends_the_message_again() {
    let ada = Ada::new(receiving().await).await;
    let receiver =
        Receiver::start(Behaviour::Changes(vec!["500 Oops", "500 Oops", "200 OK"])).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    let sent = ada.test(&endpoint).await;
    ada.attempted(&sent, 1).await;
    let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
    let early = ada
        .tenant
        .post(&format!("{path}/resend"), &Value::Null)
        .await
        .expect(409);
    assert_eq!(early.code(), "conflict");
    ada.sql(
        "update message set attempts = 9, ready_at = now() where message_id = $1::uuid",
        &sent["id"],
    )
    .await;

    let failed = ada.ended(&sent).await;
    assert_eq!(
        (&failed["status"], &failed["attempts"]),
        (&json!("failed"), &json!(10))
    );
    assert_eq!(failed["last_error"], "answered 500");
    ada.tenant
        .post(&format!("{path}/resend"), &Value::Null)
        .await
        .expect(202);
    let succeeded = ada.ended(&sent).await;
    assert_eq!(
        (&succeeded["status"], &succeeded["attempts"]),
        (&json!("succeeded"), &json!(1))
    );
    assert_eq!(succeeded["history"].as_array().unwrap().len(), 3);
    let ids: std::collections::BTreeSet<String> = receiver
        .received()
        .iter()
        .map(|each| each.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_failed_for_five_days_is_disabled_and_the_others_hear_of_it() {
    let ada = Ada::new(receiving().await).await;
    let (failing, told) = (
        Receiver::start(status("500 Oops", "")).await,
        Receiver::start(status("200 OK", "")).await,
    );
    let endpoint = ada.endpoint(&failing.url(), &["endpoint.disabled"]).await;
    ada.endpoint(&told.url(), &["endpoint.disabled"]).await;
    ada.sql(
        "update endpoint set failures = 9, failing_since = now() - interval '121 hours' where endpoint_id = $1::uuid",
        &endpoint["id"],
    )
    .await;
    let waiting = ada.test(&endpoint).await;
    let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
    let disabled = eventually("the endpoint is disabled", WITHIN, async || {
        let found = ada.tenant.get(&path).await.json();
        found["disabled_at"].is_string().then_some(found)
    })
    .await;
    assert!(
        disabled["disabled_because"]
            .as_str()
            .unwrap()
            .contains("5 days")
    );
    let notice = eventually("the other endpoint is told", WITHIN, async || {
        told.received().first().cloned()
    })
    .await;
    assert_eq!(notice.json()["type"], "endpoint.disabled");
    assert_eq!(notice.json()["data"]["endpoint_id"], endpoint["id"]);
    // The address may have a secret in it.
    assert!(!notice.json().to_string().contains(&failing.url()));

    // What waits is sent once somebody enables it.
    ada.sql(
        "update message set ready_at = now() where message_id = $1::uuid",
        &waiting["id"],
    )
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(failing.received().len(), 1);
    ada.tenant
        .patch(&path, &json!({"disabled": false}))
        .await
        .expect(200);
    ada.attempted(&waiting, 2).await;
    assert_eq!(failing.received().len(), 2);
    let log = ada.tenant.get("/v1/audit").await.text();
    assert!(
        log.contains("endpoint.disable") && log.contains("\"cartwright\""),
        "{log}"
    );
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_four_connections_and_keeps_nobody_waiting() {
    let ada = Ada::new(receiving().await).await;
    let (hanging, quick) = (
        Receiver::start(Behaviour::Hangs).await,
        Receiver::start(status("200 OK", "")).await,
    );
    let (slow, fast) = (
        ada.endpoint(&hanging.url(), &[]).await,
        ada.endpoint(&quick.url(), &[]).await,
    );
    for _ in 0..20 {
        ada.test(&slow).await;
    }
    let begun = std::time::Instant::now();
    let sent = ada.test(&fast).await;
    ada.ended(&sent).await;
    // Twenty that hang for two seconds, four at a time, take ten.
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    // Five failures in a row, and it is tried with one at a time.
    let path = format!("/v1/endpoints/{}", slow["id"].as_str().unwrap());
    eventually("it is left alone", WITHIN, async || {
        ada.tenant.get(&path).await.json()["blocked_until"]
            .is_string()
            .then_some(())
    })
    .await;
    assert!(hanging.open_peak() <= 4, "{}", hanging.open_peak());
    assert!(hanging.connections() <= 8, "{}", hanging.connections());
}

#[tokio::test]
async fn a_message_outlives_the_worker_that_was_killed_over_it() {
    let stack = Stack::start(receiving_options()).await;
    let ada = Ada::new(&stack).await;
    let receiver = Receiver::start(Behaviour::Hangs).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    let sent = ada.test(&endpoint).await;
    eventually("an attempt is under way", WITHIN, async || {
        (receiver.connections() == 1).then_some(())
    })
    .await;
    stack.kill(Role::Worker);
    let place = receiver.place;
    let first = receiver.received()[0].clone();
    let better = Receiver::start(status("200 OK", "")).await;
    let moved = json!({"url": better.url()});
    ada.tenant
        .patch(
            &format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap()),
            &moved,
        )
        .await
        .expect(200);
    stack.run(Role::Worker);
    stack.ready(Role::Worker).await;

    let ended = ada.ended(&sent).await;
    assert_eq!(ended["status"], "succeeded", "{place}");
    let second = better.received()[0].clone();
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn deaths_of_deliveries_are_told_of_once_with_how_many_they_were() {
    let ada = Ada::new(receiving().await).await;
    let told = Receiver::start(status("200 OK", "")).await;
    ada.endpoint(&told.url(), &["delivery.dead"]).await;
    let function = ada.tenant.create_function("f").await.json();
    ada.sql(
        "insert into delivery_ended (tenant_id, delivery_id, event_id, function_id, lane, status, cause, attempts, ended_at)
        select tenant_id, uuid_now(), uuid_now(), function_id, 0, 'dead', 'trap', 1, now() - interval '30 seconds'
        from function, generate_series(1, 7) where function_id = $1::uuid",
        &function["id"],
    )
    .await;
    ada.sql("update notice_watermark set dead_until = now() - interval '2 minutes' where $1 is not null", &json!("x")).await;
    let notice = eventually("the endpoint is told", WITHIN, async || {
        told.received().first().cloned()
    })
    .await;
    let data = &notice.json()["data"];
    assert_eq!(
        (&data["count"], &data["function"], &data["cause"]),
        (&json!(7), &json!("f"), &json!("trap"))
    );
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(told.received().len(), 1);
}

#[tokio::test]
async fn what_waited_for_a_good_receiver_comes_as_fast_as_it_takes_it() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    ada.sql(
        "select message_insert(tenant_id, endpoint_id, 'endpoint.test', '{}') from endpoint, generate_series(1, 200)
        where endpoint_id = $1::uuid",
        &endpoint["id"],
    )
    .await;
    let begun = std::time::Instant::now();
    eventually("every message came", WITHIN, async || {
        (receiver.received().len() == 200).then_some(())
    })
    .await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    println!("200 messages in {:?}", begun.elapsed());
    let ids: std::collections::BTreeSet<String> = receiver
        .received()
        .iter()
        .map(|each| each.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 200, "each once");
}

#[tokio::test]
async fn messages_are_listed_by_endpoint_status_and_type() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    let (one, two) = (
        ada.endpoint(&receiver.url(), &[]).await,
        ada.endpoint(&receiver.url(), &[]).await,
    );
    for endpoint in [&one, &one, &two] {
        ada.ended(&ada.test(endpoint).await).await;
    }
    let listed = async |query: &str| {
        let page: Answer = ada
            .tenant
            .get(&format!("/v1/messages?{query}"))
            .await
            .expect(200);
        page.json()["data"].as_array().unwrap().len()
    };
    assert_eq!(listed("").await, 3);
    assert_eq!(
        listed(&format!("endpoint={}", one["id"].as_str().unwrap())).await,
        2
    );
    assert_eq!(listed("status=succeeded&type=endpoint.test").await, 3);
    assert_eq!(listed("status=failed").await, 0);
    ada.tenant
        .get("/v1/messages?status=nonsense")
        .await
        .expect(400);
    let page = ada
        .tenant
        .get("/v1/messages?limit=2")
        .await
        .expect(200)
        .json();
    let next = format!("limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(listed(&next).await, 1);
}

#[tokio::test]
async fn a_tenant_with_many_endpoints_is_given_no_more_places_than_another() {
    let ada = Ada::new(receiving().await).await;
    let mut database = ada.stack.database().await;
    let mut tx = sqlx::Connection::begin(&mut database).await.unwrap();
    for statement in [
        "insert into endpoint (tenant_id, endpoint_id, name, url, created_by)
        select tenant_id, gen_random_uuid(), 'many', 'https://example.com', 'a' from tenant, generate_series(1, 50) where slug = $1",
        "insert into message (tenant_id, message_id, endpoint_id, kind, payload)
        select e.tenant_id, uuid_now(), e.endpoint_id, 'endpoint.test', '{}'
        from endpoint e join tenant t using (tenant_id), generate_series(1, 4) where t.slug = $1 and e.name = 'many'",
    ] {
        let query = sqlx::query(statement).bind(&ada.tenant.slug);
        query.execute(&mut *tx).await.unwrap();
    }
    let claim = "select count(*) from message_claim(gen_random_uuid(), 60000, 256, 4, 16) c join tenant t using (tenant_id)
        where t.slug = $1";
    let mut claimed = Vec::new();
    for _ in 0..2 {
        let claim = sqlx::query_scalar::<_, i64>(claim).bind(&ada.tenant.slug);
        claimed.push(claim.fetch_one(&mut *tx).await.unwrap());
    }
    assert_eq!(claimed, [16, 0]);
    let endpoints =
        "select count(distinct m.endpoint_id) from message m join tenant t using (tenant_id)
        where t.slug = $1 and m.lease_until > now()";
    let endpoints = sqlx::query_scalar::<_, i64>(endpoints).bind(&ada.tenant.slug);
    assert_eq!(endpoints.fetch_one(&mut *tx).await.unwrap(), 16);
}

#[tokio::test]
async fn what_was_sent_just_before_its_time_was_over_is_not_taken_for_failed() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    let mut database = ada.stack.database().await;
    let made = "insert into message (tenant_id, message_id, endpoint_id, kind, payload, ready_at, expires_at, lease_until)
        select tenant_id, uuid_now(), endpoint_id, 'endpoint.test', '{}', 'infinity', now(), now() + interval '1 second'
        from endpoint where endpoint_id = $1::uuid returning message_id";
    let made = sqlx::query_scalar::<_, uuid::Uuid>(made).bind(endpoint["id"].as_str().unwrap());
    let message = made.fetch_one(&mut database).await.unwrap();
    let mut sent = sqlx::Connection::begin(&mut database).await.unwrap();
    sqlx::query("update message set status = 'succeeded', ended_at = now(), lease_until = null where message_id = $1")
        .bind(message)
        .execute(&mut *sent)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut other = ada.stack.database().await;
    let expiring = tokio::spawn(async move {
        sqlx::query("select messages_expire()")
            .execute(&mut other)
            .await
            .unwrap();
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!expiring.is_finished(), "it waits for the row");
    sent.commit().await.unwrap();
    expiring.await.unwrap();
    let found = ada.message(&json!({"id": message})).await;
    assert_eq!(found["status"], "succeeded");
}

#[tokio::test]
async fn many_deaths_are_told_of_some_at_a_time_and_none_is_left_out() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    ada.endpoint(&receiver.url(), &["delivery.dead"]).await;
    let function = ada.tenant.create_function("f").await.json();
    let mut database = ada.stack.database().await;
    let mut tx = sqlx::Connection::begin(&mut database).await.unwrap();
    // Held until the end, so that no worker tells of them.
    sqlx::query("update notice_watermark set dead_until = now() - interval '10 hours'")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "insert into delivery_ended (tenant_id, delivery_id, event_id, function_id, lane, status, cause, attempts, ended_at)
        select tenant_id, uuid_now(), uuid_now(), function_id, 0, 'dead', 'trap', 1, now() - n * interval '1 hour'
        from function, generate_series(1, 7) n where function_id = $1::uuid",
    )
    .bind(function["id"].as_str().unwrap())
    .execute(&mut *tx)
    .await
    .unwrap();
    for _ in 0..20 {
        sqlx::query("select delivery_dead_notices(2)")
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    let told = "select (payload::json -> 'data' ->> 'count')::bigint from message m join tenant t using (tenant_id)
        where t.slug = $1 and m.kind = 'delivery.dead' order by message_id";
    let told = sqlx::query_scalar::<_, i64>(told).bind(&ada.tenant.slug);
    let told = told.fetch_all(&mut *tx).await.unwrap();
    assert_eq!(told.iter().sum::<i64>(), 7, "{told:?}");
    assert!(told.len() >= 3, "{told:?}");
}

#[tokio::test]
async fn an_output_that_is_sent_and_the_delivery_that_made_it_lead_to_each_other() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    ada.tenant
        .deploy("f", guests::writing(r#"{"tag":"vip"}"#))
        .await;
    let to_it = json!({"output_endpoint_id": endpoint["id"]});
    let sending = subscribe(&ada.tenant, "f", "orders/paid", &to_it).await;
    subscribe(&ada.tenant, "f", "orders/paid", &json!({})).await;
    let order = event(&new_id(), "orders/paid", &json!({}));
    send(ada.stack, &ada.tenant, &order).await.expect(202);
    let both = eventually("both ended", WITHIN, async || {
        let page = ada.tenant.get("/v1/deliveries?status=succeeded").await;
        let ended = page.json()["data"].as_array().cloned().unwrap_or_default();
        (ended.len() == 2).then_some(ended)
    })
    .await;

    for listed in both {
        let path = format!("/v1/deliveries/{}", listed["id"].as_str().unwrap());
        let delivery = ada.tenant.get(&path).await.expect(200).json();
        if delivery["subscription_id"] != sending.as_str() {
            assert_eq!(delivery["message_id"], Value::Null);
            continue;
        }
        let message = ada.ended(&json!({"id": delivery["message_id"]})).await;
        assert_eq!(message["type"], "function.output");
        assert_eq!(message["delivery_id"], delivery["id"]);
        assert_eq!(message["payload"]["data"]["output"], json!({"tag": "vip"}));
    }
    let test = ada.test(&endpoint).await;
    assert_eq!(test["delivery_id"], Value::Null);
    assert_eq!(receiver.received()[0].json()["type"], "function.output");
}

#[tokio::test]
async fn an_output_that_a_database_cannot_read_as_json_is_sent_as_it_is() {
    let ada = Ada::new(receiving().await).await;
    let receiver = Receiver::start(status("200 OK", "")).await;
    let endpoint = ada.endpoint(&receiver.url(), &[]).await;
    let output = r#"{"nothing":"\u0000","half":"\ud800"}"#;
    ada.tenant.deploy("f", guests::writing(output)).await;
    let to_it = json!({"output_endpoint_id": endpoint["id"]});
    subscribe(&ada.tenant, "f", "orders/paid", &to_it).await;
    let order = event(&new_id(), "orders/paid", &json!({}));

    send(ada.stack, &ada.tenant, &order).await.expect(202);

    let received = eventually("the output is sent", WITHIN, async || {
        receiver.received().first().cloned()
    })
    .await;
    let body = String::from_utf8_lossy(&received.body).into_owned();
    assert!(body.contains(output), "{body}");
}
