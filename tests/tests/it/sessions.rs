//! Signing up and in, and staying signed in.

use cartwright_tests::{Answer, Stack, Tenant};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row;

async fn post(tenant: &Tenant, path: &str, body: &Value) -> Answer {
    tenant
        .send(tenant.anonymous(Method::POST, path).json(body))
        .await
}

async fn log_in(tenant: &Tenant) -> Value {
    let login = json!({"email": tenant.email, "password": tenant.password});
    post(tenant, "/v1/auth/login", &login)
        .await
        .expect(200)
        .json()
}

async fn refresh(tenant: &Tenant, token: &Value) -> Answer {
    post(tenant, "/v1/auth/refresh", &json!({"refresh_token": token})).await
}

#[tokio::test]
async fn a_taken_name_and_a_taken_address_clash() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let new = |email: &str, tenant: &str| json!({"email": email, "password": "correct horse", "tenant": tenant});

    let same_name = post(
        &ada,
        "/v1/auth/signup",
        &new("someone-else@example.com", &ada.slug),
    )
    .await
    .expect(409);
    let same_address = post(
        &ada,
        "/v1/auth/signup",
        &new(&ada.email.to_uppercase(), "another-name"),
    )
    .await
    .expect(409);
    assert_eq!(
        (same_name.code(), same_address.code()),
        ("conflict".to_owned(), "conflict".to_owned())
    );

    // Nothing of the refused ones was kept.
    let mut database = stack.database().await;
    let left = sqlx::query(
        "select (select count(*) from tenant where slug = 'another-name') + (select count(*) from user_account where email = 'someone-else@example.com')",
    );
    let left: i64 = left.fetch_one(&mut database).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_no_sign_up_is_refused_with_a_reason() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let good = json!({"email": "eve@example.com", "password": "correct horse", "tenant": "eves"});
    let long = "a".repeat(10_000);
    let mut bad = Vec::new();
    for tenant in [
        "",
        "A",
        "eve s",
        "-eve",
        "eve-",
        "1eve",
        "eve_",
        "évé",
        "eve\0",
        "eve/../x",
        "👩‍🔧",
        "eve\n",
        &long,
    ] {
        bad.push(("tenant", json!(tenant)));
    }
    for email in [
        "",
        "eve",
        "eve@",
        "@example.com",
        "eve@@example.com",
        "eve @example.com",
        "eve\0@example.com",
        &long,
    ] {
        bad.push(("email", json!(email)));
    }
    bad.push(("password", json!("short")));
    bad.push(("password", json!("x".repeat(2_000))));
    for name in ["tenant", "email", "password"] {
        bad.extend([json!(null), json!(1), json!([]), json!({})].map(|value| (name, value)));
    }
    for (name, value) in bad {
        let mut body = good.clone();
        body[name] = value.clone();
        let answer = post(&ada, "/v1/auth/signup", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{name} {value}: {}",
            answer.text()
        );
        assert!(
            answer.body.len() < 2_000,
            "{name}: the answer repeats too much: {}",
            answer.text()
        );
    }
    let mut unknown = good.clone();
    unknown["admin"] = json!(true);
    post(&ada, "/v1/auth/signup", &unknown).await.expect(400);
    // An address is taken as it is meant, whatever the letters' case.
    let mut body = good;
    body["email"] = json!(format!("  EVE-{}@Example.COM", ada.slug));
    body["tenant"] = json!(format!("e{}", ada.slug));
    let signed_up = post(&ada, "/v1/auth/signup", &body)
        .await
        .expect(201)
        .json();
    assert_eq!(signed_up["email"], format!("eve-{}@example.com", ada.slug));
    assert_eq!(signed_up["email_verified"], false);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_answer_alike_and_then_wait() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let wrong = json!({"email": ada.email, "password": "wrong horse"});
    let unknown = json!({"email": format!("x{}", ada.email), "password": "wrong horse"});
    let told = |answer: &Answer| {
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        (answer.status, body)
    };

    let (first, second) = (
        post(&ada, "/v1/auth/login", &wrong).await,
        post(&ada, "/v1/auth/login", &unknown).await,
    );
    assert_eq!(told(&first), told(&second));
    assert_eq!(first.status, 401);

    for _ in 0..9 {
        post(&ada, "/v1/auth/login", &wrong).await.expect(401);
    }
    let slowed = post(&ada, "/v1/auth/login", &wrong).await.expect(429);
    assert_eq!(slowed.code(), "rate_limited");
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() > 0);
    let right = json!({"email": ada.email, "password": ada.password});
    post(&ada, "/v1/auth/login", &right).await.expect(429);
    // Nobody else waits for it.
    let bob = stack.tenant("bob").await;
    log_in(&bob).await;
}

#[tokio::test]
async fn a_hundred_refreshes_at_once_make_one_chain() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let session = log_in(&ada).await;

    let answers =
        futures_util::future::join_all((0..100).map(|_| refresh(&ada, &session["refresh_token"])))
            .await;
    let mut tokens: Vec<_> = answers
        .iter()
        .map(|answer| {
            answer.clone().expect(200).json()["refresh_token"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "each got another token");

    let mut database = stack.database().await;
    let chain = "select session.generation, count(*) from session join refresh_token using (tenant_id, session_id)
        join user_account using (user_id) where email = $1 and session.generation > 1 group by session_id, session.generation";
    let chains = sqlx::query(chain)
        .bind(&ada.email)
        .fetch_all(&mut database)
        .await
        .unwrap();
    let counted: Vec<(i32, i64)> = chains.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(counted, [(2, 2)]);
    refresh(&ada, &json!(tokens[0])).await.expect(200);
}

#[tokio::test]
async fn a_copied_refresh_token_ends_the_session_for_everyone() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let first = log_in(&ada).await["refresh_token"].clone();
    let second = refresh(&ada, &first).await.expect(200).json()["refresh_token"].clone();
    let third = refresh(&ada, &second).await.expect(200).json()["refresh_token"].clone();
    assert!(first != second && second != third);

    // Two generations old, however fresh: somebody has a copy.
    refresh(&ada, &first).await.expect(401);

    refresh(&ada, &third).await.expect(401);
    refresh(&ada, &second).await.expect(401);
    let log = ada.get("/v1/audit").await.expect(200).json();
    assert_eq!(log["data"][0]["action"], "session.reuse", "{log}");
    // A new session is not touched by it.
    log_in(&ada).await;
}

#[tokio::test]
async fn signing_out_ends_the_session_and_twice_is_fine() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let token = log_in(&ada).await["refresh_token"].clone();
    for _ in 0..2 {
        post(&ada, "/v1/auth/logout", &json!({"refresh_token": token}))
            .await
            .expect(204);
    }
    refresh(&ada, &token).await.expect(401);
    for bad in [
        json!(""),
        json!("x"),
        json!("A".repeat(43)),
        json!("A".repeat(10_000)),
    ] {
        refresh(&ada, &bad).await.expect(401);
    }
}

#[tokio::test]
async fn the_console_keeps_its_refresh_token_where_no_script_reads_it() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let as_console = |path: &str, cookie: &str, body: Value| {
        let request = ada
            .anonymous(Method::POST, path)
            .header("cartwright-client", "console");
        request.header("cookie", cookie.to_owned()).json(&body)
    };
    let login = json!({"email": ada.email, "password": ada.password});

    let answer = ada
        .send(as_console("/v1/auth/login", "", login))
        .await
        .expect(200);
    assert!(
        answer.json().get("refresh_token").is_none(),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let set = answer.header("set-cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/v1/auth"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap().to_owned();

    // Another site could send the cookie, but not the header.
    let without_header = ada
        .anonymous(Method::POST, "/v1/auth/refresh")
        .header("cookie", &cookie);
    ada.send(without_header.json(&json!({}))).await.expect(401);
    let refreshed = ada
        .send(as_console("/v1/auth/refresh", &cookie, json!({})))
        .await
        .expect(200);
    let next = refreshed
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_ne!(next, cookie);
    let left = ada
        .send(as_console("/v1/auth/logout", &next, json!({})))
        .await
        .expect(204);
    assert!(
        left.header("set-cookie").contains("Max-Age=0"),
        "{}",
        left.header("set-cookie")
    );
    ada.send(as_console("/v1/auth/refresh", &next, json!({})))
        .await
        .expect(401);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let login = json!({"email": ada.email, "password": ada.password});
    let request = ada
        .anonymous(Method::POST, "/v1/auth/login")
        .header("cartwright-client", "console");
    let answer = ada
        .send(request.header("x-forwarded-proto", "https").json(&login))
        .await
        .expect(200);
    assert!(
        answer.header("set-cookie").ends_with("; Secure"),
        "{}",
        answer.header("set-cookie")
    );
}

#[tokio::test]
async fn no_password_and_no_token_is_stored_or_logged() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let session = log_in(&ada).await;
    let secrets = [
        ada.password.as_str(),
        session["refresh_token"].as_str().unwrap(),
        &ada.api_key,
        &ada.access_token,
    ];

    let mut database = stack.database().await;
    let rows = "select string_agg(t::text, ' ') from (
        select user_account::text from user_account union all select refresh_token::text from refresh_token
        union all select api_key::text from api_key union all select audit_log::text from audit_log) as t";
    let stored: String = sqlx::query(rows)
        .fetch_one(&mut database)
        .await
        .unwrap()
        .get(0);
    assert!(stored.contains("$argon2id$") && stored.contains(&ada.email));
    let logged = cartwright_tests::Role::ALL
        .map(|role| stack.log(role))
        .concat();
    assert!(logged.contains("/v1/auth/login"));
    for secret in secrets {
        assert!(!stored.contains(secret), "stored");
        assert!(!logged.contains(secret), "logged");
    }
    assert!(!logged.contains(&ada.email), "an address is personal data");
}
