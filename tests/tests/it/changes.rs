//! The log of changes that executors follow: nothing that was committed is missed, in whatever order it was.

use cartwright_tests::{Role, Stack};
use sqlx::{Connection, PgConnection, Row};

/// The tenants that changed since a cursor, the next cursor, and whether everything held must be forgotten.
async fn since(api: &mut PgConnection, cursor: Option<i64>) -> (Vec<String>, i64, bool) {
    let rows = sqlx::query("select reset, next_cursor, tenant_id::text from changes_since($1)");
    let rows = rows.bind(cursor).fetch_all(api).await.expect("an answer");
    let tenants = rows.iter().filter_map(|row| row.get(2)).collect();
    (tenants, rows[0].get(1), rows[0].get(0))
}

async fn id_of(stack: &Stack, slug: &str) -> String {
    let id = sqlx::query_scalar("select tenant_id::text from tenant where slug = $1").bind(slug);
    id.fetch_one(&mut stack.database().await)
        .await
        .expect("a tenant")
}

/// Note a change of this tenant in a transaction that is left open.
async fn note<'c>(
    api: &'c mut PgConnection,
    tenant: &str,
) -> sqlx::Transaction<'c, sqlx::Postgres> {
    let mut tx = api.begin().await.expect("a transaction");
    let set = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant);
    set.fetch_one(&mut *tx).await.expect("set");
    sqlx::query("select note_tenant_change()")
        .fetch_one(&mut *tx)
        .await
        .expect("noted");
    tx
}

#[tokio::test]
async fn a_change_that_commits_late_is_told_after_the_cursor_went_past_its_number() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let (ada, bob) = (id_of(stack, &ada.slug).await, id_of(stack, &bob.slug).await);
    let mut reader = stack.database_as(Role::Api).await;
    let (mut first, mut second) = (
        stack.database_as(Role::Api).await,
        stack.database_as(Role::Api).await,
    );
    let (_, start, _) = since(&mut reader, None).await;

    let open = note(&mut first, &ada).await;
    note(&mut second, &bob)
        .await
        .commit()
        .await
        .expect("committed");

    let (told, cursor, reset) = since(&mut reader, Some(start)).await;
    assert!(
        told.contains(&bob) && !told.contains(&ada) && !reset,
        "{told:?}"
    );
    open.commit().await.expect("committed");
    let (told, _, reset) = since(&mut reader, Some(cursor)).await;
    assert!(told.contains(&ada) && !reset, "{told:?}");
}

#[tokio::test]
async fn a_change_that_was_rolled_back_is_never_told() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let ada = id_of(stack, &ada.slug).await;
    let (mut reader, mut writer) = (
        stack.database_as(Role::Api).await,
        stack.database_as(Role::Api).await,
    );
    let (_, start, _) = since(&mut reader, None).await;
    // What signing up itself noted may still be told: let it be settled first.
    let before = since(&mut reader, Some(start))
        .await
        .0
        .iter()
        .filter(|told| **told == ada)
        .count();

    note(&mut writer, &ada)
        .await
        .rollback()
        .await
        .expect("rolled back");

    let told = since(&mut reader, Some(start)).await.0;
    assert_eq!(told.iter().filter(|told| **told == ada).count(), before);
}

#[tokio::test]
async fn a_cursor_that_is_none_of_ours_starts_anew() {
    let stack = Stack::shared().await;
    let mut reader = stack.database_as(Role::Api).await;
    for cursor in [None, Some(0), Some(-1), Some(i64::MAX)] {
        let (told, next, reset) = since(&mut reader, cursor).await;
        assert!(reset && told.is_empty() && next > 0, "{cursor:?}");
        assert!(!since(&mut reader, Some(next)).await.2, "{cursor:?}");
    }
}
