//! Messages as text, one below the other.

use serde_json::Value;

/// Fields of a message and of what is attached to it that people wrote.
const WRITTEN: [&str; 6] = ["text", "pretext", "title", "fallback", "value", "footer"];

/// Adds what was written in the messages of a page.
pub(super) fn add_text(page: &Value, text: &mut String) {
    for message in messages(page) {
        add(message, text);
        for attachment in list(message, "attachments") {
            add(attachment, text);
            list(attachment, "fields").for_each(|field| add(field, text));
        }
    }
}

/// The time stamps of messages of a page under which others answered.
pub(super) fn threads(page: &Value) -> Vec<String> {
    let answered = messages(page).filter(|message| message.get("reply_count").and_then(Value::as_u64).unwrap_or(0) > 0);
    answered.filter_map(|message| Some(message.get("ts")?.as_str().filter(|ts| is_stamp(ts))?.to_owned())).collect()
}

fn messages(page: &Value) -> impl Iterator<Item = &Value> {
    list(page, "messages")
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn add(value: &Value, text: &mut String) {
    for written in WRITTEN.iter().filter_map(|name| value.get(name)?.as_str()).filter(|written| !written.is_empty()) {
        // Slack writes these three so that its own marks can be told from text.
        text.push_str(&written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
        text.push('\n');
    }
}

fn is_stamp(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        let page = json!({"messages": [
            {"user": "U1", "ts": "1.2", "text": "a &amp; b", "reply_count": 2},
            {"ts": "x y", "reply_count": 1, "attachments": [{"fallback": "f", "fields": [{"title": "t", "value": "v"}]}]},
            "no message",
        ]});
        let mut text = String::new();
        add_text(&page, &mut text);
        assert_eq!(text, "a & b\nf\nt\nv\n");
        assert_eq!(threads(&page), ["1.2"]);
    }
}
