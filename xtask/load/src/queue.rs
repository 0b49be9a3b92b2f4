//! Measures the queue of deliveries from behind: what waits is put into the database, what ended is asked of the worker, and
//! the processes under measurement are asked for their processor time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::cpu::{cpu_time, family};
use crate::metrics;

/// What is put in at a time.
const FILL: i64 = 20_000;

/// What is put in at a time while it is measured: little and often, so that no part of the time has more of it than another.
const FEED: i64 = 1_000;

/// Run this many seconds before the first measurement.
const WARM: Duration = Duration::from_secs(3);

/// So many parts alone and beside.
const PARTS: usize = 10;

#[derive(clap::Args)]
pub(crate) struct QueueArgs {
    /// The database, as its owner.
    #[arg(long)]
    database_url: String,
    /// The worker, where it serves its metrics.
    #[arg(long)]
    worker: SocketAddr,
    /// The tenant with a backlog, by its slug.
    #[arg(long)]
    noisy: String,
    /// The tenant that sends one a second.
    #[arg(long)]
    quiet: String,
    /// The function that both have.
    #[arg(long)]
    function: String,
    /// Deliveries of the backlog.
    #[arg(long)]
    backlog: i64,
    /// How long each measurement takes, in seconds.
    #[arg(long)]
    seconds: u64,
    /// For how long a transaction is held open, in seconds.
    #[arg(long)]
    hold_s: u64,
    /// A process whose time counts.
    #[arg(long = "pid")]
    pids: Vec<u32>,
}

/// What was measured.
#[derive(Serialize)]
struct Figures {
    /// Deliveries that ended per second while only one tenant has any.
    deliveries_per_s: f64,
    /// Processor time of all processes for each, in microseconds.
    cpu_us_per_delivery: f64,
    /// The same rate at the end of the time for which a transaction was held open.
    held_deliveries_per_s: f64,
    /// The rate while the other tenant sends one a second, those among it.
    beside_deliveries_per_s: f64,
    /// Both, part by part: a part alone and a part beside in turns, since a database has slow moments and grows.
    beside: Vec<Part>,
    /// How long the quiet tenant's deliveries waited until they began, in ms.
    quiet_wait_p50_ms: f64,
    quiet_wait_p99_ms: f64,
    quiet_waits: usize,
}

/// A part alone, and one beside the other tenant.
#[derive(Serialize)]
struct Part {
    /// Deliveries that ended in a second, alone.
    alone_per_s: f64,
    /// And beside.
    beside_per_s: f64,
    /// The longest wait of a delivery of the quiet tenant, in ms.
    quiet_wait_ms: f64,
}

#[derive(Clone)]
struct Tenant {
    id: Uuid,
    subscription_id: Uuid,
}

pub(crate) fn measure(args: &QueueArgs) -> Result<()> {
    let figures = tokio::runtime::Runtime::new()?.block_on(figures(args))?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

async fn figures(args: &QueueArgs) -> Result<Figures> {
    let mut database = PgConnection::connect(&args.database_url).await?;
    let noisy = subscribed(&mut database, &args.noisy, &args.function).await?;
    let quiet = subscribed(&mut database, &args.quiet, &args.function).await?;
    for _ in 0..(args.backlog / FILL).max(1) {
        fill(&mut database, &noisy, FILL.min(args.backlog)).await?;
    }
    // A million new rows are looked at by the database once, and that is not what is measured.
    for table in ["vacuum analyze delivery", "vacuum analyze event"] {
        sqlx::raw_sql(table).execute(&mut database).await?;
    }
    let feeding = tokio::spawn(feed(
        args.database_url.clone(),
        args.worker,
        noisy.clone(),
        args.backlog.max(FILL),
    ));
    sleep(WARM).await;
    let span = Duration::from_secs(args.seconds);
    let (_, cpu_us_per_delivery) = rate(args, span).await?;
    let (beside, mut waits) = beside(args, &mut database, &quiet, span).await?;
    let mean = |of: fn(&Part) -> f64| beside.iter().map(of).sum::<f64>() / PARTS as f64;
    let held_deliveries_per_s = held(args, span).await?;
    ensure!(!feeding.is_finished(), "the backlog was not kept up");
    feeding.abort();
    waits.sort_by(f64::total_cmp);
    let at = |part: f64| {
        waits
            .get(((waits.len() as f64 - 1.0) * part).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    Ok(Figures {
        deliveries_per_s: mean(|part| part.alone_per_s),
        cpu_us_per_delivery,
        held_deliveries_per_s,
        beside_deliveries_per_s: mean(|part| part.beside_per_s),
        beside,
        quiet_wait_p50_ms: at(0.5),
        quiet_wait_p99_ms: at(0.99),
        quiet_waits: waits.len(),
    })
}

/// The rate alone and while the quiet tenant sends one a second, in turns, each for a fifth of the span; and how long the quiet
/// one's waited, in ms.
async fn beside(
    args: &QueueArgs,
    database: &mut PgConnection,
    quiet: &Tenant,
    span: Duration,
) -> Result<(Vec<Part>, Vec<f64>)> {
    let (part, mut other) = (span / 5, PgConnection::connect(&args.database_url).await?);
    let each = part.as_secs().max(1);
    let mut rates = Vec::new();
    for _ in 0..PARTS {
        let (alone, _) = rate(args, part).await?;
        let sending = async {
            for _ in 0..each {
                fill(&mut other, quiet, 1).await?;
                sleep(part / u32::try_from(each)?).await;
            }
            anyhow::Ok(())
        };
        let (beside, sent) = tokio::join!(rate(args, part), sending);
        sent?;
        rates.push((alone, beside?.0));
    }
    sleep(Duration::from_secs(2)).await;
    let waits: Vec<f64> = sqlx::query_scalar(
        "select (extract(epoch from started_at) * 1000)::float8
            - ('x' || lpad(left(replace(delivery_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint
         from delivery_ended where tenant_id = $1 order by delivery_id",
    )
    .bind(quiet.id)
    .fetch_all(database)
    .await?;
    ensure!(
        waits.len() as u64 == each * PARTS as u64,
        "some of the quiet tenant's deliveries have not ended"
    );
    let waited = waits.chunks(usize::try_from(each)?);
    let parts = rates
        .into_iter()
        .zip(waited)
        .map(|((alone_per_s, beside_per_s), waits)| Part {
            alone_per_s,
            beside_per_s,
            quiet_wait_ms: waits.iter().copied().fold(0.0, f64::max),
        });
    Ok((parts.collect(), waits.clone()))
}

/// The rate at the end of the time for which another connection holds a transaction open.
async fn held(args: &QueueArgs, span: Duration) -> Result<f64> {
    let mut holder = PgConnection::connect(&args.database_url).await?;
    for statement in [
        "set idle_in_transaction_session_timeout = 0",
        "begin isolation level repeatable read",
        "select 1 from tenant limit 1",
    ] {
        sqlx::raw_sql(statement).execute(&mut holder).await?;
    }
    sleep(Duration::from_secs(args.hold_s).saturating_sub(span)).await;
    let (rate, _) = rate(args, span).await?;
    sqlx::raw_sql("rollback").execute(&mut holder).await?;
    Ok(rate)
}

/// How many end in a second, and the processes' time for each.
async fn rate(args: &QueueArgs, span: Duration) -> Result<(f64, f64)> {
    let pids: Vec<u32> = args.pids.iter().flat_map(|pid| family(*pid)).collect();
    // A connection of the database may end meanwhile, and takes its time along.
    let cpu = || {
        pids.iter()
            .filter_map(|pid| cpu_time(*pid).ok())
            .sum::<Duration>()
    };
    let (before, cpu_before, began) = (ended(args.worker).await?, cpu(), Instant::now());
    sleep(span).await;
    let count = ended(args.worker).await? - before;
    let used = cpu().saturating_sub(cpu_before);
    Ok((
        count / began.elapsed().as_secs_f64(),
        used.as_secs_f64() * 1e6 / count,
    ))
}

/// As the worker counted: the rows themselves are millions, and to count them would be the work of many deliveries.
async fn ended(worker: SocketAddr) -> Result<f64> {
    metrics::sum(worker, "cartwright_deliveries_total").await
}

/// Keep about so many waiting for as long as it is measured.
async fn feed(
    database_url: String,
    worker: SocketAddr,
    tenant: Tenant,
    backlog: i64,
) -> Result<()> {
    let mut database = PgConnection::connect(&database_url).await?;
    let mut filled = backlog as f64;
    loop {
        let missing = backlog as f64 - (filled - ended(worker).await?);
        // What a slow moment of the database left behind is made up for over the next ones.
        let parts = ((missing / FEED as f64) as i64).min(2);
        if parts > 0 {
            fill(&mut database, &tenant, parts * FEED).await?;
            filled += (parts * FEED) as f64;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn subscribed(database: &mut PgConnection, slug: &str, function: &str) -> Result<Tenant> {
    let subscription_id = Uuid::now_v7();
    let id = sqlx::query_scalar(
        "insert into subscription (tenant_id, subscription_id, function_id, event_type, retry, expires_after_s, pause_after_dead,
            created_by)
         select t.tenant_id, $3, f.function_id, 'bench', '{}', 86400, 0, 'bench'
         from tenant t join function f on f.tenant_id = t.tenant_id
         where t.slug = $1 and f.name = $2
         returning tenant_id",
    )
    .bind(slug)
    .bind(function)
    .bind(subscription_id)
    .fetch_one(database)
    .await
    .with_context(|| format!("{slug} has no function {function}"))?;
    Ok(Tenant {
        id,
        subscription_id,
    })
}

/// So many events with a delivery each, of a kilobyte together, in one transaction.
async fn fill(database: &mut PgConnection, tenant: &Tenant, count: i64) -> Result<()> {
    let Tenant {
        id,
        subscription_id,
    } = tenant;
    let statement = format!(
        r#"
        begin;
        create temporary table sent on commit drop as
            select n, overlay(gen_random_uuid()::text placing left(t, 8) || '-' || substr(t, 9, 4) || '-7' from 1)::uuid as id
            from generate_series(1, {count}) n,
                (select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as t) now;
        insert into event (tenant_id, event_id, event_type, external_id, occurred_at, root_event_id, data, data_bytes, data_sha256,
            request_id, deliveries)
        select '{id}', id, 'bench', id::text, now(), id, convert_to(format('{{"n":%s}}', n), 'UTF8'), 7, sha256(id::text::bytea),
            gen_random_uuid(), 1
        from sent;
        insert into queue_flow (tenant_id, lane) values ('{id}', 0) on conflict do nothing;
        insert into delivery (tenant_id, delivery_id, event_id, subscription_id, function_id, lane, ready_at, expires_at)
        select '{id}', s.id, s.id, u.subscription_id, u.function_id, 0, clock_timestamp(), now() + interval '1 day'
        from sent s, subscription u
        where u.tenant_id = '{id}' and u.subscription_id = '{subscription_id}';
        select pg_notify('cartwright_deliveries', '{id}');
        commit;
        "#
    );
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(database)
        .await?;
    Ok(())
}
