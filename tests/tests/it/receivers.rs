//! The receiver matrix: each way in which a receiver can behave, and where its message ends. Nothing inside is reached.

use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, Tenant, eventually};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::receiver::{Behaviour, Receiver, status, trusted_certificates};

pub(crate) const WITHIN: Duration = Duration::from_secs(60);

/// A stack that may send to 127.0.0.1, over plain HTTP too, and gives receivers two seconds.
pub(crate) fn receiving_options() -> Options {
    let mut environment = Vec::new();
    for role in [Role::Api, Role::Worker] {
        environment.extend([
            (role, "CARTWRIGHT_OUTBOUND_ALLOW", "127.0.0.1/32".to_owned()),
            (role, "CARTWRIGHT_OUTBOUND_PORTS", "1024-65535".to_owned()),
            (role, "CARTWRIGHT_OUTBOUND_HTTP", "true".to_owned()),
            (role, "CARTWRIGHT_OUTBOUND_TIMEOUT_S", "2".to_owned()),
            (
                role,
                "SSL_CERT_FILE",
                trusted_certificates().display().to_string(),
            ),
            // Nobody may send our messages through a proxy.
            (role, "HTTPS_PROXY", "http://127.0.0.1:9".to_owned()),
            (role, "ALL_PROXY", "http://127.0.0.1:9".to_owned()),
        ]);
    }
    Options {
        environment,
        ..Options::default()
    }
}

/// The one that these tests share.
pub(crate) async fn receiving() -> &'static Stack {
    static STACK: OnceCell<Stack> = OnceCell::const_new();
    STACK
        .get_or_init(|| Stack::start(receiving_options()))
        .await
}

/// A tenant with endpoints.
pub(crate) struct Ada<'a> {
    pub(crate) tenant: Tenant,
    pub(crate) stack: &'a Stack,
}

impl<'a> Ada<'a> {
    pub(crate) async fn new(stack: &'a Stack) -> Self {
        Self {
            tenant: stack.tenant("ada").await,
            stack,
        }
    }

    pub(crate) async fn endpoint(&self, url: &str, notices: &[&str]) -> Value {
        let new = json!({"name": "a receiver", "url": url, "notices": notices});
        self.tenant
            .post("/v1/endpoints", &new)
            .await
            .expect(201)
            .json()
    }

    /// Send a test message there.
    pub(crate) async fn test(&self, endpoint: &Value) -> Value {
        let path = format!("/v1/endpoints/{}/test", endpoint["id"].as_str().unwrap());
        self.tenant
            .post(&path, &Value::Null)
            .await
            .expect(202)
            .json()
    }

    pub(crate) async fn message(&self, sent: &Value) -> Value {
        let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
        self.tenant.get(&path).await.expect(200).json()
    }

    /// The message once it was attempted so often.
    pub(crate) async fn attempted(&self, sent: &Value, attempts: i64) -> Value {
        eventually("it was attempted", WITHIN, async || {
            let message = self.message(sent).await;
            (message["attempts"].as_i64() >= Some(attempts)).then_some(message)
        })
        .await
    }

    /// The message once it ended.
    pub(crate) async fn ended(&self, sent: &Value) -> Value {
        eventually("it ended", WITHIN, async || {
            let message = self.message(sent).await;
            (message["status"] != "pending").then_some(message)
        })
        .await
    }

    /// As the owner of the database, about this id.
    pub(crate) async fn sql(&self, statement: &'static str, id: &Value) {
        let mut database = self.stack.database().await;
        sqlx::query(statement)
            .bind(id.as_str().expect("an id"))
            .execute(&mut database)
            .await
            .unwrap();
    }
}

/// How a message stands after its first attempt: its status, what the attempt came to, and the HTTP status.
async fn first(ada: &Ada<'_>, endpoint: &Value) -> (String, String, Value) {
    let message = ada.attempted(&ada.test(endpoint).await, 1).await;
    let attempt = &message["history"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&message["status"]),
        text(&attempt["outcome"]),
        attempt["status"].clone(),
    )
}

#[tokio::test]
async fn each_receiver_ends_a_message_in_its_documented_state() {
    let ada = Ada::new(receiving().await).await;
    let inside = Receiver::start(status("200 OK", "")).await;
    let redirect = format!("location: {}\r\n", inside.url());
    let ten_gigabytes = "10 GB of body";
    let matrix: Vec<(&str, Behaviour, &str, &str, Value)> = vec![
        (
            "200",
            status("200 OK", ""),
            "succeeded",
            "delivered",
            json!(200),
        ),
        (
            "204",
            status("204 No Content", ""),
            "succeeded",
            "delivered",
            json!(204),
        ),
        (
            "301",
            status("301 Moved Permanently", &redirect),
            "pending",
            "http_status",
            json!(301),
        ),
        (
            "302",
            status("302 Found", &redirect),
            "pending",
            "http_status",
            json!(302),
        ),
        (
            "307",
            status("307 Temporary Redirect", &redirect),
            "pending",
            "http_status",
            json!(307),
        ),
        (
            "404",
            status("404 Not Found", ""),
            "pending",
            "http_status",
            json!(404),
        ),
        (
            "410",
            status("410 Gone", ""),
            "failed",
            "http_status",
            json!(410),
        ),
        (
            "429",
            status("429 Too Many Requests", "retry-after: 7\r\n"),
            "pending",
            "http_status",
            json!(429),
        ),
        (
            "500",
            status("500 Oops", ""),
            "pending",
            "http_status",
            json!(500),
        ),
        (
            "slow-loris",
            Behaviour::Drips,
            "pending",
            "timed_out",
            Value::Null,
        ),
        (
            "hang",
            Behaviour::Hangs,
            "pending",
            "timed_out",
            Value::Null,
        ),
        (
            "reset",
            Behaviour::Resets,
            "pending",
            "connection_failed",
            Value::Null,
        ),
        (
            "no HTTP",
            Behaviour::Says("SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned()),
            "pending",
            "answer_unreadable",
            Value::Null,
        ),
        (
            ten_gigabytes,
            Behaviour::Pours,
            "succeeded",
            "delivered",
            json!(200),
        ),
        (
            "10 GB of headers",
            Behaviour::PoursHeaders,
            "pending",
            "answer_unreadable",
            Value::Null,
        ),
    ];
    let mut seen = Vec::new();
    for (name, behaviour, ..) in &matrix {
        let receiver = Receiver::start(behaviour.clone()).await;
        let endpoint = ada.endpoint(&receiver.url(), &[]).await;
        let (message, outcome, answered) = first(&ada, &endpoint).await;
        println!(
            "{name}: {message}, {outcome}, {answered}; {} bytes taken",
            receiver.poured()
        );
        assert_eq!(receiver.received().len(), 1, "{name}");
        assert!(
            receiver.poured() < 16 << 20,
            "{name}: {} bytes were taken",
            receiver.poured()
        );
        seen.push((message, outcome, answered));
    }
    let wanted: Vec<_> = matrix
        .into_iter()
        .map(|(.., message, outcome, answered)| (message.to_owned(), outcome.to_owned(), answered))
        .collect();
    assert_eq!(seen, wanted);
    assert_eq!(inside.connections(), 0, "no redirect is followed");
}

#[tokio::test]
async fn tls_must_be_good() {
    let ada = Ada::new(receiving().await).await;
    let trusted = Receiver::with_tls(status("200 OK", ""), true).await;
    let stranger = Receiver::with_tls(status("200 OK", ""), false).await;
    let plain = Receiver::start(Behaviour::Greets("220 mail.example.com\r\n")).await;
    let nobody = Receiver::start(Behaviour::Hangs).await.place.port();
    let misnamed = format!("https://127.0.0.1:{}/", trusted.place.port());
    for (url, outcome) in [
        (trusted.tls_url(), "delivered"),
        (misnamed, "tls_failed"),
        (stranger.tls_url(), "tls_failed"),
        (
            format!("https://localhost:{}/", plain.place.port()),
            "tls_failed",
        ),
        ("https://name.invalid:8443/".to_owned(), "name_not_found"),
    ] {
        let endpoint = ada.endpoint(&url, &[]).await;
        assert_eq!(first(&ada, &endpoint).await.1, outcome, "{url}");
    }
    assert_eq!(
        (trusted.received().len(), stranger.received().len()),
        (1, 0)
    );
    // The port was given back, and nobody else took it.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_ne!(closed.port(), nobody);
    let endpoint = ada.endpoint(&format!("http://{closed}/"), &[]).await;
    assert_eq!(first(&ada, &endpoint).await.1, "connection_failed");
}

#[tokio::test]
async fn who_answers_410_is_disabled_and_who_is_overwhelmed_is_left_alone() {
    let ada = Ada::new(receiving().await).await;
    let gone = Receiver::start(status("410 Gone", "")).await;
    let endpoint = ada.endpoint(&gone.url(), &[]).await;
    ada.ended(&ada.test(&endpoint).await).await;
    let find = async |endpoint: &Value| {
        let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
        ada.tenant.get(&path).await.expect(200).json()
    };
    assert_eq!(
        find(&endpoint).await["disabled_because"],
        "it answered 410 Gone"
    );

    let busy = Receiver::start(status("429 Too Many Requests", "retry-after: 7\r\n")).await;
    let endpoint = ada.endpoint(&busy.url(), &[]).await;
    let message = ada.attempted(&ada.test(&endpoint).await, 1).await;
    let time = |value: &Value| -> chrono::DateTime<chrono::Utc> {
        value.as_str().unwrap().parse().unwrap()
    };
    let after = (time(&message["next_attempt_at"]) - time(&message["history"][0]["started_at"]))
        .as_seconds_f64();
    assert!((6.9..8.5).contains(&after), "{after}");
    let blocked = time(&find(&endpoint).await["blocked_until"]);
    assert!(
        (blocked - time(&message["next_attempt_at"]))
            .as_seconds_f64()
            .abs()
            < 1.0
    );
}

#[tokio::test]
async fn nothing_inside_is_reached_by_a_name_or_by_an_address_that_slipped_in() {
    // The door of the receiving stack lets 127.0.0.1 in; its neighbour stands for what is inside.
    let ada = Ada::new(receiving().await).await;
    let neighbour = Receiver::at("127.0.0.2:0".parse().unwrap(), status("200 OK", ""), None).await;
    let port = neighbour.place.port();
    let mut spelled = Vec::new();
    for host in [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f000002",
        "0177.0.0.2",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
    ] {
        let url = format!("http://{host}:{port}/");
        let new = json!({"name": "inside", "url": url});
        ada.tenant.post("/v1/endpoints", &new).await.expect(400);
        spelled.push(url);
    }
    for url in spelled {
        let good = Receiver::start(status("200 OK", "")).await;
        let endpoint = ada.endpoint(&good.url(), &[]).await;
        let mut database = receiving().await.database().await;
        sqlx::query("update endpoint set url = $1 where endpoint_id = $2::uuid")
            .bind(&url)
            .bind(endpoint["id"].as_str().unwrap())
            .execute(&mut database)
            .await
            .unwrap();
        assert_eq!(first(&ada, &endpoint).await.1, "address_refused", "{url}");
    }
    assert_eq!(neighbour.connections(), 0);

    // A stack as it is by default sends to nothing of this machine, whatever it is called.
    let stack = Stack::shared().await;
    let bob = Ada::new(stack).await;
    let own = Receiver::at("127.0.0.1:0".parse().unwrap(), status("200 OK", ""), None).await;
    for name in ["localhost", "LOCALHOST"] {
        let endpoint = bob.endpoint(&format!("https://{name}:8443/"), &[]).await;
        assert_eq!(first(&bob, &endpoint).await.1, "address_refused", "{name}");
    }
    assert_eq!(own.connections(), 0);
}
