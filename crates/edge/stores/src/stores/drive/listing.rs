//! What a page of Drive's lists says.

use crate::calls::is_id;
use serde_json::Value;

/// What Google's own kinds are exported as: the kind, as what, and the ending that says so. A sheet as a table of text would be its
/// first page alone.
const EXPORTS: [(&str, &str, &str); 5] = [
    ("document", "text/plain", "txt"),
    ("spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("presentation", "text/plain", "txt"),
    ("drawing", "image/svg+xml", "svg"),
    ("script", "application/vnd.google-apps.script+json", "json"),
];

/// Kinds that hold nothing themselves.
const HOLDS_NOTHING: [&str; 2] = ["folder", "shortcut"];

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    /// As what it is exported, and the ending that says so; `None` where it is downloaded.
    pub(super) export: Option<(&'static str, &'static str)>,
}

/// One file as it is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    pub(super) file: File,
    pub(super) size: Option<u64>,
    pub(super) mark: String,
    pub(super) trashed: bool,
}

/// One page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Page {
    pub(super) files: Vec<Listed>,
    /// Documents that cannot be had as a file.
    pub(super) strange: u64,
}

/// The files of a page.
pub(super) fn listed(page: &Value) -> Page {
    let mut found = Page::default();
    for item in page.get("files").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let own = text("mimeType").strip_prefix("application/vnd.google-apps.");
        if own.is_some_and(|own| HOLDS_NOTHING.contains(&own)) {
            continue;
        }
        let export = own.map(|own| EXPORTS.iter().find(|(kind, ..)| *kind == own));
        if !is_id(text("id")) || export == Some(None) {
            found.strange += 1;
            continue;
        }
        let size = text("size");
        let mark = match text("md5Checksum") {
            "" => format!("{} {size}", text("modifiedTime")),
            sum => format!("{sum} {size}"),
        };
        found.files.push(Listed {
            file: File {
                id: text("id").to_owned(),
                name: text("name").to_owned(),
                export: export.flatten().map(|(_, kind, ending)| (*kind, *ending)),
            },
            size: size.parse().ok(),
            mark,
            trashed: item.get("trashed").and_then(Value::as_bool).unwrap_or(false),
        });
    }
    found
}

/// The ids of a page of shared drives.
pub(super) fn drives(page: &Value) -> Vec<String> {
    let drives = page.get("drives").and_then(Value::as_array).into_iter().flatten();
    let ids = drives.filter_map(|drive| drive.get("id").and_then(Value::as_str));
    ids.filter(|id| is_id(id)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_holds_something_is_listed_and_what_cannot_be_had_is_counted() {
        let own = |kind: &str| format!("application/vnd.google-apps.{kind}");
        let page = json!({"files": [
            {"id": "a", "name": "a.pdf", "mimeType": "application/pdf", "size": "7", "md5Checksum": "m", "modifiedTime": "t"},
            {"id": "b", "name": "Pay", "mimeType": own("spreadsheet"), "modifiedTime": "t", "trashed": true},
            {"id": "c", "mimeType": own("folder")}, {"id": "d", "mimeType": own("shortcut")},
            {"id": "e", "mimeType": own("form")}, {"id": "../../x", "mimeType": "text/plain"}, 7,
        ]});
        let Page { files, strange } = listed(&page);
        assert_eq!((files.len(), strange), (2, 3));
        assert_eq!((files[0].size, files[0].mark.as_str(), files[0].file.export), (Some(7), "m 7", None));
        assert_eq!((files[1].file.export.map(|(_, ending)| ending), files[1].trashed), (Some("xlsx"), true));
        assert_eq!(drives(&json!({"drives": [{"id": "0A"}, {"id": "a/b"}, {}]})), ["0A"]);
        assert_eq!((listed(&json!({"files": 1})), drives(&json!([]))), (Page::default(), Vec::<String>::new()));
    }
}
