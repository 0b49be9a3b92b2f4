//! The manual's rights of an executor in Redis suffice for quotas, and reach no further than they must.

use cartwright_domain::quotas::Quotas;

use super::{Fleet, rate, rule};

/// What the manual gives an executor in Redis, as the words of one command.
fn rights_of_the_manual(user: &str) -> Vec<String> {
    let manual = include_str!("../../../../docs/operations.md");
    let command = manual.split("ACL SETUSER executor ").nth(1).unwrap();
    let command = command.split("ACL SETUSER").next().unwrap();
    let command = command.split("```").next().unwrap();
    let words = command.split_whitespace().filter(|word| *word != "\\");
    let words = words.map(|word| word.replace(">…", ">secret"));
    ["ACL", "SETUSER", user]
        .map(str::to_owned)
        .into_iter()
        .chain(words)
        .collect()
}

#[tokio::test]
async fn quotas_need_no_more_rights_in_redis_than_the_manual_gives_an_executor() {
    let quotas = Quotas {
        concurrency: Some(rule(40)),
        daily_invocations: Some(rule(1_000_000)),
        ..rate(100)
    };
    let mut fleet = Fleet::of(2, quotas).await;
    let user = format!("executor-{}", fleet.tenant);
    let words = rights_of_the_manual(&user);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    fleet.command(&words).await;
    let (_, server) = fleet.redis_url.rsplit_once('@').unwrap();
    let url = format!("redis://{user}:secret@{server}");
    fleet.executors = fleet.executors_at(&url, 2, quotas);
    fleet.pass(1_100, 0.0).await;

    let admitted = fleet.pass(10_000, 1_000.0).await;

    // Leased and refused by Redis, not shared out: the burst is the fleet's, and each rule has left its key.
    assert!((1_000..=1_300).contains(&admitted), "{admitted}");
    let keys = fleet
        .command(&["KEYS", &format!("*{}*", fleet.tenant)])
        .await;
    let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
    assert_eq!(keys.len(), 4, "three rules and what they refused: {keys:?}");
    let secret = redis::Client::open(url.as_str()).unwrap();
    let mut connection = secret.get_multiplexed_async_connection().await.unwrap();
    for words in [&["GET", "other"][..], &["FLUSHDB"], &["KEYS", "*"]] {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let refused: redis::RedisResult<redis::Value> = command.query_async(&mut connection).await;
        assert!(refused.is_err(), "{words:?}");
    }
    fleet.command(&["ACL", "DELUSER", &user]).await;
}
