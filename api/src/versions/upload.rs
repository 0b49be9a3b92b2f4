//! The bytes of a module on their way in: streamed, bounded, hashed as they come.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// A client that sends nothing for so long is gone, or holds memory on purpose.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// The whole upload may take so long.
const UPLOAD_MAX: Duration = Duration::from_secs(300);

/// A module as it was sent.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) bytes: Bytes,
    pub(super) sha256: [u8; 32],
}

/// Read a module of at most `bytes_max` bytes.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    bytes_max: u64,
) -> Result<Module, ApiError> {
    let announced = admit(headers, bytes_max)?;
    match tokio::time::timeout(UPLOAD_MAX, read(body, bytes_max)).await {
        Ok(module) => complete(module?, announced),
        Err(_) => Err(too_slow()),
    }
}

/// Refuse by the headers alone what they already show to be wrong, before a byte is read.
fn admit(headers: &HeaderMap, bytes_max: u64) -> Result<Option<u64>, ApiError> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/wasm") {
        return Err(ApiError::UnsupportedMediaType(
            "send the module's bytes with the header Content-Type: application/wasm",
        ));
    }
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_large(bytes_max));
    }
    Ok(announced)
}

async fn read(body: Body, bytes_max: u64) -> Result<Module, ApiError> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut hash) = (BytesMut::new(), Sha256::new());
    loop {
        let next = tokio::time::timeout(SILENCE_MAX, stream.next()).await;
        let Some(chunk) = next.map_err(|_| too_slow())? else {
            break;
        };
        let chunk = chunk.map_err(|_| {
            ApiError::Invalid("the upload broke off before its end; send it again".to_owned())
        })?;
        if (bytes.len() + chunk.len()) as u64 > bytes_max {
            return Err(too_large(bytes_max));
        }
        hash.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    Ok(Module {
        bytes: bytes.freeze(),
        sha256: hash.finalize().into(),
    })
}

fn complete(module: Module, announced: Option<u64>) -> Result<Module, ApiError> {
    let length = module.bytes.len() as u64;
    if length == 0 {
        return Err(ApiError::Invalid(
            "the body is empty; send the bytes of a .wasm file".to_owned(),
        ));
    }
    match announced {
        Some(announced) if announced != length => Err(ApiError::Invalid(format!(
            "the upload broke off after {length} of {announced} bytes; send it again"
        ))),
        _ => Ok(module),
    }
}

fn too_large(limit_bytes: u64) -> ApiError {
    ApiError::InputTooLarge { limit_bytes }
}

fn too_slow() -> ApiError {
    ApiError::Invalid(format!(
        "the upload stood still for {} s or took longer than {} s; send it again",
        SILENCE_MAX.as_secs(),
        UPLOAD_MAX.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[tokio::test]
    async fn a_module_arrives_with_its_hash() {
        let module = receive(&headers("application/wasm"), Body::from("abc"), 3)
            .await
            .unwrap();
        assert_eq!(&module.bytes[..], b"abc");
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(module.sha256), known);
    }

    #[tokio::test]
    async fn what_is_no_module_is_refused_with_its_reason() {
        let wasm = headers("application/wasm; charset=binary");
        let empty = receive(&wasm, Body::empty(), 3).await;
        assert!(matches!(empty, Err(ApiError::Invalid(_))));
        let long = receive(&wasm, Body::from("abcd"), 3).await;
        assert!(matches!(
            long,
            Err(ApiError::InputTooLarge { limit_bytes: 3 })
        ));
        let json = receive(&headers("application/json"), Body::from("abc"), 3).await;
        assert!(matches!(json, Err(ApiError::UnsupportedMediaType(_))));
        let mut cut = wasm.clone();
        cut.insert(CONTENT_LENGTH, HeaderValue::from_static("3"));
        let cut = receive(&cut, Body::from("ab"), 3).await;
        assert!(matches!(cut, Err(ApiError::Invalid(_))));
    }
}
