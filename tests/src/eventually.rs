//! Waiting for what is promised soon but not at once.

use std::time::{Duration, Instant};

/// Ask again and again until there is an answer; fail the test when there is none in time.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    eventually_ok(what, within, async || {
        ask().await.ok_or_else(|| "no answer yet".to_owned())
    })
    .await
}

/// The same, where what came instead of the answer is worth reading: the last of it ends the test's message.
pub async fn eventually_ok<T>(
    what: &str,
    within: Duration,
    mut ask: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let until = Instant::now() + within;
    loop {
        let instead = match ask().await {
            Ok(answer) => return answer,
            Err(instead) => instead,
        };
        assert!(
            Instant::now() < until,
            "not within {within:?}: {what} (last: {instead})"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
