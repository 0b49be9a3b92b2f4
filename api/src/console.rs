//! The console's files, and the headers that every page of ours carries. What the console does is its own.

use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, get_service};
use cartwright_role::problem::no_route;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use tower_http::services::{ServeDir, ServeFile};

/// What browsers of this installation are given.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConsoleConfig {
    /// Folder of the built console (`web-console/dist`). Without it no console is served, and `/` says so.
    #[arg(long, env = "CARTWRIGHT_CONSOLE_DIR")]
    pub(crate) console_dir: Option<PathBuf>,
    /// Base URL at which functions are invoked, as the console and the documentation show it.
    #[arg(
        long,
        env = "CARTWRIGHT_EXECUTOR_PUBLIC_URL",
        default_value = "http://127.0.0.1:8081"
    )]
    pub(crate) executor_public_url: String,
}

impl ConsoleConfig {
    /// Base URL at which functions are invoked, without a slash at its end.
    pub(crate) fn invoke_url(&self) -> &str {
        self.executor_public_url.trim_end_matches('/')
    }
}

/// The console below `/`, for every path that is no other route's.
pub(crate) fn routes(config: &ConsoleConfig) -> anyhow::Result<Router> {
    let router = Router::new()
        // The console answers every address with its one page; the API must not.
        .route("/v1/{*rest}", any(no_route))
        .route("/internal/{*rest}", any(no_route));
    let Some(folder) = &config.console_dir else {
        return Ok(router.route("/", get(no_console)));
    };
    let index = folder.join("index.html");
    let _ = std::fs::metadata(&index).with_context(|| {
        format!(
            "CARTWRIGHT_CONSOLE_DIR holds no console: there is no {}",
            index.display()
        )
    })?;
    // Addresses of pages live in the browser only, so any of them is the one page; a missing asset is missing.
    let pages = ServeDir::new(folder).fallback(ServeFile::new(index));
    let assets = get_service(ServeDir::new(folder)).layer(from_fn(missing_as_problem));
    Ok(router
        .route("/assets/{*path}", assets)
        .route("/", get_service(pages.clone()))
        .route("/{*path}", get_service(pages))
        .layer(from_fn(cached)))
}

async fn no_console() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Cartwright</title>\
         <p>This installation serves no console: CARTWRIGHT_CONSOLE_DIR is not set. \
         The API is here; <a href=\"/docs\">its documentation</a> too.</p></html>",
    )
}

async fn missing_as_problem(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return no_route(uri).await.into_response();
    }
    response
}

/// The names of assets carry a digest of their content, so they stay good; the page names them, so it does not.
async fn cached(request: Request, next: Next) -> Response {
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let lifetime = if is_asset {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
    }
    response
}

/// Every answer of the public listener with the headers that keep a browser to what we sent it.
pub(crate) fn secured(router: Router, config: &ConsoleConfig) -> anyhow::Result<Router> {
    let invoke = config.invoke_url();
    let policy = format!(
        "default-src 'self'; connect-src 'self' {invoke}; img-src 'self' data:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy)
        .ok()
        .filter(|_| !invoke.contains([';', ',', ' ']))
        .context("CARTWRIGHT_EXECUTOR_PUBLIC_URL is no base URL")?;
    Ok(router.layer(from_fn_with_state(policy, secure)))
}

async fn secure(
    axum::extract::State(policy): axum::extract::State<HeaderValue>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
