//! Every metric that an alert watches is one that a role serves.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwright_tests::{Role, Stack, eventually_ok};

/// Names of ours in a text: `cartwright_…` and `billing_…`, up to the first character that no name has.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| {
            ["cartwright_", "billing_"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
        })
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_alert_watches_a_metric_that_a_role_serves() {
    let stack = Stack::shared().await;
    let file = xtask::place::root().join("deploy/prometheus/alerts.yml");
    let rules = std::fs::read_to_string(file).expect("the alerts are there");
    let watched: BTreeSet<String> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr:"))
        .flat_map(names)
        .collect();
    assert!(
        watched.len() >= 7,
        "the reading of expressions works: {watched:?}"
    );

    // What a worker counts now and then is served from its first count on.
    eventually_ok(
        "every metric that is watched is served",
        Duration::from_secs(30),
        async || {
            let served = served(stack).await;
            let missing: Vec<_> = watched.difference(&served).collect();
            if missing.is_empty() {
                return Ok(());
            }
            Err(format!("no role serves {missing:?}"))
        },
    )
    .await;
}

/// The names of the metrics that the roles serve now.
async fn served(stack: &Stack) -> BTreeSet<String> {
    let mut served = BTreeSet::new();
    for role in Role::ALL {
        let url = format!("{}/metrics", stack.wiring.listeners.url(role));
        let text = reqwest::get(url)
            .await
            .expect("the role answers")
            .text()
            .await
            .expect("text");
        let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        served.extend(described.flat_map(names));
    }
    served
}
