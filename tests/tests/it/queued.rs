//! Subscriptions and events put straight into the database, for tests of what delivers them: many at once, in the states that
//! these tests are about. How they come there otherwise is other tests' matter.

use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, Tenant, eventually};
use sqlx::PgConnection;
use uuid::Uuid;

/// A stack whose workers each deliver so many at a time; with none they hold a lease and take nothing.
pub(crate) fn in_flight(count: usize) -> Options {
    let at_a_time = (
        Role::Worker,
        "CARTWRIGHT_DELIVERIES_IN_FLIGHT",
        count.to_string(),
    );
    Options {
        environment: vec![at_a_time],
        ..Options::default()
    }
}

/// A tenant's queue, seen from behind.
pub(crate) struct Queue {
    pub(crate) database: PgConnection,
    pub(crate) tenant_id: Uuid,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Ending {
    pub(crate) status: String,
    pub(crate) cause: Option<String>,
    pub(crate) attempts: i16,
}

impl Queue {
    pub(crate) async fn of(stack: &Stack, tenant: &Tenant) -> Self {
        let mut database = stack.database().await;
        let tenant_id = sqlx::query_scalar("select tenant_id from tenant where slug = $1")
            .bind(&tenant.slug)
            .fetch_one(&mut database)
            .await
            .expect("a tenant");
        Self {
            database,
            tenant_id,
        }
    }

    /// A subscription of this function. `settings` are columns and their values.
    pub(crate) async fn subscribe(&mut self, function: &str, settings: &[(&str, &str)]) -> Uuid {
        let id = Uuid::now_v7();
        let more = |of: fn(&(&str, &str)) -> String| settings.iter().map(of).collect::<String>();
        let (columns, values) = (
            more(|(name, _)| format!(", {name}")),
            more(|(_, value)| format!(", {value}")),
        );
        let statement = format!(
            "insert into subscription (tenant_id, subscription_id, function_id, event_type, retry, expires_after_s, pause_after_dead,
                created_by{columns})
            select tenant_id, '{id}', function_id, '*',
                '{{\"max_attempts\": 3, \"first_delay_s\": 0.2, \"delay_max_s\": 1}}', 86400, 0, 'tests'{values}
            from function where tenant_id = '{}' and name = '{function}' and deleted_at is null",
            self.tenant_id
        );
        self.run(&statement).await;
        id
    }

    /// So many events with a delivery each, in one transaction. `deliveries` are columns and their values, over `n`.
    pub(crate) async fn send(
        &mut self,
        subscription: Uuid,
        count: u32,
        deliveries: &[(&str, &str)],
    ) {
        let more = |of: fn(&(&str, &str)) -> String| deliveries.iter().map(of).collect::<String>();
        let (columns, values) = (
            more(|(name, _)| format!(", {name}")),
            more(|(_, value)| format!(", {value}")),
        );
        let statement = format!(
            r#"
            begin;
            create temporary table sent on commit drop as
                select n, overlay(overlay(gen_random_uuid()::text placing
                    left(t, 8) || '-' || substr(t, 9, 4) || '-7' || to_char(n / 10000 % 1000, 'FM000') from 1)
                    placing to_char(n % 10000, 'FM0000') from 25)::uuid as id
                from generate_series(1, {count}) n,
                    (select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as t) now;
            insert into event (tenant_id, event_id, event_type, external_id, occurred_at, root_event_id, data, data_bytes,
                data_sha256, request_id, deliveries)
            select '{tenant}', id, 'orders/paid', id::text, now(), id, convert_to(format('{{"n":%s}}', n), 'UTF8'), 7,
                sha256(id::text::bytea), gen_random_uuid(), 1
            from sent;
            insert into queue_flow (tenant_id, lane) values ('{tenant}', 0) on conflict do nothing;
            insert into delivery (tenant_id, delivery_id, event_id, subscription_id, function_id, lane, ready_at, expires_at{columns})
            select '{tenant}', id, id, s.subscription_id, s.function_id, 0, now(), now() + s.expires_after_s * interval '1 second'{values}
            from sent, subscription s
            where s.tenant_id = '{tenant}' and s.subscription_id = '{subscription}';
            select pg_notify('cartwright_deliveries', '{tenant}');
            commit;
            "#,
            tenant = self.tenant_id
        );
        self.run(&statement).await;
    }

    pub(crate) async fn run(&mut self, statement: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.database)
            .await
            .expect("a statement");
    }

    pub(crate) async fn number(&mut self, query: &str) -> i64 {
        let query = query.replace("$tenant", &format!("'{}'", self.tenant_id));
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut self.database)
            .await
            .expect("a number")
    }

    /// How all deliveries of the tenant ended, once so many have.
    pub(crate) async fn ended(&mut self, count: usize) -> Vec<Ending> {
        self.ended_within(count, Duration::from_secs(60)).await
    }

    pub(crate) async fn ended_within(&mut self, count: usize, within: Duration) -> Vec<Ending> {
        let (tenant_id, database) = (self.tenant_id, &mut self.database);
        let began = tokio::time::Instant::now();
        loop {
            let endings: Vec<Ending> = sqlx::query_as(
                "select status, cause, attempts from delivery_ended where tenant_id = $1 order by delivery_id",
            )
            .bind(tenant_id)
            .fetch_all(&mut *database)
            .await
            .expect("endings");
            if endings.len() >= count {
                return endings;
            }
            assert!(
                began.elapsed() < within,
                "{} of {count} deliveries ended within {within:?}",
                endings.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Billable runs of the tenant, once there are so many.
    pub(crate) async fn billed(&mut self, count: i64) -> i64 {
        let tenant_id = self.tenant_id;
        let database = &mut self.database;
        let what = format!("{count} runs are billed");
        let deadline = Duration::from_secs(30);
        let query = "select count(*) from meter_record where tenant_id = $1";
        let began = tokio::time::Instant::now();
        loop {
            let billed: i64 = sqlx::query_scalar(query)
                .bind(tenant_id)
                .fetch_one(&mut *database)
                .await
                .expect("a number");
            if billed >= count {
                return billed;
            }
            assert!(began.elapsed() < deadline, "{what}: {billed}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Wait until this is so.
pub(crate) async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    eventually(what, Duration::from_secs(60), async || {
        is_so().await.then_some(())
    })
    .await;
}
