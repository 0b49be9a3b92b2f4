//! One request on its way: to whom, with which headers, and what its caller hears when it does not come back.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, FORWARDED, HOST, HeaderName, TE, TRAILER, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::Either;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::Fleet;
use crate::answer::{self, Said};
use crate::executor::{Failure, InFlight};

/// Headers that are between two neighbours only.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    UPGRADE,
];

/// The proxy's own words, or an executor's as they come.
pub(crate) type Answer = Response<Either<Said, Passing>>;

/// Answer a request that came from this peer.
pub(crate) async fn answer(fleet: &Fleet, request: Request<Incoming>, peer: SocketAddr) -> Answer {
    if let Some(own) = answer::own(fleet, request.uri().path()) {
        return own.map(Either::Left);
    }
    let mut request = forwarded(request, peer);
    let mut tried = Vec::new();
    while let Some(executor) = fleet.pick(&tried) {
        match executor.send(request).await {
            Ok((response, in_flight)) => {
                executor.passed.fetch_add(1, Ordering::Relaxed);
                let (mut parts, body) = response.into_parts();
                strip(&mut parts.headers);
                let passing = Passing {
                    body,
                    in_flight: Some(in_flight),
                };
                return Response::from_parts(parts, Either::Right(passing));
            }
            Err(Failure::NotSent(unsent)) => {
                executor.unreached.fetch_add(1, Ordering::Relaxed);
                tried.push(executor.address());
                request = unsent;
            }
            Err(Failure::CutOff(error)) => {
                executor.cut_off.fetch_add(1, Ordering::Relaxed);
                println!("{} left a request unanswered: {error}", executor.address());
                return answer::cut_off(executor.address()).map(Either::Left);
            }
        }
    }
    answer::nobody(fleet.executors().len()).map(Either::Left)
}

/// The request as it goes on: without what was meant for us, and with who sent it (RFC 7239).
fn forwarded(mut request: Request<Incoming>, peer: SocketAddr) -> Request<Incoming> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    *request.version_mut() = http::Version::HTTP_11;
    let headers = request.headers_mut();
    strip(headers);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let node = match peer {
        SocketAddr::V4(_) => peer.ip().to_string(),
        SocketAddr::V6(_) => format!("\"[{}]\"", peer.ip()),
    };
    let said = match host {
        Some(host) => format!("for={node};host=\"{host}\";proto=http"),
        None => format!("for={node};proto=http"),
    };
    if let Ok(value) = HeaderValue::from_str(&said) {
        headers.append(FORWARDED, value);
    }
    request
}

/// Take out what is for the neighbour only, and what `Connection` names to be so.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// An executor's body on its way through, which keeps the request in flight until its end.
pub(crate) struct Passing {
    body: Incoming,
    in_flight: Option<InFlight>,
}

impl Body for Passing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) {
            self.in_flight = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
