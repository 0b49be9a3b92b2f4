//! The pages of `/docs`: the operations as the OpenAPI document has them, and what each problem means. Plain HTML, made
//! once at the start, asking nobody else for anything.

mod problems;

use std::fmt::Write;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use utoipa::openapi::{OpenApi, RefOr};

/// The pages, and the document itself.
pub(crate) fn routes(document: &OpenApi, invoke_url: &str) -> anyhow::Result<Router> {
    let text = document.to_pretty_json()?;
    let (operations, problems) = (operations_page(document, invoke_url), problems::page());
    Ok(Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json")], text)),
        )
        .route("/docs", get(async move || Html(operations)))
        .route("/docs/problems", get(async move || Html(problems)))
        .route(
            "/docs/style.css",
            get(async || ([(CONTENT_TYPE, "text/css")], include_str!("style.css"))),
        ))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Cartwright</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head>\n\
         <body>\n<nav><a href=\"/docs\">Operations</a> <a href=\"/docs/problems\">Problems</a> \
         <a href=\"/openapi.json\">OpenAPI 3.1</a></nav>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

fn operations_page(document: &OpenApi, invoke_url: &str) -> String {
    let mut body = format!(
        "<p>The control plane. Send <code>Authorization: Bearer</code> with an access token, an API key of the tenant or \
         the platform's key. Functions are invoked elsewhere: <code>POST {}/v1/invoke/{{function}}</code>.</p>\n",
        escaped(invoke_url)
    );
    let mut tag_before = String::new();
    for (path, item) in &document.paths.paths {
        let methods = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            let tag = operation
                .tags
                .iter()
                .flatten()
                .next()
                .cloned()
                .unwrap_or_default();
            if tag != tag_before {
                write!(body, "<h2>{}</h2>\n", escaped(&tag)).expect("a String takes all");
                tag_before = tag;
            }
            body.push_str(&entry(method, path, operation));
        }
    }
    page("API", &body)
}

fn entry(method: &str, path: &str, operation: &utoipa::openapi::path::Operation) -> String {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let mut entry = format!(
        "<section id=\"{id}\"><h3><a href=\"#{id}\"><b>{method}</b> <code>{}</code></a></h3>\n<p>{}",
        escaped(path),
        prose(operation.summary.as_deref().unwrap_or_default()),
    );
    if let Some(description) = &operation.description {
        write!(entry, ". {}", prose(description)).expect("a String takes all");
    }
    entry.push_str("</p>\n");
    let access = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("x-cartwright-access"));
    let who = access.map_or("anyone".to_owned(), |access| {
        let permission = access["permission"].as_str().unwrap_or_default();
        format!("whoever has <code>{}</code>", escaped(permission))
    });
    write!(
        entry,
        "<p class=\"who\">May be called by {who}.</p>\n<table>\n"
    )
    .expect("a String takes all");
    for (status, response) in &operation.responses.responses {
        if let RefOr::T(response) = response {
            let description = prose(&response.description);
            write!(entry, "<tr><td>{status}</td><td>{description}</td></tr>\n")
                .expect("a String takes all");
        }
    }
    entry.push_str("</table></section>\n");
    entry
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text whose words between backticks are code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let part = escaped(part);
        if at % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_marks_code_and_escapes_everything() {
        assert_eq!(prose("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
    }

    #[test]
    fn every_operation_has_a_section() {
        let page = operations_page(&crate::openapi::document(), "http://x");
        for id in ["sign_up", "create_api_key", "list_tenants"] {
            assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
        }
    }
}
