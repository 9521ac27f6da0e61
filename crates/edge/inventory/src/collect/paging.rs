//! From one page to the next.

use super::call::Paging;
use super::place::{at, encoded};
use serde_json::Value;

/// One page as it came.
pub(super) struct Page<'a> {
    /// The address that was asked, of the first page.
    pub(super) first: &'a str,
    /// Header names in lower case.
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a Value,
    /// The items of this page.
    pub(super) items: &'a [Value],
    /// How many items there were before and in this page, and the number of this page, from 1.
    pub(super) seen: usize,
    pub(super) number: usize,
}

/// The address of the page after this one, or `None` at the end.
pub(super) fn next(paging: Paging, page: &Page<'_>) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match paging {
        Paging::None => None,
        Paging::Link => linked(page.headers),
        Paging::NextUrl { field } => at(page.body, field).and_then(text),
        Paging::Token { field, parameter } => {
            at(page.body, field).and_then(text).map(|token| with(page.first, parameter, &token))
        }
        Paging::Page { parameter } => {
            (!page.items.is_empty()).then(|| with(page.first, parameter, &(page.number + 1).to_string()))
        }
        Paging::Offset { parameter } => {
            (!page.items.is_empty()).then(|| with(page.first, parameter, &page.seen.to_string()))
        }
        Paging::Last { field, more, parameter } => {
            let more = at(page.body, more).and_then(Value::as_bool).unwrap_or(false);
            let last = page.items.last().and_then(|item| at(item, field)).and_then(text);
            last.filter(|_| more).map(|last| with(page.first, parameter, &last))
        }
    }
}

/// `address` with one more name in its query.
fn with(address: &str, name: &str, value: &str) -> String {
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{name}={}", encoded(value))
}

/// The address that the `Link` headers call next.
fn linked(headers: &[(String, String)]) -> Option<String> {
    let links = headers.iter().filter(|(name, _)| name == "link").flat_map(|(_, value)| value.split(','));
    links
        .filter_map(|link| link.trim().strip_prefix('<')?.split_once('>'))
        .find(|(_, rest)| rest.split(';').any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next")))
        .map(|(address, _)| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(paging: Paging, headers: &[(String, String)], body: &Value, items: &[Value]) -> Option<String> {
        next(paging, &Page { first: "https://x/a?b=1", headers, body, items, seen: 40, number: 2 })
    }

    #[test]
    fn every_form_of_paging_goes_on_and_ends() {
        let link = |text: &str| [("link".to_owned(), text.to_owned())];
        let both = link("<https://x/a?p=1>; rel=\"prev\", <https://x/a?p=3>; rel=\"next\"");
        assert_eq!(after(Paging::Link, &both, &json!([]), &[]).as_deref(), Some("https://x/a?p=3"));
        assert_eq!(after(Paging::Link, &link("<https://x/a?p=1>; rel=\"prev\""), &json!([]), &[]), None);

        let items = [json!({"id": "u 1"}), json!({"id": "u 2"})];
        let token = Paging::Token { field: "meta.next", parameter: "cursor" };
        let body = json!({"meta": {"next": "a b"}});
        assert_eq!(after(token, &[], &body, &items).as_deref(), Some("https://x/a?b=1&cursor=a%20b"));
        assert_eq!(after(token, &[], &json!({"meta": {"next": ""}}), &items), None);

        let last = Paging::Last { field: "id", more: "has_more", parameter: "after" };
        assert_eq!(
            after(last, &[], &json!({"has_more": true}), &items).as_deref(),
            Some("https://x/a?b=1&after=u%202")
        );
        assert_eq!(after(last, &[], &json!({"has_more": false}), &items), None);

        let page = Paging::Page { parameter: "page" };
        assert_eq!(after(page, &[], &json!([]), &items).as_deref(), Some("https://x/a?b=1&page=3"));
        assert_eq!(after(page, &[], &json!([]), &[]), None);
        let offset = Paging::Offset { parameter: "first" };
        assert_eq!(after(offset, &[], &json!([]), &items).as_deref(), Some("https://x/a?b=1&first=40"));
        let url = Paging::NextUrl { field: "@odata.nextLink" };
        assert_eq!(after(url, &[], &json!({}), &items), None);
        let more = json!({"@odata.nextLink": "https://x/a?skip=2"});
        assert_eq!(after(url, &[], &more, &items).as_deref(), Some("https://x/a?skip=2"));
    }
}
