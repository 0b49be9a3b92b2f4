//! Who belongs to a tenant, and what each role may do.

use cartwright_tests::{Answer, Stack, Tenant};
use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{document, operations};

/// Someone who accepted an invitation and signed in.
struct Member {
    id: String,
    access_token: String,
    refresh_token: Value,
}

async fn invite(tenant: &Tenant, email: &str, role: &str) -> Value {
    let new = json!({"email": email, "role": role});
    tenant.post("/v1/members", &new).await.expect(201).json()
}

async fn accept(tenant: &Tenant, invitation: &Value, password: &str) -> Answer {
    let acceptance = json!({"invitation": invitation["invitation"], "password": password});
    tenant
        .send(
            tenant
                .anonymous(Method::POST, "/v1/auth/accept")
                .json(&acceptance),
        )
        .await
}

async fn join(tenant: &Tenant, role: &str) -> Member {
    let email = format!("{role}-{}", tenant.email);
    let invitation = invite(tenant, &email, role).await;
    let accepted = accept(tenant, &invitation, &tenant.password)
        .await
        .expect(201)
        .json();
    let login = json!({"email": email, "password": tenant.password});
    let session = tenant
        .send(
            tenant
                .anonymous(Method::POST, "/v1/auth/login")
                .json(&login),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(session["role"], *role);
    Member {
        id: accepted["user_id"].as_str().unwrap().to_owned(),
        access_token: session["access_token"].as_str().unwrap().to_owned(),
        refresh_token: session["refresh_token"].clone(),
    }
}

async fn as_member(
    tenant: &Tenant,
    member: &Member,
    method: Method,
    path: &str,
    body: Value,
) -> Answer {
    let request = tenant
        .anonymous(method, path)
        .bearer_auth(&member.access_token);
    tenant.send(request.json(&body)).await
}

#[tokio::test]
async fn each_role_may_do_what_the_document_says_and_nothing_else() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let operations = operations(&document(stack).await);
    let mut seen = 0;
    for role in ["owner", "admin", "developer", "billing", "viewer"] {
        let member = join(&ada, role).await;
        for (method, path, operation) in &operations {
            let Some(roles) = operation["x-cartwright-access"]["roles"].as_array() else {
                continue;
            };
            // Nothing that the path names exists, so that nobody harms anything.
            let path = path
                .replace("{version}", "999")
                .replace("{name}", "nothing")
                .replace("{alias}", "nothing")
                .replace("{tenant}", "nothing")
                .replace("{id}", "01900000-0000-7000-8000-000000000000");
            let answer = as_member(&ada, &member, method.clone(), &path, json!(null)).await;
            let may = roles.contains(&json!(role));
            let what = format!(
                "{role} {method} {path}: {} {}",
                answer.status,
                answer.text()
            );
            assert_ne!(answer.status, 401, "{what}");
            assert_eq!(answer.status != 403, may, "{what}");
            seen += 1;
        }
    }
    assert!(seen >= 5 * 30, "{seen}");
}

#[tokio::test]
async fn an_invitation_is_good_once_and_only_for_whom_it_was_made() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);

    // Bob has an account already: his password opens the invitation, no other does.
    let invitation = invite(&ada, &bob.email, "viewer").await;
    accept(&ada, &invitation, "not bob's password")
        .await
        .expect(401);
    accept(&ada, &invitation, &bob.password).await.expect(201);
    accept(&ada, &invitation, &bob.password).await.expect(401);
    let both = json!({"email": bob.email, "password": bob.password, "tenant": ada.slug});
    let session = bob
        .send(bob.anonymous(Method::POST, "/v1/auth/login").json(&both))
        .await
        .expect(200)
        .json();
    assert_eq!(session["role"], "viewer");

    // Invited again, the invitation before is void; a member is not invited.
    let (old, new) = (
        invite(&ada, "eve@example.com", "viewer").await,
        invite(&ada, "eve@example.com", "developer").await,
    );
    accept(&ada, &old, "correct horse").await.expect(401);
    let listed = ada.get("/v1/members").await.expect(200).text();
    assert!(
        listed.contains("\"invited\"") && !listed.contains(old["id"].as_str().unwrap()),
        "{listed}"
    );
    ada.delete(&format!("/v1/members/{}", new["id"].as_str().unwrap()))
        .await
        .expect(204);
    accept(&ada, &new, "correct horse").await.expect(401);
    ada.post(
        "/v1/members",
        &json!({"email": bob.email, "role": "viewer"}),
    )
    .await
    .expect(409);
    for bad in ["", "x", &"A".repeat(43), &"A".repeat(10_000)] {
        accept(&ada, &json!({"invitation": bad}), "correct horse")
            .await
            .expect(401);
    }
}

#[tokio::test]
async fn whoever_is_removed_or_demoted_is_so_at_once() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let dev = join(&ada, "developer").await;
    let new = json!({"name": "made-by-dev"});
    as_member(&ada, &dev, Method::POST, "/v1/functions", new.clone())
        .await
        .expect(201);

    let path = format!("/v1/members/{}", dev.id);
    ada.patch(&path, &json!({"role": "viewer"}))
        .await
        .expect(200);
    as_member(
        &ada,
        &dev,
        Method::POST,
        "/v1/functions",
        json!({"name": "again"}),
    )
    .await
    .expect(403);
    as_member(&ada, &dev, Method::GET, "/v1/functions", json!(null))
        .await
        .expect(200);

    ada.delete(&path).await.expect(204);
    as_member(&ada, &dev, Method::GET, "/v1/functions", json!(null))
        .await
        .expect(401);
    let refresh = json!({"refresh_token": dev.refresh_token});
    ada.send(
        ada.anonymous(Method::POST, "/v1/auth/refresh")
            .json(&refresh),
    )
    .await
    .expect(401);
    ada.delete(&path).await.expect(404);
}

#[tokio::test]
async fn a_tenant_always_has_an_owner_and_only_owners_make_owners() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let me = ada.get("/v1/tenant").await.expect(200).json()["caller"]["actor"]
        .as_str()
        .unwrap()["user:".len()..]
        .to_owned();
    let own = format!("/v1/members/{me}");

    ada.delete(&own).await.expect(409);
    ada.patch(&own, &json!({"role": "viewer"}))
        .await
        .expect(409);

    let admin = join(&ada, "admin").await;
    as_member(&ada, &admin, Method::DELETE, &own, json!(null))
        .await
        .expect(403);
    as_member(&ada, &admin, Method::PATCH, &own, json!({"role": "viewer"}))
        .await
        .expect(403);
    let self_made = format!("/v1/members/{}", admin.id);
    as_member(
        &ada,
        &admin,
        Method::PATCH,
        &self_made,
        json!({"role": "owner"}),
    )
    .await
    .expect(403);
    let owner = json!({"email": "x@example.com", "role": "owner"});
    as_member(&ada, &admin, Method::POST, "/v1/members", owner)
        .await
        .expect(403);

    // Two owners who remove each other at the same moment: one stays.
    let second = join(&ada, "owner").await;
    let others = format!("/v1/members/{}", second.id);
    let (first, second) = tokio::join!(
        ada.delete(&others),
        as_member(&ada, &second, Method::DELETE, &own, json!(null)),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && statuses[1] >= 400, "{statuses:?}");
    let mut database = stack.database().await;
    let owners = sqlx::query_scalar(
        "select count(*) from membership join tenant using (tenant_id) where slug = $1 and role = 'owner'",
    );
    let owners: i64 = owners
        .bind(&ada.slug)
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(owners, 1);
}
