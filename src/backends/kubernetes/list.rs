//! A list of the API, page by page: of its objects one at a time is taken apart, and never all of
//! them, which would be ten times their text.

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::connection::{Call, Connection, Failure, parsed};

/// Objects per page: some 5 KB each, and several lists at a time.
const PAGE: &str = "250";

/// A part of a list.
#[derive(Deserialize)]
struct Page<'b> {
    metadata: Metadata,
    /// An empty page has `null` in their place. What has no such field is no list.
    #[serde(borrow, deserialize_with = "Option::deserialize")]
    items: Option<Vec<&'b RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    resource_version: String,
    #[serde(default)]
    r#continue: String,
}

/// Tells `each` of every object of the list that `call` asks for. Gives the version that a watch
/// goes on from.
pub(super) async fn list(
    connection: &Connection,
    call: &Call,
    mut each: impl FnMut(&Json),
) -> Result<String, Failure> {
    let mut next = String::new();
    loop {
        let call = call.clone().query("limit", PAGE);
        let call = if next.is_empty() { call } else { call.query("continue", next) };
        let bytes = connection.read_bytes(call).await?;
        let page: Page<'_> = parsed(&bytes)?;
        for item in page.items.into_iter().flatten() {
            each(&parsed(item.get().as_bytes())?);
        }
        next = page.metadata.r#continue;
        if next.is_empty() {
            return Ok(page.metadata.resource_version);
        }
    }
}

#[cfg(test)]
mod tests;
