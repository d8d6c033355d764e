//! What counts as a list.

use super::*;

fn items(text: &str) -> Option<usize> {
    let page: Page<'_> = parsed(text.as_bytes()).ok()?;
    Some(page.items.into_iter().flatten().count())
}

#[test]
fn an_empty_page_is_a_list_and_what_is_none_is_not_an_empty_one() {
    assert_eq!(items(r#"{"metadata": {}, "items": [{}, {"a": [1]}]}"#), Some(2));
    assert_eq!(items(r#"{"metadata": {}, "items": []}"#), Some(0));
    assert_eq!(items(r#"{"metadata": {}, "items": null}"#), Some(0));
    assert_eq!(items(r#"{"kind": "Status", "metadata": {}}"#), None);
    assert_eq!(items(r#"{"metadata": {}, "items": "none"}"#), None);
    assert_eq!(items(r#"{"items": []}"#), None);
}
