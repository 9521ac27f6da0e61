//! What Slack's lists say: conversations, and files.

use crate::calls::is_id;
use serde_json::Value;

/// One conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    /// Whether it is a direct message, of two or of several.
    pub(super) direct: bool,
    /// When it began, in seconds.
    pub(super) created: i64,
}

/// The conversations of a page.
pub(super) fn conversations(page: &Value) -> Vec<Conversation> {
    let all = page.get("channels").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|item| {
        let is = |name: &str| item.get(name).and_then(Value::as_bool).unwrap_or(false);
        let id = item.get("id").and_then(Value::as_str).filter(|id| is_id(id))?;
        Some(Conversation {
            id: id.to_owned(),
            direct: is("is_im") || is("is_mpim"),
            created: item.get("created").and_then(Value::as_i64).unwrap_or(0),
        })
    })
    .collect()
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) size: u64,
    pub(super) mark: String,
    /// The first conversation in which it is shared; `None` where it is in none.
    pub(super) conversation: Option<String>,
    /// Whether it is in direct messages alone.
    pub(super) direct: bool,
}

/// The files of a page, and how many are kept elsewhere or not given out.
pub(super) fn files(page: &Value) -> (Vec<File>, u64) {
    let (mut found, mut elsewhere) = (Vec::new(), 0);
    for item in page.get("files").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| item.get(name).and_then(Value::as_u64).unwrap_or(0);
        let first = |name: &str| item.get(name)?.as_array()?.iter().find_map(Value::as_str).filter(|id| is_id(id));
        let url = match text("url_private_download") {
            "" => text("url_private"),
            url => url,
        };
        let kept = !matches!(text("mode"), "external" | "tombstone" | "hidden_by_limit");
        if !kept || !is_id(text("id")) || url.is_empty() {
            elsewhere += 1;
            continue;
        }
        let channel = first("channels").or_else(|| first("groups"));
        found.push(File {
            id: text("id").to_owned(),
            name: text("name").to_owned(),
            url: url.to_owned(),
            size: number("size"),
            mark: format!("{} {} {}", number("size"), number("created"), number("updated")),
            conversation: channel.or_else(|| first("ims")).map(str::to_owned),
            direct: channel.is_none() && first("ims").is_some(),
        });
    }
    (found, elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_read_and_what_is_elsewhere_is_counted() {
        let page = json!({"channels": [{"id": "C1", "created": 5}, {"id": "D1", "is_im": true}, {"id": "a/b"}, 3]});
        let all = conversations(&page);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].direct, all[0].created, all[1].direct), (false, 5, true));
        let page = json!({"files": [
            {"id": "F1", "name": "a.csv", "size": 9, "created": 3, "mode": "hosted", "url_private_download": "https://files.slack.com/a",
             "channels": ["C1"], "ims": ["D1"]},
            {"id": "F2", "mode": "snippet", "url_private": "https://files.slack.com/b", "ims": ["D1"]},
            {"id": "F3", "mode": "external", "url_private": "https://elsewhere.example"}, {"id": "F4", "mode": "tombstone"}, null,
        ]});
        let (found, elsewhere) = files(&page);
        assert_eq!((found.len(), elsewhere), (2, 3));
        assert_eq!((found[0].conversation.as_deref(), found[0].direct, found[1].direct), (Some("C1"), false, true));
        assert_eq!((conversations(&json!(7)), files(&json!({"files": "x"}))), (Vec::new(), (Vec::new(), 0)));
    }
}
