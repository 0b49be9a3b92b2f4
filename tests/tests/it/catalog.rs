//! What the database itself holds of the walls between tenants, asked of its own catalog: no table was forgotten, no
//! login has more than its share, and the functions that cross tenants are the ones that we know of.

use cartwright_tests::{Role, Stack};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

async fn texts(database: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(database).await.unwrap()
}

#[tokio::test]
async fn every_table_with_a_tenant_has_row_security_enabled_forced_and_bound_to_the_tenant() {
    let stack = Stack::shared().await;
    let mut database = stack.database().await;
    let tables = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id' and not a.attisdropped";
    let with_tenant = texts(&mut database, tables).await;
    assert!(with_tenant.len() >= 15, "{with_tenant:?}");

    let unforced = texts(&mut database,
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
            and not (c.relrowsecurity and c.relforcerowsecurity)").await;
    assert_eq!(unforced, [""; 0]);
    // A partition is reached through its table, whose policy counts; nobody is granted the partition itself.
    let unbound = texts(&mut database,
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
            and not c.relispartition
            and not exists (select from pg_policy p where p.polrelid = c.oid and pg_get_expr(p.polqual, p.polrelid)
                like '%tenant_id = ( SELECT (current_setting(''app.tenant_id''::text))::uuid%')").await;
    assert_eq!(unbound, [""; 0]);
    let granted_partitions = texts(&mut database,
        "select distinct g.table_name::text from information_schema.role_table_grants g
        join pg_class c on c.relname = g.table_name and c.relispartition where g.grantee in ('cartwright_api', 'cartwright_worker', 'cartwright_billing')").await;
    assert_eq!(granted_partitions, [""; 0]);
    // Whoever is let past the tenant is the one role that owns the crossing functions.
    let open_to = texts(&mut database,
        "select distinct p.polname || ' to ' || coalesce((select string_agg(r.rolname, ',') from pg_roles r where r.oid = any(p.polroles)), 'everyone')
        from pg_policy p where pg_get_expr(p.polqual, p.polrelid) = 'true'").await;
    assert_eq!(open_to, ["crossing to cartwright_crossing"]);
}

#[tokio::test]
async fn no_login_is_superuser_owner_or_above_row_security() {
    let stack = Stack::shared().await;
    let mut database = stack.database().await;
    let roles = "select rolname::text || ' ' || concat_ws(' ', case when rolcanlogin then 'login' end,
            case when rolsuper then 'SUPER' end, case when rolbypassrls then 'BYPASS' end,
            case when rolcreaterole then 'CREATEROLE' end, case when rolcreatedb then 'CREATEDB' end)
        from pg_roles where rolname like 'cartwright\\_%' and rolname <> current_user order by 1";
    let roles: Vec<_> = texts(&mut database, roles)
        .await
        .into_iter()
        .filter(|role| !role.starts_with("cartwright_owner"))
        .collect();
    assert_eq!(
        roles,
        [
            "cartwright_api login",
            "cartwright_billing login",
            "cartwright_crossing ",
            "cartwright_worker login"
        ]
    );
    let owned = texts(&mut database,
        "select c.relname::text from pg_class c join pg_roles r on r.oid = c.relowner
        where r.rolname in ('cartwright_api', 'cartwright_worker', 'cartwright_billing', 'cartwright_crossing')").await;
    assert_eq!(owned, [""; 0]);
    let member_of = texts(
        &mut database,
        "select m.rolname::text || ' in ' || r.rolname from pg_auth_members a
        join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
        where m.rolname in ('cartwright_api', 'cartwright_worker', 'cartwright_billing')",
    )
    .await;
    assert_eq!(member_of, [""; 0]);
}

#[tokio::test]
async fn the_functions_that_cross_tenants_are_these_and_only_these() {
    let stack = Stack::shared().await;
    let mut database = stack.database().await;
    let definers = "select p.proname::text || ' as ' || case when r.rolname = 'cartwright_crossing' then 'crossing' else 'owner' end
            || ' for ' || coalesce((select string_agg(substr(g.rolname, 12), ' ' order by g.rolname) from aclexplode(p.proacl) a
                join pg_roles g on g.oid = a.grantee where a.privilege_type = 'EXECUTE' and g.oid <> p.proowner), 'nobody')
        from pg_proc p join pg_roles r on r.oid = p.proowner
        where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 1";
    let definers = texts(&mut database, definers).await.join("\n");
    insta::assert_snapshot!(definers);

    let unpinned = texts(&mut database,
        "select p.proname::text from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
            and not exists (select from unnest(p.proconfig) c where c like 'search_path=pg_catalog%')").await;
    assert_eq!(unpinned, [""; 0]);
    let public = texts(&mut database,
        "select p.proname::text from pg_proc p
        where p.pronamespace = 'public'::regnamespace and has_function_privilege('public', p.oid, 'execute')").await;
    assert_eq!(public, [""; 0]);
}

#[tokio::test]
async fn each_login_may_do_this_much_and_no_more() {
    let stack = Stack::shared().await;
    let mut database = stack.database().await;
    let grants = "select substr(grantee, 12) || ' ' || table_name || ': ' || string_agg(distinct lower(privilege_type), ' ')
        from information_schema.column_privileges
        where grantee like 'cartwright\\_%' and grantee <> 'cartwright_owner' and table_schema = 'public'
        group by grantee, table_name order by grantee, table_name";
    let mut grants = texts(&mut database, grants).await;
    let deletes = "select substr(grantee, 12) || ' ' || table_name || ': ' || lower(privilege_type)
        from information_schema.role_table_grants
        where grantee like 'cartwright\\_%' and grantee <> 'cartwright_owner' and privilege_type in ('DELETE', 'TRUNCATE', 'TRIGGER')
        order by grantee, table_name";
    grants.extend(texts(&mut database, deletes).await);
    insta::assert_snapshot!(grants.join("\n"));

    // Columns that only the crossing functions read.
    for role in [Role::Api, Role::Worker, Role::Billing] {
        let mut login = stack.database_as(role).await;
        for query in [
            "select password_hash from user_account",
            "insert into audit_log default values",
            "delete from audit_log",
            "update audit_log set actor = 'x'",
        ] {
            let refused = sqlx::query(query).execute(&mut login).await.unwrap_err();
            assert!(
                refused.to_string().contains("permission denied"),
                "{} {query}: {refused}",
                role.name()
            );
        }
    }
}

#[tokio::test]
async fn without_a_tenant_a_query_fails_and_with_one_it_sees_no_other() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let id_of = async |slug: &str| -> String {
        let mut database = stack.database().await;
        let id = sqlx::query_scalar("select tenant_id::text from tenant where slug = $1");
        id.bind(slug).fetch_one(&mut database).await.unwrap()
    };
    let (ada_id, bob_id) = (id_of(&ada.slug).await, id_of(&bob.slug).await);
    let mut api = stack.database_as(Role::Api).await;

    for table in [
        "tenant",
        "membership",
        "api_key",
        "session",
        "function",
        "target_binding",
        "version",
        "audit_log",
        "job",
        "run_log",
        "replay_batch",
        "replay_run",
        "alias_gate",
        "schedule",
        "endpoint",
        "endpoint_secret",
        "message",
        "message_attempt",
    ] {
        // Unset is an error, not everything and not nothing: before any tenant was set, and after one was.
        let refused = sqlx::query(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut api)
            .await;
        assert!(refused.is_err(), "{table}");
        let mut tx = api.begin().await.unwrap();
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(&ada_id)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        let foreign = format!("select count(*) from {table} where tenant_id <> $1::uuid");
        let foreign: i64 = sqlx::query_scalar(AssertSqlSafe(foreign))
            .bind(&ada_id)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(foreign, 0, "{table}");
        tx.rollback().await.unwrap();
    }

    // Nor does it write into another.
    let mut tx = api.begin().await.unwrap();
    sqlx::query("select set_config('app.tenant_id', $1, true)")
        .bind(&ada_id)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let own: i64 = sqlx::query_scalar("select count(*) from api_key")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(own, 1);
    let touched = sqlx::query("update api_key set revoked_at = now() where tenant_id = $1::uuid")
        .bind(&bob_id);
    assert_eq!(touched.execute(&mut *tx).await.unwrap().rows_affected(), 0);
    let insert = sqlx::query("insert into change_log (tenant_id, generation) values ($1::uuid, 1)")
        .bind(&bob_id);
    let refused = insert.execute(&mut *tx).await.unwrap_err();
    assert!(
        refused.to_string().contains("row-level security"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_changed_or_missing_row_of_the_audit_log_shows() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    for name in ["one", "two", "three"] {
        ada.post("/v1/api-keys", &json!({"name": name}))
            .await
            .expect(201);
    }
    let mut database = stack.database().await;
    let tenant: String = sqlx::query_scalar("select tenant_id::text from tenant where slug = $1")
        .bind(&ada.slug)
        .fetch_one(&mut database)
        .await
        .unwrap();
    let broken_after =
        async |database: &mut PgConnection, tampering: &'static str| -> Option<i64> {
            let mut tx = database.begin().await.unwrap();
            sqlx::query("select set_config('app.tenant_id', $1, true)")
                .bind(&tenant)
                .fetch_one(&mut *tx)
                .await
                .unwrap();
            if !tampering.is_empty() {
                let done = sqlx::query(tampering)
                    .bind(&tenant)
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                assert_eq!(done.rows_affected(), 1, "{tampering}");
            }
            let broken = sqlx::query("select audit_first_break()")
                .fetch_one(&mut *tx)
                .await
                .unwrap()
                .get(0);
            tx.rollback().await.unwrap();
            broken
        };

    assert_eq!(broken_after(&mut database, "").await, None);
    assert_eq!(
        broken_after(
            &mut database,
            "update audit_log set actor = 'user:eve' where tenant_id = $1::uuid and seq = 3"
        )
        .await,
        Some(3)
    );
    assert_eq!(broken_after(&mut database, "update audit_log set at = at + interval '1 microsecond' where tenant_id = $1::uuid and seq = 2").await, Some(2));
    assert_eq!(
        broken_after(
            &mut database,
            "delete from audit_log where tenant_id = $1::uuid and seq = 2"
        )
        .await,
        Some(3)
    );
    assert_eq!(
        broken_after(
            &mut database,
            "update audit_log set hash = sha256('x') where tenant_id = $1::uuid and seq = 4"
        )
        .await,
        Some(4)
    );
}
