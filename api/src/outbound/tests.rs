//! Names that lie, against listeners that count who reaches them.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers with the next list each time, and counts how often it was asked.
struct Changing {
    next: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names for Changing {
    async fn addresses(&self, _: &str) -> Vec<IpAddr> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut next = self.next.lock();
        if next.len() > 1 {
            next.remove(0)
        } else {
            next[0].clone()
        }
    }
}

/// Listens there and answers 204, counting connections.
async fn listening(place: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(place).await.unwrap();
    let (place, reached) = (
        listener.local_addr().unwrap(),
        Arc::new(AtomicUsize::new(0)),
    );
    let count = reached.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            stream.read(&mut [0; 4096]).await.ok();
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .ok();
        }
    });
    (place, reached)
}

/// May reach 127.0.0.1 only; 127.0.0.2 stands for what is inside.
fn outbound(names: &[&[&str]]) -> Outbound<Changing> {
    let list = |each: &&[&str]| each.iter().map(|word| word.parse().unwrap()).collect();
    let config = OutboundConfig {
        outbound_allow: vec!["127.0.0.1/32".parse().unwrap()],
        outbound_ports: vec!["1-65535".parse().unwrap()],
        outbound_http: true,
        outbound_timeout_s: 5,
    };
    let names = Changing {
        next: Mutex::new(names.iter().map(list).collect()),
        asked: AtomicUsize::new(0),
    };
    Outbound::new(&config, names).unwrap()
}

async fn post(outbound: &Outbound<Changing>, port: u16) -> Result<u16, Failure> {
    let url = format!("http://receiver.example:{port}/");
    let answer = outbound
        .post(&url, HeaderMap::new(), Bytes::from_static(b"{}"))
        .await;
    answer.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn a_name_that_changes_its_address_reaches_nothing_inside() {
    let (outside, reached) = listening("127.0.0.1:0".parse().unwrap()).await;
    let (_, inside) = listening(SocketAddr::new(
        "127.0.0.2".parse().unwrap(),
        outside.port(),
    ))
    .await;
    let outbound = outbound(&[&["127.0.0.1"], &["127.0.0.2"]]);

    assert_eq!(post(&outbound, outside.port()).await, Ok(204));
    // Asked once: there is no second answer between the check and the connection.
    assert_eq!(outbound.names.asked.load(Ordering::SeqCst), 1);
    assert_eq!(
        post(&outbound, outside.port()).await,
        Err(Failure::AddressRefused)
    );

    assert_eq!(reached.load(Ordering::SeqCst), 1);
    assert_eq!(inside.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn of_a_names_addresses_only_those_outside_are_tried() {
    let (outside, reached) = listening("127.0.0.1:0".parse().unwrap()).await;
    let (_, inside) = listening(SocketAddr::new(
        "127.0.0.2".parse().unwrap(),
        outside.port(),
    ))
    .await;
    let both = outbound(&[&["127.0.0.2", "::1", "169.254.169.254", "127.0.0.1"]]);
    assert_eq!(post(&both, outside.port()).await, Ok(204));
    let mapped = outbound(&[&["::ffff:127.0.0.1", "64:ff9b::7f00:1"]]);
    assert_eq!(
        post(&mapped, outside.port()).await,
        Err(Failure::AddressRefused)
    );
    let none = outbound(&[&[]]);
    assert_eq!(
        post(&none, outside.port()).await,
        Err(Failure::NameNotFound)
    );

    assert_eq!(reached.load(Ordering::SeqCst), 1);
    assert_eq!(inside.load(Ordering::SeqCst), 0);
}

#[test]
fn a_receiver_says_when_to_come_back_in_seconds_or_as_a_date() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    for (said, seconds) in [
        ("120", Some(120)),
        ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60)),
        ("Thu, 01 Jan 2015 00:01:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
    ] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(said))]);
        assert_eq!(
            retry_after(&headers, now),
            seconds.map(Duration::from_secs),
            "{said}"
        );
    }
}
