//! AWS's XML as JSON: lists are lists, everything else that has elements is an object, and what has none is text.

use serde_json::{Map, Value};

/// What AWS calls an item of a list.
const ITEMS: [&str; 3] = ["member", "item", "Bucket"];

/// Answers of AWS are no deeper.
const MAX_DEPTH: usize = 32;

/// What is in the outermost element of `text`.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    Ok(value(document.root_element(), 0))
}

fn value(node: roxmltree::Node<'_, '_>, depth: usize) -> Value {
    let elements: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
    if elements.is_empty() || depth > MAX_DEPTH {
        let text = node.text().unwrap_or_default();
        return Value::String(if text.trim().is_empty() { String::new() } else { text.to_owned() });
    }
    let name = |node: &roxmltree::Node<'_, '_>| node.tag_name().name().to_owned();
    if elements.iter().all(|element| ITEMS.contains(&element.tag_name().name())) {
        return elements.into_iter().map(|element| value(element, depth + 1)).collect();
    }
    if elements.iter().all(|element| element.tag_name().name() == "entry") {
        // A map, as entries with a key and a value.
        let part = |entry: &roxmltree::Node<'_, '_>, name: &str| {
            let child = entry.children().find(|child| child.tag_name().name() == name)?;
            Some(child.text().unwrap_or_default().to_owned())
        };
        let pair = |entry: &roxmltree::Node<'_, '_>| {
            Some((part(entry, "key")?, Value::String(part(entry, "value").unwrap_or_default())))
        };
        return Value::Object(elements.iter().filter_map(pair).collect());
    }
    let fields: Map<String, Value> =
        elements.into_iter().map(|element| (name(&element), value(element, depth + 1))).collect();
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_maps_and_texts_are_told_apart() {
        let xml = "<R xmlns='x'><A><member><B>1</B></member><member><B> </B></member></A><C>\n </C>\
            <M><entry><key>k</key><value>{}</value></entry><entry><key>e</key><value/></entry></M></R>";
        let expected = json!({"A": [{"B": "1"}, {"B": ""}], "C": "", "M": {"k": "{}", "e": ""}});
        assert_eq!(read(xml).unwrap(), expected);
        assert!(read("<a>").is_err());
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = format!("{}x{}", "<a>".repeat(500), "</a>".repeat(500));
        let shown = read(&deep).map(|value| value.to_string().len()).unwrap_or_default();
        assert!(shown < 1_000, "{shown}");
    }
}
