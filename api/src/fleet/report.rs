//! `POST /internal/v1/executors`: an executor reports how it is, and hears what the operator wants of it.

use std::net::IpAddr;

use axum::Extension;
use axum::extract::State;
use cartwright_domain::wire::{ExecutorOrders, ExecutorReport};
use cartwright_role::extract::Json;
use cartwright_role::listener::PeerAddress;
use http::Uri;

use super::host::may_be_at;
use super::{Host, store};
use crate::app::App;
use crate::error::ApiError;

/// The longest of an executor's own words, in bytes.
const WORD_BYTES_MAX: usize = 300;

/// Things that an executor may miss at a time.
const MISSING_MAX: usize = 50;

/// Take in a report.
pub(crate) async fn take_in(
    State(app): State<App>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    Json(mut report): Json<ExecutorReport>,
) -> Result<Json<ExecutorOrders>, ApiError> {
    check(&report)?;
    check_place(&report.internal_url, peer.ip(), &app.executor_hosts)?;
    let took_over = std::mem::take(&mut report.took_over);
    let mut crossing = app.database.crossing().await?;
    if !took_over.is_empty() {
        store::note_taken_over(&mut crossing, report.executor_id, &took_over).await?;
    }
    let drain = if report.ended {
        store::leave(&mut crossing, report.executor_id).await?;
        tracing::info!(executor.id = %report.executor_id, "executor {} ended in good order", report.executor_id);
        false
    } else {
        store::note(&mut crossing, &report).await?
    };
    Ok(Json(ExecutorOrders { drain }))
}

/// An executor is believed about itself, but not that its address is somebody's path or that its words fill the table:
/// a sandbox that was escaped from must not lead the api elsewhere.
fn check(report: &ExecutorReport) -> Result<(), ApiError> {
    for (name, url) in [
        ("public_url", &report.public_url),
        ("internal_url", &report.internal_url),
    ] {
        if !is_base_url(url) {
            return Err(ApiError::Invalid(format!(
                "`{name}` must be a base URL such as http://10.0.0.7:8081, without a path"
            )));
        }
    }
    let words = report.missing.iter().flat_map(|(what, why)| [what, why]);
    let is_long = |word: &String| word.len() > WORD_BYTES_MAX;
    if report.missing.len() > MISSING_MAX || words.chain([&report.version]).any(is_long) {
        return Err(ApiError::Invalid(format!(
            "`missing` has at most {MISSING_MAX} entries, and no word is longer than {WORD_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

/// Tests and replays are sent to the internal address, with a tenant's input and configuration. A stolen credential must not
/// say where.
fn check_place(internal_url: &str, peer: IpAddr, hosts: &[Host]) -> Result<(), ApiError> {
    if may_be_at(internal_url, peer, hosts) {
        return Ok(());
    }
    let peer = peer.to_canonical();
    tracing::warn!(%peer, internal_url, "an executor at {peer} reports that it is reached at {internal_url}, and is not registered");
    Err(ApiError::Invalid(format!(
        "`internal_url` is {internal_url}, and the report comes from {peer}: an executor is called at the address from which it \
         reports. Where it is behind a proxy, a NAT or a host name, the operator lists its network or name in \
         CARTWRIGHT_EXECUTOR_HOSTS of the api"
    )))
}

fn is_base_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let only_host = !authority.is_empty() && !authority.contains('@');
    // What the client puts together is this text and the path of the call.
    is_http
        && only_host
        && url.len() <= WORD_BYTES_MAX
        && uri.path() == "/"
        && uri.query().is_none()
        && !url.ends_with('/')
        && !url.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_a_host_and_nowhere_on_it() {
        for url in [
            "http://127.0.0.1:8091",
            "https://e1.example",
            "http://[::1]:8091",
        ] {
            assert!(is_base_url(url), "{url}");
        }
        for url in [
            "",
            "127.0.0.1:8091",
            "/internal",
            "ftp://host",
            "http://",
            "http://host/",
            "http://host/admin",
            "http://host?x=",
            "http://host#x",
            "http://user:password@host",
            "http://host /x",
        ] {
            assert!(!is_base_url(url), "{url}");
        }
    }
}
