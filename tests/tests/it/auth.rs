//! Access tokens: what the api takes for one, and all that it does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartwright_tests::{Answer, Stack};
use serde_json::json;

use crate::forgeries::{Forge, broken, foreign_claims, foreign_headers};

async fn asked(stack: &Stack, token: &str) -> Answer {
    let request = reqwest::Client::new().get(format!("{}/v1/tenant", stack.api_url));
    let response = request.header("authorization", format!("Bearer {token}"));
    Answer::read(response.send().await.expect("an answer"))
        .await
        .expect("a body")
}

#[tokio::test]
async fn a_forged_token_is_refused_whatever_its_forgery() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let forge = Forge::of(stack, &ada);
    let bobs = Forge::of(stack, &bob).claims["tenant"]
        .as_str()
        .unwrap()
        .to_owned();
    // Without this, a forge that makes nothing but rubbish would pass too.
    let again = forge.signed(&forge.header.to_string(), &forge.claims.to_string());
    asked(stack, &again).await.expect(200);

    let forgeries = [
        foreign_headers(&forge),
        foreign_claims(&forge, &bobs),
        broken(&forge),
    ]
    .concat();
    assert!(forgeries.len() >= 80, "{}", forgeries.len());
    for (what, token) in forgeries {
        let answer = asked(stack, &token).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthenticated"),
            "{what}: {}",
            answer.text()
        );
        assert!(!answer.header("www-authenticate").is_empty(), "{what}");
    }
}

#[tokio::test]
async fn clocks_may_differ_by_thirty_seconds_and_no_more() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let forge = Forge::of(stack, &ada);
    let now = forge.now();
    let times = |from: i64, to: i64| forge.claims(json!({"iat": from, "nbf": from, "exp": to}));

    asked(stack, &times(now - 500, now - 20)).await.expect(200);
    asked(stack, &times(now + 20, now + 600)).await.expect(200);
    asked(stack, &times(now - 500, now - 40)).await.expect(401);
    asked(stack, &times(now + 50, now + 600)).await.expect(401);
}

#[tokio::test]
async fn a_token_counts_in_one_place_only() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let token = &ada.access_token;
    let url = format!("{}/v1/tenant", stack.api_url);
    let http = reqwest::Client::new();
    let elsewhere = [
        http.get(format!("{url}?access_token={token}")),
        http.get(&url)
            .header("cookie", format!("access_token={token}")),
        http.get(&url).header("authorization", token),
        http.get(&url)
            .header("authorization", format!("Basic {token}")),
        http.get(&url)
            .header("authorization", format!("Bearer {token}"))
            .header("authorization", format!("Bearer {token}")),
        http.get(&url)
            .header("x-authorization", format!("Bearer {token}")),
    ];
    for request in elsewhere {
        let shown = format!("{request:?}");
        assert_eq!(ada.send(request).await.status, 401, "{shown}");
    }
    ada.send(
        http.get(&url)
            .header("authorization", format!("bearer {token}")),
    )
    .await
    .expect(200);
}

#[tokio::test]
async fn a_token_of_a_person_does_not_run_functions() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let request = reqwest::Client::new().post(format!("{}/v1/invoke/hello", stack.invoke_url));
    let answer = ada
        .send(request.bearer_auth(&ada.access_token).body("{}"))
        .await;
    assert_eq!(answer.status, 401, "{}", answer.text());
}

#[tokio::test]
async fn the_published_key_is_the_one_that_signs() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let forge = Forge::of(stack, &ada);
    let jwks = ada
        .send(ada.anonymous(reqwest::Method::GET, "/.well-known/jwks.json"))
        .await
        .expect(200)
        .json();
    let key = &jwks["keys"][0];
    assert_eq!(key["kid"], forge.header["kid"]);
    assert_eq!(
        key["x"],
        URL_SAFE_NO_PAD.encode(forge.key.verifying_key().to_bytes())
    );
    assert_eq!(
        forge.claims["exp"].as_i64().unwrap() - forge.claims["iat"].as_i64().unwrap(),
        600
    );
    assert!(key.get("d").is_none(), "the private half is published");
}
