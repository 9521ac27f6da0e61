//! Filling in paths, and places in answers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;

/// What RFC 3986 leaves unencoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as it may stand in a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    match text {
        // As a whole segment these would lead elsewhere, encoded or not.
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, ENCODED).to_string(),
    }
}

/// What placeholders stand for.
pub(super) struct Names<'a> {
    pub(super) values: &'a BTreeMap<String, String>,
    /// The items around the call, the innermost last.
    pub(super) items: &'a [&'a Value],
}

impl Names<'_> {
    /// `pattern` with its placeholders filled in, or the first that stands for nothing.
    pub(super) fn fill(&self, pattern: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').ok_or_else(|| format!("`{pattern}` has an open brace"))?;
            filled.push_str(before);
            filled.push_str(&self.value(name)?);
            rest = tail;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Settings are the operator's words and stand as they are; fields are somebody else's and are escaped.
    fn value(&self, name: &str) -> Result<String, String> {
        let dots = name.bytes().take_while(|byte| *byte == b'.').count();
        if dots == 0 {
            return self.values.get(name).cloned().ok_or_else(|| format!("`{name}` is not set"));
        }
        let item = self.items.len().checked_sub(dots).and_then(|index| self.items.get(index));
        let found = item.and_then(|item| at(item, name.get(dots..).unwrap_or_default()));
        match found {
            Some(Value::String(text)) if !text.is_empty() => Ok(encoded(text)),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(format!("an item has no `{}`", name.trim_start_matches('.'))),
        }
    }
}

/// What is at `place`: names with dots between them; empty for the value itself.
pub(super) fn at<'v>(value: &'v Value, place: &str) -> Option<&'v Value> {
    if place.is_empty() {
        return Some(value);
    }
    // A field's own name may hold dots: `@odata.nextLink`.
    if let Some(found) = value.get(place) {
        return Some(found);
    }
    place.split('.').try_fold(value, |value, name| value.get(name))
}

/// Whether an item is one for which a call is made.
pub(super) fn is_wanted(item: &Value, only: &str) -> bool {
    let (name, wanted) = only.split_once('=').map_or((only, None), |(name, text)| (name, Some(text)));
    match (at(item, name), wanted) {
        _ if only.is_empty() => true,
        (Some(Value::String(text)), Some(wanted)) => text == wanted,
        (Some(other), Some(wanted)) => {
            let written = other.to_string();
            written == wanted
        }
        (Some(Value::Null | Value::Bool(false)) | None, None) | (None, Some(_)) => false,
        (Some(Value::String(text)), None) => !text.is_empty(),
        (Some(_), None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_stand_as_they_are_and_fields_cannot_lead_elsewhere() {
        let values = BTreeMap::from([("org".to_owned(), "meridian".to_owned())]);
        let (outer, inner) = (json!({"id": 7}), json!({"slug": "../x?y", "up": ".."}));
        let names = Names { values: &values, items: &[&outer, &inner] };
        assert_eq!(names.fill("/orgs/{org}/teams/{.slug}/{..id}").unwrap(), "/orgs/meridian/teams/..%2Fx%3Fy/7");
        assert_eq!(names.fill("/a/{.up}/b").unwrap(), "/a/%2E%2E/b");
        assert!(names.fill("/{tenant}").unwrap_err().contains("`tenant` is not set"));
        assert!(names.fill("/{.gone}").unwrap_err().contains("no `gone`"));
        assert!(names.fill("/{...id}").is_err());
    }

    #[test]
    fn a_call_is_made_for_the_items_it_names() {
        let item = json!({"private": true, "fork": false, "name": "a", "none": "", "owner": {"type": "User"}});
        for (only, wanted) in [
            ("", true),
            ("private", true),
            ("fork", false),
            ("none", false),
            ("gone", false),
            ("name=a", true),
            ("name=b", false),
            ("owner.type=User", true),
            ("private=true", true),
        ] {
            assert_eq!(is_wanted(&item, only), wanted, "{only}");
        }
    }
}
