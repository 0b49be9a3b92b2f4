//! Bodies of strangers on their way in: bounded in length and in time, as they came.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use cartwright_domain::problem::{Code, Problem};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use crate::error::ApiError;

/// The whole body may take so long. Whoever sends webhooks gives up sooner.
const WITHIN: Duration = Duration::from_secs(10);

/// Read a body of JSON, of at most so many bytes. What is too long is refused by its announced length, or when it gets there.
pub(crate) async fn receive(
    headers: &HeaderMap,
    body: Body,
    bytes_max: u64,
) -> Result<Bytes, ApiError> {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(|kind| kind.to_str().unwrap_or_default());
    let essence = kind.map(|kind| {
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    if essence.is_some_and(|kind| {
        kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json"))
    }) {
        return Err(ApiError::UnsupportedMediaType(
            "send JSON, with the header Content-Type: application/json",
        ));
    }
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(ApiError::InputTooLarge {
            limit_bytes: bytes_max,
        });
    }
    match tokio::time::timeout(WITHIN, read(body, bytes_max)).await {
        Ok(read) => read,
        Err(_) => {
            let detail = format!(
                "the body must come within {} s; send it again",
                WITHIN.as_secs()
            );
            Err(ApiError::Problem(Box::new(Problem::new(
                Code::RequestTimeout,
                detail,
            ))))
        }
    }
}

async fn read(body: Body, bytes_max: u64) -> Result<Bytes, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            ApiError::Invalid("the body broke off before its end; send it again".to_owned())
        })?;
        if (bytes.len() + chunk.len()) as u64 > bytes_max {
            return Err(ApiError::InputTooLarge {
                limit_bytes: bytes_max,
            });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}
