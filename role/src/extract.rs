//! What a handler takes from a request, where a refusal is a problem document like every other.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::Code;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::ProblemResponse;

/// A JSON body, in or out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ProblemResponse> {
        let read = <axum::Json<T> as FromRequest<S>>::from_request(request, state).await;
        let axum::Json(value) = read.map_err(|rejection: JsonRejection| {
            refused(rejection.status(), &rejection.body_text())
        })?;
        Ok(Self(value))
    }
}

/// A JSON body that may be left out, together with its content type.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ProblemResponse> {
        let read = <axum::Json<T> as OptionalFromRequest<S>>::from_request(request, state).await;
        let value = read.map_err(|rejection: JsonRejection| {
            refused(rejection.status(), &rejection.body_text())
        })?;
        Ok(value.map(|axum::Json(value)| Self(value)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The parts of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection: PathRejection| {
                refused(rejection.status(), &rejection.body_text())
            })?;
        Ok(Self(value))
    }
}

/// The query.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection: QueryRejection| {
                refused(rejection.status(), &rejection.body_text())
            })?;
        Ok(Self(value))
    }
}

fn refused(status: StatusCode, why: &str) -> ProblemResponse {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemResponse::new(
            Code::InputTooLarge,
            "the body is larger than this route takes",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemResponse::new(
            Code::UnsupportedMediaType,
            "send JSON, with the header Content-Type: application/json",
        ),
        // The reader quotes what it could not read, and that can be of any length.
        _ => ProblemResponse::new(
            Code::InvalidRequest,
            why.chars().take(500).collect::<String>(),
        ),
    }
}
