//! The executor's end: nothing new is taken, what runs is finished, and its records are shipped.

use std::collections::HashSet;
use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, eventually};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::guests::busy;
use crate::shipping::billed;

#[tokio::test]
async fn no_run_is_cut_and_no_record_lost_when_the_executor_is_asked_to_end() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("busy", busy(12_000_000)).await;
    ada.invoke_when_known("busy", &json!({})).await.expect(200);

    let runs = join_all((0..40).map(|_| ada.try_send(ada.invocation("busy").body("{}"))));
    let end = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stack.stop(Role::Executor).await
    };
    let (answers, status) = tokio::join!(runs, end);

    assert!(
        status.success(),
        "it ended with {status} and said:\n{}",
        stack.log(Role::Executor)
    );
    let answered: HashSet<Uuid> = answers
        .into_iter()
        .map(|answer| answer.expect("no run that was taken is cut").expect(200))
        .map(|answer| {
            answer
                .header("cartwright-invocation-id")
                .parse()
                .expect("an id")
        })
        .collect();
    assert_eq!(answered.len(), 40);
    let (ids, _) = billed(&stack, &ada).await;
    assert!(
        answered.is_subset(&ids),
        "every record was shipped before the process ended"
    );
}

#[tokio::test]
async fn an_executor_that_ends_says_so_before_it_is_gone() {
    let stack = Stack::start(Options::default()).await;

    let status = stack.stop(Role::Executor).await;

    assert!(status.success());
    let log = stack.log(Role::Executor);
    assert!(
        log.contains("draining") && log.contains("every meter record is shipped"),
        "{log}"
    );
    stack.run(Role::Executor);
    eventually("it is back", Duration::from_secs(30), async || {
        let url = format!("{}/readyz", stack.invoke_url);
        reqwest::get(url)
            .await
            .ok()
            .filter(|answer| answer.status() == 200)
    })
    .await;
}
