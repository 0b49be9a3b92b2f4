//! Meter batches: whatever is sent, in whatever order, by whomever, each run counts once or not at all.

use cartwright_domain::ids::{FunctionId, InvocationId, TenantId};
use cartwright_domain::meter::MeterRecord;
use cartwright_domain::outcome::{Outcome, Trigger};
use cartwright_tests::{Backend, Options, Role, Stack};
use futures_util::future::join_all;
use sqlx::Connection;

use crate::meter_log::{MeterLog, Metered, Stored};

fn only_records(records: i64) -> Stored {
    Stored {
        records,
        billed: records,
        dups: 0,
        set_aside: Vec::new(),
    }
}

#[tokio::test]
async fn a_batch_sent_fifty_times_at_once_counts_once() {
    let metered = Metered::new(Stack::shared().await, "fifty").await;
    let batch = MeterLog::new().append(&metered.records(2_000));

    let answers = join_all((0..50).map(|_| metered.send(&batch))).await;

    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "conflict"),
            "{}",
            answer.text()
        );
        assert_eq!(answer.json()["next_seq"], 2_000);
    }
    assert_eq!(metered.stored().await, only_records(2_000));
}

#[tokio::test]
async fn a_batch_after_a_gap_or_over_an_overlap_is_told_where_the_log_goes_on() {
    let metered = Metered::new(Stack::shared().await, "gap").await;
    let mut log = MeterLog::new();
    let (first, second) = (
        log.append(&metered.records(10)),
        log.append(&metered.records(10)),
    );
    let mut overlap = first.clone();
    overlap.frames.extend_from_slice(&second.frames);

    let gap = metered.send(&second).await;
    assert_eq!(
        (gap.status, gap.json()["next_seq"].as_u64()),
        (409, Some(0))
    );
    metered.send(&first).await.expect(200);
    let overlap = metered.send(&overlap).await;
    assert_eq!(
        (overlap.status, overlap.json()["next_seq"].as_u64()),
        (409, Some(10))
    );
    let second = metered.send(&second).await.expect(200);
    assert_eq!(second.json()["next_seq"], 20);
    assert_eq!(metered.stored().await, only_records(20));
}

#[tokio::test]
async fn a_batch_that_is_torn_changed_or_out_of_its_chain_leaves_nothing() {
    let metered = Metered::new(Stack::shared().await, "torn").await;
    let mut log = MeterLog::new();
    let first = log.append(&metered.records(1_500));
    let mut forked = MeterLog::new();
    forked.writer = log.writer;
    forked.append(&metered.records(1_500));
    let mut broken = Vec::new();
    for cut in [0, 1, 35, 36, 300, first.frames.len() - 1] {
        broken.push(first.frames[..cut].to_vec());
    }
    for flipped in [0, 5, 9, 20, 33, 40, first.frames.len() - 1] {
        let mut frames = first.frames.clone();
        frames[flipped] ^= 1;
        broken.push(frames);
    }
    let mut with_tail = first.frames.clone();
    with_tail.extend_from_slice(b"cwm1");
    broken.push(with_tail);

    for (at, frames) in broken.into_iter().enumerate() {
        let mut batch = first.clone();
        batch.frames = frames;
        let answer = metered.send(&batch).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "broken {at}"
        );
    }
    assert_eq!(metered.stored().await, only_records(0));

    metered.send(&first).await.expect(200);
    let of_another_chain = metered.send(&forked.append(&metered.records(1))).await;
    assert_eq!(of_another_chain.status, 400, "{}", of_another_chain.text());
    assert!(
        of_another_chain.text().contains("chain"),
        "{}",
        of_another_chain.text()
    );
    assert_eq!(metered.stored().await, only_records(1_500));
}

#[tokio::test]
async fn a_batch_of_too_many_records_is_too_large() {
    let metered = Metered::new(Stack::shared().await, "large").await;
    let batch = MeterLog::new().append(&metered.records(10_001));
    let mut body = MeterLog::new().append(&metered.records(10));
    body.frames = vec![0; 4 << 20];

    assert_eq!(metered.send(&batch).await.code(), "input_too_large");
    assert_eq!(metered.send(&body).await.code(), "input_too_large");
    assert_eq!(metered.stored().await, only_records(0));
    let whole = MeterLog::new().append(&metered.records(10_000));
    metered.send(&whole).await.expect(200);
    assert_eq!(metered.stored().await, only_records(10_000));
}

#[tokio::test]
async fn a_run_that_two_writers_claim_counts_once_and_leaves_evidence() {
    let metered = Metered::new(Stack::shared().await, "twice").await;
    let runs = metered.records(4_000);
    // Each in an order of its own, in several batches, half of the runs in both.
    let (mut one, mut other) = (MeterLog::new(), MeterLog::new());
    let ones: Vec<_> = runs[..3_000]
        .chunks(500)
        .map(|part| one.append(part))
        .collect();
    let mut reversed = runs[1_000..].to_vec();
    reversed.reverse();
    let others: Vec<_> = reversed
        .chunks(700)
        .map(|part| other.append(part))
        .collect();
    let ship = async |batches: Vec<_>| {
        for batch in &batches {
            metered.send(batch).await.expect(200);
        }
    };

    tokio::join!(ship(ones), ship(others));

    let stored = metered.stored().await;
    assert_eq!(
        (stored.records, stored.billed, stored.dups),
        (4_000, 4_000, 2_000)
    );
    assert_eq!(stored.set_aside, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_twice_in_one_batch_counts_once() {
    let metered = Metered::new(Stack::shared().await, "double").await;
    let run = metered.record();

    metered
        .send(&MeterLog::new().append(&[run.clone(), run]))
        .await
        .expect(200);

    let stored = metered.stored().await;
    assert_eq!((stored.records, stored.dups), (1, 1));
}

#[tokio::test]
async fn what_an_executor_cannot_know_to_be_true_is_set_aside() {
    let stack = Stack::shared().await;
    let (ada, bob) = (
        Metered::new(stack, "forged").await,
        Metered::new(stack, "other").await,
    );
    let forged = |change: fn(&mut MeterRecord)| {
        let mut record = ada.record();
        change(&mut record);
        record
    };
    let mut of_bobs_function = ada.record();
    of_bobs_function.function_id = bob.function_id;
    let mut nobodys = ada.record();
    nobodys.tenant_id = TenantId::new();
    let records = [
        ada.record(),
        forged(|record| record.version = 2),
        forged(|record| record.version = u32::MAX),
        forged(|record| record.function_id = FunctionId::new()),
        of_bobs_function,
        nobodys.clone(),
        forged(|record| record.fuel = 100_000_001),
        forged(|record| record.fuel = u64::MAX),
        forged(|record| record.engine_epoch = 0),
        forged(|record| record.engine_epoch = u16::MAX),
        forged(|record| record.price_sheet = 4_000),
        forged(|record| record.invocation_id = InvocationId::from_bytes([0xff; 16])),
        forged(|record| record.invocation_id = InvocationId::from_bytes([0; 16])),
        forged(|record| record.memory_kib_ms = u64::MAX),
        forged(|record| record.outcome = Outcome::PlatformFault),
        forged(|record| record.trigger = Trigger::Test),
        ada.record(),
    ];

    ada.send(&MeterLog::new().append(&records))
        .await
        .expect(200);

    let causes = [
        "version", "version", "version", "version", "fuel", "fuel", "epoch", "epoch", "price",
        "time", "time", "size", "class", "class",
    ];
    let expected = Stored {
        records: 2,
        billed: 2,
        dups: 0,
        set_aside: causes.map(str::to_owned).to_vec(),
    };
    assert_eq!(ada.stored().await, expected);
    assert_eq!(bob.stored().await, only_records(0));
    let cause: String = sqlx::query_scalar("select cause from set_aside where tenant_id = $1")
        .bind(nobodys.tenant_id.uuid())
        .fetch_one(&mut stack.database().await)
        .await
        .expect("the record of nobody");
    assert_eq!(cause, "tenant");
    assert!(stack.log(Role::Billing).contains("does not believe"));
}

#[tokio::test]
async fn a_charge_key_bills_one_run_in_48_hours() {
    let metered = Metered::new(Stack::shared().await, "charge").await;
    let hours_ago = |hours: u64, key: u8| {
        let mut record = metered.record();
        let mut id = *record.invocation_id.as_bytes();
        let unix_ms = record.invocation_id.unix_ms() - hours * 3_600_000;
        id[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
        record.invocation_id = InvocationId::from_bytes(id);
        record.charge_key = [key; 32];
        record
    };
    let (mut one, mut other) = (MeterLog::new(), MeterLog::new());

    // The same key: twice in a batch, again from another writer, and 49 hours before all that.
    metered
        .send(&one.append(&[hours_ago(1, 1), hours_ago(0, 1), hours_ago(0, 2)]))
        .await
        .expect(200);
    metered
        .send(&other.append(&[hours_ago(0, 1), hours_ago(2, 2)]))
        .await
        .expect(200);
    metered
        .send(&one.append(&[hours_ago(60, 1)]))
        .await
        .expect(200);

    let stored = metered.stored().await;
    assert_eq!((stored.records, stored.billed, stored.dups), (6, 3, 3));
}

#[tokio::test]
async fn tests_and_our_faults_are_recorded_and_billed_to_nobody() {
    let metered = Metered::new(Stack::shared().await, "unbilled").await;
    let unbilled = |outcome: Outcome, trigger: Trigger| {
        let bill_class = cartwright_domain::outcome::BillClass::of(outcome, trigger);
        MeterRecord {
            outcome,
            trigger,
            bill_class,
            ..metered.record()
        }
    };
    let records = [
        unbilled(Outcome::PlatformFault, Trigger::Http),
        unbilled(Outcome::Ok, Trigger::Test),
        unbilled(Outcome::Ok, Trigger::Replay),
        unbilled(Outcome::Trap, Trigger::Http),
    ];

    metered
        .send(&MeterLog::new().append(&records))
        .await
        .expect(200);

    let stored = metered.stored().await;
    assert_eq!((stored.records, stored.billed), (4, 1));
}

#[tokio::test]
async fn a_rollup_or_a_record_that_is_not_what_was_taken_in_is_found_by_a_recount() {
    let metered = Metered::new(Stack::shared().await, "drift").await;
    metered
        .send(&MeterLog::new().append(&metered.records(3)))
        .await
        .expect(200);
    metered.stored().await;
    let mut database = metered.stack.database().await;
    for (harm, manifests, rollups) in [
        (
            "update usage_rollup set fuel = fuel + 1 where tenant_id = $1",
            0,
            2,
        ),
        ("delete from usage_rollup where tenant_id = $1", 0, 1),
        (
            "update meter_record set bill_class = 0 where tenant_id = $1",
            1,
            2,
        ),
        ("delete from meter_record where tenant_id = $1", 1, 0),
    ] {
        // Rolled back: other tests share the database.
        let mut tx = database.begin().await.expect("a transaction");
        sqlx::query(harm)
            .bind(metered.tenant_id.uuid())
            .execute(&mut *tx)
            .await
            .expect(harm);
        let drift: (i64, i64, Vec<String>) =
            sqlx::query_as("select manifest_drift, rollup_drift, examples from meter_drift(now() - interval '1 hour')")
                .fetch_one(&mut *tx)
                .await
                .expect("the reconciler");
        assert_eq!(drift.0, manifests, "{harm}: {:?}", drift.2);
        // At least so many: three runs may stand on both sides of a minute.
        assert!(drift.1 >= rollups, "{harm}: {:?}", drift.2);
    }
}

#[tokio::test]
async fn killing_billing_or_cutting_off_its_database_loses_nothing_and_counts_nothing_twice() {
    let options = Options {
        faults: true,
        ..Options::default()
    };
    let stack = Stack::start(options).await;
    let metered = Metered::new(&stack, "killed").await;
    let mut log = MeterLog::new();
    let batches: Vec<_> = (0..40)
        .map(|_| log.append(&metered.records(1_000)))
        .collect();
    let ship = async {
        for batch in &batches {
            // As an executor does: until it is taken in, by this request or by one whose answer was lost.
            loop {
                match metered.try_send(batch).await {
                    Ok(answer) if answer.status == 200 => break,
                    Ok(answer) if answer.status == 409 => {
                        let next_seq = answer.json()["next_seq"].as_u64().expect("a number");
                        assert!(
                            [batch.lo, batch.lo + 1_000].contains(&next_seq),
                            "{next_seq}"
                        );
                        if next_seq > batch.lo {
                            break;
                        }
                    }
                    Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                    Err(_) => {}
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    let harm = async {
        for round in 0..6_u64 {
            tokio::time::sleep(std::time::Duration::from_millis(150 + 70 * round)).await;
            if round % 2 == 0 {
                stack.restart(Role::Billing).await;
            } else {
                stack.cut(Backend::Database);
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                stack.mend(Backend::Database);
                stack.ready(Role::Billing).await;
            }
        }
    };

    tokio::join!(ship, harm);

    assert_eq!(metered.stored().await, only_records(40_000));
}
