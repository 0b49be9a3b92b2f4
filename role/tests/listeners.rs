//! A public and an internal listener, asked over HTTP: answers that are problems, request ids, who may call, the drain.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::routing::{get, post};
use cartwright_domain::ids::RequestId;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::Role;
use cartwright_role::drain::Drain;
use cartwright_role::extract::{Json, Query};
use cartwright_role::internal::{CallError, Client, InternalConfig, guarded};
use cartwright_role::problem::ProblemResponse;
use cartwright_role::{listener, request};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

#[derive(Deserialize)]
struct Sum {
    a: u32,
    b: u32,
}

async fn add(Json(sum): Json<Sum>) -> Json<u32> {
    Json(sum.a + sum.b)
}

async fn add_query(Query(sum): Query<Sum>) -> Json<u32> {
    Json(sum.a + sum.b)
}

async fn missing() -> ProblemResponse {
    ProblemResponse::new(Code::NotFound, "no such thing")
}

async fn panics() {
    panic!("the secret word");
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

fn routes() -> Router {
    Router::new()
        .route(
            "/add",
            post(add).get(add_query).layer(DefaultBodyLimit::max(100)),
        )
        .route("/missing", get(missing))
        .route("/panics", get(panics))
        .route("/slow", get(slow))
}

async fn serve(router: Router) -> (String, Drain, JoinHandle<()>) {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listening = listener::bind(any, "CARTWRIGHT_TEST_LISTEN").await.unwrap();
    let url = format!("http://{}", listening.local_addr().unwrap());
    let drain = Drain::default();
    let serving = tokio::spawn(listener::serve(listening, router, drain.clone()));
    (url, drain, serving)
}

async fn problem(answer: reqwest::Response) -> Value {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["cartwright-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["request_id"], id);
    problem
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_problem_that_names_its_request() {
    let (url, ..) = serve(request::layered(routes())).await;
    let http = reqwest::Client::new();
    let (post, get) = (
        || http.post(format!("{url}/add")),
        |path: &str| http.get(format!("{url}{path}")),
    );
    let json_text = |text: &str| {
        post()
            .header("content-type", "application/json")
            .body(text.to_owned())
    };
    let asked = [
        (get("/nowhere"), 404, "not_found"),
        (get("/missing"), 404, "not_found"),
        (get("/panics"), 500, "internal"),
        (http.delete(format!("{url}/add")), 405, "method_not_allowed"),
        (json_text("{"), 400, "invalid_request"),
        (json_text(r#"{"a": 1}"#), 400, "invalid_request"),
        (
            json_text(&format!(r#"{{"a": {}1}}"#, " ".repeat(200))),
            413,
            "input_too_large",
        ),
        (
            post().body(r#"{"a": 1, "b": 2}"#),
            415,
            "unsupported_media_type",
        ),
        (get("/add?a=x&b=1"), 400, "invalid_request"),
    ];

    for (request, status, code) in asked {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{code}");
        let problem = problem(answer).await;
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status))
        );
        assert!(
            problem["instance"]
                .as_str()
                .is_some_and(|path| path.starts_with('/')),
            "{problem}"
        );
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    let sum = json_text(r#"{"a": 1, "b": 2}"#).send().await.unwrap();
    assert_eq!(sum.json::<u32>().await.unwrap(), 3);
}

#[tokio::test]
async fn the_internal_listener_knows_its_callers_and_passes_request_ids_on() {
    let hash = |secret: &str| hex::encode(Sha256::digest(secret));
    let callers = format!("executor={},worker={}", hash("e"), hash("w"))
        .parse()
        .unwrap();
    let own_id = async |Extension(id): Extension<RequestId>| Json(id);
    let routes = Router::new()
        .route("/changes", get(own_id))
        .route("/keys/{id}", get(missing));
    let (url, ..) = serve(guarded(routes, callers, Role::Api)).await;
    let peer = |credential: &str| {
        let config = InternalConfig {
            internal_credential: credential.into(),
        };
        Client::new(&config).unwrap().peer(&url)
    };
    let id = RequestId::new();

    assert_eq!(
        peer("e")
            .get_json::<RequestId>("changes", id)
            .await
            .unwrap(),
        id
    );
    let refused = [
        ("w", "changes", Code::Forbidden),
        ("e", "nowhere", Code::Forbidden),
        ("x", "changes", Code::Unauthenticated),
        ("x", "nowhere", Code::Unauthenticated),
        ("e", "keys/1", Code::NotFound),
    ];
    for (credential, path, code) in refused {
        let error = peer(credential)
            .get_json::<Value>(path, id)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(code), "{credential} {path}");
    }
    let nobody = Client::new(&InternalConfig {
        internal_credential: "e".into(),
    })
    .unwrap()
    .peer("http://127.0.0.1:1");
    let gone = nobody.get_json::<Value>("changes", id).await.unwrap_err();
    assert!(
        matches!(gone, CallError::Unreachable(_)) && gone.is_passing(),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_drain_lets_what_runs_finish_and_takes_nothing_new() {
    let (url, drain, serving) = serve(request::layered(routes())).await;
    let running = tokio::spawn(reqwest::get(format!("{url}/slow")));
    tokio::time::sleep(Duration::from_millis(100)).await;

    drain.begin();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = reqwest::get(format!("{url}/missing")).await;

    assert!(refused.unwrap_err().is_connect());
    assert_eq!(
        running.await.unwrap().unwrap().text().await.unwrap(),
        "done"
    );
    tokio::time::timeout(Duration::from_secs(2), serving)
        .await
        .expect("the listener ends")
        .unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused_with_the_variable_to_set() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let taken = listener::bind(any, "CARTWRIGHT_API_LISTEN").await.unwrap();
    let error = listener::bind(taken.local_addr().unwrap(), "CARTWRIGHT_API_LISTEN")
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("taken") && said.contains("set CARTWRIGHT_API_LISTEN"),
        "{said}"
    );
}
