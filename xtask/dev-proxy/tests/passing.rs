//! What the proxy passes on, to whom, and what it never sends twice: against executors made of a few lines each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cartwright_dev_proxy::{Fleet, serve};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How an executor of a test behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Echoes,
    IsDrained,
    HangsUp,
}

/// An executor that counts the runs that it was asked for. Dropping it closes its listener and its connections.
struct Upstream {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

async fn upstream(manner: Manner) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (
        listener.local_addr().unwrap(),
        Arc::<AtomicUsize>::default(),
    );
    let (counting, mut tasks) = (asked.clone(), JoinSet::new());
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let counting = counting.clone();
            connections.spawn(async move {
                let service = service_fn(async |request| run(request, manner, &counting).await);
                let connection = http1::Builder::new();
                connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await
                    .ok();
            });
        }
    });
    Upstream {
        address,
        asked,
        _tasks: tasks,
    }
}

async fn run(
    request: Request<Incoming>,
    manner: Manner,
    asked: &AtomicUsize,
) -> Result<Response<Full<Bytes>>, &'static str> {
    if request.uri().path() == "/readyz" {
        let status = if manner == Manner::IsDrained {
            503
        } else {
            200
        };
        return Ok(Response::builder()
            .status(status)
            .body(Full::default())
            .unwrap());
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let forwarded = request.headers().get("forwarded").cloned();
    let kept = request.headers().get("x-kept").cloned();
    let hop = request.headers().contains_key("x-hop");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if manner == Manner::HangsUp {
        // An error of the service closes the connection without an answer.
        return Err("gone");
    }
    let mut answer = Response::new(Full::new(body));
    let headers = answer.headers_mut();
    headers.insert("x-forwarded", forwarded.unwrap());
    headers.insert("x-kept", kept.unwrap());
    headers.insert("x-hop-seen", hop.to_string().parse().unwrap());
    Ok(answer)
}

/// A proxy before these, which knows how each is.
async fn proxy(addresses: &[SocketAddr]) -> (String, Arc<Fleet>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let fleet = Arc::new(Fleet::new(addresses));
    for executor in fleet.executors() {
        executor.look().await;
    }
    let serving = fleet.clone();
    tokio::spawn(async move { serve(&listener, serving).await });
    (url, fleet)
}

async fn post(url: &str, body: &[u8]) -> (StatusCode, http::HeaderMap, Bytes) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("{url}/v1/invoke/hello?version=1"))
        .header("x-kept", "yes")
        .header("connection", "x-hop")
        .header("x-hop", "for the neighbour")
        .body(Full::new(Bytes::copy_from_slice(body)))
        .unwrap();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn headers_and_bodies_go_through_and_the_caller_is_named() {
    let echo = upstream(Manner::Echoes).await;
    let (url, _) = proxy(&[echo.address]).await;
    let large: Vec<u8> = (0..2 << 20).map(|n: u32| n.to_le_bytes()[0]).collect();
    let (status, headers, body) = post(&url, &large).await;
    assert_eq!((status, body.len()), (StatusCode::OK, large.len()));
    assert_eq!(body, large);
    let host = url.trim_start_matches("http://");
    let forwarded = format!("for=127.0.0.1;host=\"{host}\";proto=http");
    assert_eq!(headers["x-forwarded"], forwarded.as_str());
    assert_eq!(
        (&headers["x-kept"], &headers["x-hop-seen"]),
        (&"yes".parse().unwrap(), &"false".parse().unwrap())
    );
}

#[tokio::test]
async fn those_that_are_ready_get_equal_shares_and_the_drained_one_none() {
    let (one, two, drained) = (
        upstream(Manner::Echoes).await,
        upstream(Manner::Echoes).await,
        upstream(Manner::IsDrained).await,
    );
    let (url, _) = proxy(&[one.address, drained.address, two.address]).await;
    for _ in 0..20 {
        assert_eq!(post(&url, b"{}").await.0, StatusCode::OK);
    }
    let asked = [&one, &drained, &two].map(|executor| executor.asked.load(Ordering::SeqCst));
    assert!(asked[0] >= 5 && asked[1] == 0 && asked[2] >= 5, "{asked:?}");
}

#[tokio::test]
async fn an_executor_that_is_gone_costs_no_request() {
    let (gone, here) = (
        upstream(Manner::Echoes).await,
        upstream(Manner::Echoes).await,
    );
    let (url, fleet) = proxy(&[gone.address, here.address]).await;
    for _ in 0..4 {
        // Both have connections that lie idle now.
        post(&url, b"{}").await;
    }
    drop(gone);
    for _ in 0..20 {
        assert_eq!(post(&url, b"{}").await.0, StatusCode::OK);
    }
    let (_, unreached, cut_off) = fleet.executors()[0].counts();
    assert_eq!(
        (unreached, cut_off),
        (1, 0),
        "one finds out, and nobody is cut off"
    );
}

#[tokio::test]
async fn what_may_have_run_is_not_sent_again() {
    let (hangs_up, here) = (
        upstream(Manner::HangsUp).await,
        upstream(Manner::Echoes).await,
    );
    let (url, fleet) = proxy(&[hangs_up.address]).await;
    let (status, _, body) = post(&url, b"{}").await;
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_GATEWAY, &"executor_lost".into())
    );
    assert_eq!(hangs_up.asked.load(Ordering::SeqCst), 1);
    assert_eq!(here.asked.load(Ordering::SeqCst), 0);
    assert_eq!(fleet.executors()[0].counts(), (0, 0, 1));
}

#[tokio::test]
async fn without_anyone_who_is_ready_the_caller_is_told_to_come_back() {
    let drained = upstream(Manner::IsDrained).await;
    let (url, _) = proxy(&[drained.address]).await;
    let (status, headers, _) = post(&url, b"{}").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers["retry-after"], "1");
}
