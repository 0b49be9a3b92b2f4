//! Searching kept logs.

use serde_json::Value;

use super::super::{Remote, shown};
use super::{LogsArgs, filters, print};
use crate::ending::Ending;
use crate::failure::Failure;

/// The most entries that the server gives at once.
const PAGE_MAX: usize = 100;

/// Print what is found, the oldest first, as it was written.
pub(super) async fn search(
    remote: &Remote,
    path: &str,
    args: &LogsArgs,
) -> Result<Ending, Failure> {
    let mut query = filters(args);
    query.extend(args.from.map(|time| ("from", shown::written(time))));
    query.extend(args.to.map(|time| ("to", shown::written(time))));
    let (output, found) = (
        remote.output,
        pages(remote, path, &query, args.limit as usize).await,
    );
    output.progress_over();
    let found = found?;
    if output.json {
        output.document(&found)?;
        return Ok(Ending::Done);
    }
    let entries = found["data"].as_array().map_or(&[][..], Vec::as_slice);
    for entry in entries.iter().rev() {
        print(output, entry)?;
    }
    if entries.is_empty() {
        output.say(match found["retention"].as_str() {
            Some("none") => "nothing: this tenant keeps no logs; `cartwright logs -f` shows them as they are written",
            Some("errors") => "nothing: this tenant keeps the logs of failed runs only; `cartwright logs -f` shows all as they are written",
            _ => "nothing",
        });
    }
    if found["next_cursor"].is_string() {
        output.say("there are more: give a higher --limit, or narrow --from and --to");
    }
    Ok(Ending::Done)
}

/// Page after page until there are enough. A page may be empty and not be the last: the server looks at so many runs at a time.
async fn pages(
    remote: &Remote,
    path: &str,
    query: &[(&str, String)],
    limit: usize,
) -> Result<Value, Failure> {
    let (mut data, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut asked = query.to_vec();
        asked.push(("limit", (limit - data.len()).min(PAGE_MAX).to_string()));
        asked.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut page = remote.get_with(path, &asked).await?;
        if let Value::Array(entries) = page["data"].take() {
            data.extend(entries);
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() || data.len() >= limit {
            page["data"] = Value::Array(data);
            return Ok(page);
        }
        if page["scanned_until"].is_string() {
            remote.output.progress(format_args!(
                "{} found, searched back to {}",
                data.len(),
                shown::time(&page, "scanned_until")
            ));
        }
    }
}
