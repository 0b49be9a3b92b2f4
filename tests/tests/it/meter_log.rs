//! A meter log as an executor writes it, under a test's control: what is honest in it and what is not is for the test.

use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::{FunctionId, InvocationId, RequestId, TenantId, WriterId};
use cartwright_domain::meter::{ChainHash, MeterRecord, RECORDS_PER_FRAME_MAX, encode_frame};
use cartwright_domain::names::AliasName;
use cartwright_domain::outcome::{BillClass, Outcome, Trigger};
use cartwright_tests::{Answer, Role, Stack, Tenant};
use sqlx::Row;
use uuid::Uuid;

/// A tenant with one version that is ready, and whose runs only the test makes up.
pub(crate) struct Metered<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) tenant: Tenant,
    pub(crate) tenant_id: TenantId,
    pub(crate) function_id: FunctionId,
    http: reqwest::Client,
}

/// One writer's log, not yet sent to anyone.
pub(crate) struct MeterLog {
    pub(crate) writer: WriterId,
    pub(crate) next_seq: u64,
    chain: ChainHash,
}

/// Frames, and where they begin.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) writer: WriterId,
    pub(crate) lo: u64,
    pub(crate) frames: Vec<u8>,
}

impl MeterLog {
    pub(crate) fn new() -> Self {
        Self {
            writer: WriterId::new(),
            next_seq: 0,
            chain: [0; 16],
        }
    }

    /// Append these records, and give the batch that they make.
    pub(crate) fn append(&mut self, records: &[MeterRecord]) -> Batch {
        let lo = self.next_seq;
        let mut frames = Vec::new();
        for chunk in records.chunks(RECORDS_PER_FRAME_MAX) {
            let encoded: Vec<_> = chunk.iter().map(MeterRecord::encode).collect();
            self.chain = encode_frame(&mut frames, self.next_seq, &encoded, &self.chain);
            self.next_seq += chunk.len() as u64;
        }
        Batch {
            writer: self.writer,
            lo,
            frames,
        }
    }
}

impl<'a> Metered<'a> {
    pub(crate) async fn new(stack: &'a Stack, name: &str) -> Self {
        let tenant = stack.tenant(name).await;
        tenant.deploy("metered", hello()).await;
        let row = sqlx::query(
            "select tenant_id, function_id from function join tenant using (tenant_id) where slug = $1",
        )
        .bind(&tenant.slug)
        .fetch_one(&mut stack.database().await)
        .await
        .expect("the function that was just deployed");
        Self {
            stack,
            tenant_id: row.get::<Uuid, _>("tenant_id").into(),
            function_id: row.get::<Uuid, _>("function_id").into(),
            tenant,
            http: reqwest::Client::new(),
        }
    }

    /// An honest record of a run of now.
    pub(crate) fn record(&self) -> MeterRecord {
        let invocation_id = InvocationId::new();
        MeterRecord {
            invocation_id,
            seed_id: invocation_id,
            tenant_id: self.tenant_id,
            function_id: self.function_id,
            request_id: RequestId::new(),
            version: 1,
            config_version: 0,
            price_sheet: 1,
            engine_epoch: ENGINE_EPOCH,
            outcome: Outcome::Ok,
            trigger: Trigger::Http,
            bill_class: BillClass::Run,
            alias: Some(AliasName::live()),
            fuel: 195_170,
            memory_peak_bytes: 1_114_112,
            memory_kib_ms: 1_088,
            duration_us: 57,
            input_bytes: 2_048,
            output_bytes: 310,
            log_bytes: 12,
            egress_bytes: 0,
            input_sha256: [1; 32],
            output_sha256: [2; 32],
            charge_key: [0; 32],
        }
    }

    /// So many honest records.
    pub(crate) fn records(&self, count: usize) -> Vec<MeterRecord> {
        std::iter::repeat_with(|| self.record())
            .take(count)
            .collect()
    }

    /// Send a batch as an executor does.
    pub(crate) async fn send(&self, batch: &Batch) -> Answer {
        self.try_send(batch).await.expect("an answer of billing")
    }

    /// Send a batch to a billing that may be dead.
    pub(crate) async fn try_send(&self, batch: &Batch) -> reqwest::Result<Answer> {
        let url = format!(
            "{}/internal/v1/batches?writer={}&lo={}",
            self.stack.internal_url(Role::Billing),
            batch.writer,
            batch.lo
        );
        let request = self.http.post(url).body(batch.frames.clone());
        Answer::read(
            request
                .bearer_auth(self.credential(Role::Executor))
                .send()
                .await?,
        )
        .await
    }

    /// Ask billing as the api does, about this tenant.
    pub(crate) async fn ask(&self, path: &str) -> Answer {
        self.ask_as(Role::Api, path).await
    }

    /// Ask billing with the credential of any role.
    pub(crate) async fn ask_as(&self, role: Role, path: &str) -> Answer {
        let url = format!(
            "{}/internal/v1/tenants/{}/{path}",
            self.stack.internal_url(Role::Billing),
            self.tenant_id
        );
        let request = self.http.get(url).bearer_auth(self.credential(role));
        Answer::read(request.send().await.expect("an answer"))
            .await
            .expect("a whole answer")
    }

    fn credential(&self, role: Role) -> &str {
        let secrets = &self.stack.wiring.secrets;
        secrets
            .credential(role)
            .expect("every role has a credential")
    }

    /// What the database holds of this tenant. Fails the test when the rollups are not a recount of the records, or a
    /// manifest of the stack is not what is stored.
    pub(crate) async fn stored(&self) -> Stored {
        let mut database = self.stack.database().await;
        let drift = sqlx::query("select * from meter_drift(now() - interval '1 hour')")
            .fetch_one(&mut database)
            .await
            .expect("the reconciler");
        let drifted = ["manifest_drift", "rollup_drift"].map(|name| drift.get::<i64, _>(name));
        assert_eq!(
            drifted,
            [0, 0],
            "the rollups are not a recount of the records"
        );
        let row = sqlx::query(
            "
            select
                (select count(*) from meter_record where tenant_id = $1) as records,
                (select count(*) from meter_record where tenant_id = $1 and bill_class = 1) as billed,
                (select coalesce(sum(invocations), 0)::bigint from usage_rollup where tenant_id = $1) as counted,
                (select count(*) from usage_dup where tenant_id = $1) as dups,
                (select coalesce(array_agg(cause order by seq), '{}') from set_aside where tenant_id = $1) as set_aside
            ",
        )
        .bind(self.tenant_id.uuid())
        .fetch_one(&mut database)
        .await
        .expect("the tables of billing");
        let stored = Stored {
            records: row.get("records"),
            billed: row.get("billed"),
            dups: row.get("dups"),
            set_aside: row.get("set_aside"),
        };
        assert_eq!(row.get::<i64, _>("counted"), stored.records);
        stored
    }
}

/// What the database holds of a tenant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) records: i64,
    pub(crate) billed: i64,
    pub(crate) dups: i64,
    pub(crate) set_aside: Vec<String>,
}

/// The smallest module that is one: it returns at once.
fn hello() -> Vec<u8> {
    wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#)
        .expect("a module")
}
