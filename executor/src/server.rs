//! Wires the process together, serves, and ends it in the right order: no run is cut, no record lost.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::wire::Role;
use cartwright_engine::Engine;
use cartwright_role::drain::Drain;
use cartwright_role::health::Readiness;
use cartwright_role::internal::{Callers, Client};
use cartwright_role::{internal, listener, prometheus, telemetry};
use rustix::process::{Resource, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::admission::keyed::Keyed;
use crate::admission::may_they::MayThey;
use crate::admission::meter::Meter;
use crate::admission::run::Run;
use crate::admission::run_all::RunAll;
use crate::admission::what::What;
use crate::admission::which_target::WhichTarget;
use crate::admission::who::Who;
use crate::admission::{front_door, inner, target_door};
use crate::config::ServeConfig;
use crate::counters::{Counters, level};
use crate::fleet::{Addresses, Fleet, Standby};
use crate::fleet_memory::FleetMemory;
use crate::freshness::Freshness;
use crate::idempotency::Idempotency;
use crate::inputs::InputRoom;
use crate::internal_run::InternalRuns;
use crate::keys::Keys;
use crate::live_logs::{self, LiveLogs};
use crate::memo::Memo;
use crate::meter_log::{DiskRoom, MeterLog};
use crate::mint;
use crate::modules::Modules;
use crate::quotas::{self, Leases};
use crate::routes::{self, Front};
use crate::run_logs::RunLogs;
use crate::shedder::Shedder;
use crate::slots::Running;
use crate::tenants::{Tenants, Watch};

/// Levels are measured as often.
const LEVELS_EVERY: Duration = Duration::from_secs(1);

/// What was not used for long is forgotten as often.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How long the drain waits for runs whose callers left.
const RUNS_END_WITHIN: Duration = Duration::from_secs(30);

/// Serve until the process is asked to end.
pub(crate) fn serve(config: ServeConfig) -> Result<()> {
    telemetry::init(&config.log)?;
    lift_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot begin")?;
    runtime.block_on(serve_until_drained(config))
}

async fn serve_until_drained(config: ServeConfig) -> Result<()> {
    let metrics = prometheus::install()?;
    let readiness = Readiness::new("executor");
    let drain = Drain::on_signals(readiness.clone())?;
    let public = listener::bind(config.listen.listen, "CARTWRIGHT_EXECUTOR_LISTEN").await?;
    let private = listener::bind(
        config.listen.internal_listen,
        "CARTWRIGHT_EXECUTOR_INTERNAL_LISTEN",
    )
    .await?;

    let client = Client::new(&config.internal)?;
    let api = client.peer(&config.peers.api_internal_url);
    let billing = client.peer(&config.peers.billing_internal_url);
    let (freshness, counters) = (Arc::new(Freshness::new()), Arc::new(Counters::new()));

    let (meter_log, shipper) = MeterLog::begin(&config.meter)?;
    let (meter_log, disk) = (Arc::new(meter_log), shipper.room());
    tokio::spawn(disk.clone().watch(readiness.condition("disk")));
    let run_logs = RunLogs::new(config.run_logs.run_logs_bytes_max);
    let engine = Engine::new(&config.engine.options())?;
    let modules = Modules::new(
        &config.modules,
        &config.meter.data_dir,
        engine.clone(),
        api.clone(),
        counters.clone(),
    )?;
    let modules = Arc::new(modules);
    let redis = redis::Client::open(config.peers.redis_url.expose_secret()).context("REDIS_URL")?;
    let (leases, lost) = Leases::new(
        redis,
        quotas::Time::Server,
        config.quotas.quota_executors,
        quotas::unix_ms(),
    );
    let keys = Arc::new(Keys::new(api.clone(), freshness.clone(), counters.clone()));
    let tenants = Arc::new(Tenants::new(
        api.clone(),
        freshness.clone(),
        modules.clone(),
        counters.clone(),
        leases.desk(),
    ));
    tokio::spawn(leases.run());
    tokio::spawn(quotas::find_usage(api.clone(), lost));
    let running = Arc::<Running>::default();
    let standby = Standby::new(&readiness);
    tracing::info!(
        writer_id = %meter_log.writer_id(), engine_epoch = ENGINE_EPOCH, slots = config.engine.engine_slots,
        durability = ?config.meter.meter_durability, "the executor begins"
    );

    let memory = Arc::new(FleetMemory::new(&config.peers.redis_url)?);
    let results = Arc::new(FleetMemory::new(&config.peers.redis_url)?);

    let written = CancellationToken::new();
    let shipping = tokio::spawn(shipper.run(billing, written.clone()));
    let log_shipping = tokio::spawn(run_logs.clone().ship(api.clone(), written.clone()));
    let addresses = Addresses::new(
        config.advertise,
        public.local_addr()?,
        private.local_addr()?,
        &config.peers.api_internal_url,
    );
    let run_token = mint::run_token();
    let fleet = Fleet {
        api: api.clone(),
        executor_id: meter_log.writer_id(),
        addresses,
        run_token: run_token.clone(),
        engine: engine.clone(),
        slots: config.engine.engine_slots,
        running: running.clone(),
        modules: modules.clone(),
        counters: counters.clone(),
        logs: meter_log.logs().clone(),
        readiness: readiness.clone(),
        standby: standby.clone(),
        drain: drain.clone(),
    };
    let reporting = tokio::spawn(fleet.report());
    let live_logs = LiveLogs::default();
    tokio::spawn(live_logs::listen(
        live_logs.clone(),
        config.peers.redis_url.clone(),
    ));
    tokio::spawn(live_logs::publish(
        live_logs.clone(),
        config.peers.redis_url.clone(),
    ));
    let watch = Watch {
        api,
        redis_url: config.peers.redis_url,
        keys: keys.clone(),
        tenants: tenants.clone(),
        freshness,
        api_condition: readiness.condition("api"),
        redis_condition: readiness.condition("redis"),
    };
    tokio::spawn(watch.run());
    let levels = Levels {
        engine: engine.clone(),
        modules: modules.clone(),
        tenants: tenants.clone(),
        keys: keys.clone(),
        meter_log: meter_log.clone(),
        run_logs: run_logs.clone(),
        running: running.clone(),
        disk: disk.clone(),
        counters: counters.clone(),
    };
    tokio::spawn(levels.watch());

    let memo = Memo::new(config.memo.memo_bytes_max, results);
    let inputs = InputRoom::of_process();
    let shedder = Shedder::new(config.quotas.shed_delay_ms);
    shedder.watch(tokio::runtime::Handle::current());
    let inner = inner(
        MayThey::new(
            running.clone(),
            config.engine.engine_slots,
            inputs.clone(),
            disk,
            standby,
            shedder,
        ),
        memo,
        Run::new(engine, modules, counters.clone()),
        Meter::new(meter_log.clone(), run_logs, live_logs, counters),
    );
    let idempotency = Arc::new(Idempotency::new(memory));
    let keyed = Keyed::new(idempotency.clone(), inputs.clone(), inner.clone());
    let front = Front::new(
        front_door(Who::new(keys.clone()), What::new(tenants.clone()), keyed),
        target_door(
            Who::new(keys),
            WhichTarget::new(tenants.clone()),
            RunAll::new(inner.clone(), inputs, idempotency),
        ),
        readiness,
        metrics,
    );
    let internal_routes = routes::internal(InternalRuns { tenants, inner });
    let guarded = internal::guarded(
        internal_routes,
        Callers::one(Role::Api, &run_token.0),
        Role::Executor,
    );
    tokio::join!(
        listener::serve(public, front, drain.clone()),
        listener::serve(private, guarded, drain),
    );

    runs_ended(&running).await;
    tokio::task::spawn_blocking(move || meter_log.close())
        .await
        .context("the meter log cannot be closed")?;
    written.cancel();
    let (shipped, logged) = tokio::join!(shipping, log_shipping);
    shipped
        .and(logged)
        .context("what was metered could not be shipped; the next start ships it")?;
    reporting
        .await
        .context("the reports ended early")?
        .leave()
        .await;
    Ok(())
}

/// Runs whose callers left have no connection that the drain of the listeners would wait for.
async fn runs_ended(running: &Running) {
    let ended = async {
        while running.now() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(RUNS_END_WITHIN, ended).await.is_err() {
        tracing::warn!(
            runs = running.now(),
            "runs still went on at the end of the drain, and were cut"
        );
    }
}

/// Each connection and each loaded module takes a file descriptor; the usual first limit of 1,024 is for other programs.
fn lift_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files cannot be lifted (ulimit -n)");
    }
}

/// What `/metrics` shows of how full everything is.
struct Levels {
    engine: Engine,
    modules: Arc<Modules>,
    tenants: Arc<Tenants>,
    keys: Arc<Keys>,
    meter_log: Arc<MeterLog>,
    run_logs: RunLogs,
    running: Arc<Running>,
    disk: DiskRoom,
    counters: Arc<Counters>,
}

impl Levels {
    /// Measure, and sweep what was not used for long. Never ends.
    async fn watch(self) {
        let mut swept = tokio::time::Instant::now();
        loop {
            self.measure();
            if swept.elapsed() > SWEEP_EVERY {
                swept = tokio::time::Instant::now();
                self.keys.sweep();
                self.tenants.sweep();
            }
            tokio::time::sleep(LEVELS_EVERY).await;
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "levels are far below 2^52, and shown to people"
    )]
    fn measure(&self) {
        let (slots, (modules, module_bytes)) = (self.engine.slots(), self.modules.loaded());
        level("cartwright_engine_slots", f64::from(slots.total));
        level("cartwright_engine_slots_in_use", slots.in_use as f64);
        level("cartwright_engine_slots_warm", f64::from(slots.warm));
        level("cartwright_runs_in_flight", f64::from(self.running.now()));
        level("cartwright_modules_loaded", modules as f64);
        level("cartwright_modules_loaded_bytes", module_bytes as f64);
        level("cartwright_tenants_held", self.tenants.count() as f64);
        level(
            "cartwright_meter_log_waiting",
            self.meter_log.waiting() as f64,
        );
        let backlog = self.meter_log.logs().backlog();
        level("cartwright_meter_log_unshipped", backlog.unshipped as f64);
        level(
            "cartwright_meter_log_unshipped_bytes",
            backlog.unshipped_bytes as f64,
        );
        level(
            "cartwright_meter_log_unshipped_age_seconds",
            backlog.oldest_ms.unwrap_or(0) as f64 / 1_000.0,
        );
        level(
            "cartwright_meter_log_unreadable",
            f64::from(backlog.unreadable),
        );
        self.counters.tell();
        level(
            "cartwright_run_logs_waiting_bytes",
            self.run_logs.waiting_bytes() as f64,
        );
        level(
            "cartwright_disk_used_percent",
            f64::from(self.disk.used_percent()),
        );
    }
}
