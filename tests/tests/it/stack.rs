//! The stack itself: it starts, every role answers, and each survives the death of another.

use cartwright_tests::{Role, Stack};

#[tokio::test]
async fn every_role_is_alive_ready_and_measured() {
    let stack = Stack::shared().await;
    let http = reqwest::Client::new();

    for role in Role::ALL {
        for page in ["healthz", "readyz", "metrics"] {
            let url = format!("{}/{page}", stack.wiring.listeners.url(role));
            let answer = http.get(url).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{} /{page}", role.name());
        }
    }
}
