//! Lists that come in pages.

use serde_json::{Value, json};

use super::Remote;
use crate::failure::Failure;

/// The most that one page may have.
const PAGE_MAX: usize = 100;

/// The first `limit` entries, over as many pages as it takes, in the shape of one page: `next_cursor` says where the rest is.
pub(super) async fn list(
    remote: &Remote,
    path: &str,
    query: &[(&str, String)],
    limit: usize,
) -> Result<Value, Failure> {
    let (mut data, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut asked = query.to_vec();
        asked.push(("limit", (limit - data.len()).min(PAGE_MAX).to_string()));
        if let Some(cursor) = cursor.take() {
            asked.push(("cursor", cursor));
        }
        let mut page = remote.get_with(path, &asked).await?;
        if let Value::Array(entries) = page["data"].take() {
            data.extend(entries);
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() || data.len() >= limit {
            return Ok(json!({"data": data, "next_cursor": cursor}));
        }
    }
}

/// The entries of a page.
pub(super) fn entries(page: &Value) -> &[Value] {
    page["data"].as_array().map_or(&[], Vec::as_slice)
}

/// What to say below a list that goes on.
pub(super) fn say_if_more(remote: &Remote, page: &Value) {
    if page["next_cursor"].is_string() {
        remote.output.say("there are more: give a higher --limit");
    }
}
