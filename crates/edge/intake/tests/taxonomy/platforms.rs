//! The descriptions in `platforms.txt`: where each platform keeps the fields that rules name.

use serde_json::{Map, Value, json};

/// One log in one form.
pub(crate) struct Form {
    pub(crate) product: String,
    pub(crate) service: String,
    /// The source that reads it.
    pub(crate) source: String,
    pub(crate) name: String,
    /// A record without what a rule asks for.
    pub(crate) record: Value,
    /// Whether a field without a line stands under its own name.
    verbatim: bool,
    lines: Vec<Line>,
}

struct Line {
    field: String,
    value: Option<String>,
    /// Nothing where the platform never writes this.
    kept: Option<Kept>,
}

/// Where a form keeps one value of a field.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) places: Vec<String>,
    /// As which text, if not as the rule's.
    pub(crate) text: Option<String>,
    /// What stands there when it is something else; nothing where any text will do.
    pub(crate) other: Option<String>,
}

/// Every form that the file describes.
pub(crate) fn forms() -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for line in include_str!("platforms.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let words: Vec<String> = head.split(' ').map(str::to_owned).collect();
            let [product, service, source, name] = words.try_into().expect("four words");
            forms.push(Form {
                product,
                service,
                source,
                name,
                record: Value::Null,
                verbatim: false,
                lines: Vec::new(),
            });
            continue;
        }
        let form = forms.last_mut().expect("a form before its lines");
        match line.split_once(' ') {
            Some(("record", record)) => form.record = serde_json::from_str(record).expect("a record"),
            Some((".*", _)) => form.verbatim = true,
            _ => form.lines.push(read(line)),
        }
    }
    forms
}

fn read(line: &str) -> Line {
    let (asked, kept) = line.split_once(" -> ").unwrap_or_else(|| panic!("no arrow in {line}"));
    let halves = |half: &str| match half.split_once(" = ") {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (half.to_owned(), None),
    };
    let ((field, value), (places, text)) = (halves(asked), halves(kept));
    let places = places.split(" & ").filter(|place| *place != "~").map(str::to_owned).collect();
    let (text, other) = match text {
        Some(text) => match (text.strip_prefix("any "), text.split_once(" or else ")) {
            (Some(text), _) => (Some(text.to_owned()), None),
            (None, Some((text, other))) => (Some(text.to_owned()), Some(other.to_owned())),
            (None, None) => (Some(text), Some(OTHER.to_owned())),
        },
        None => (None, Some(OTHER.to_owned()).filter(|_| value.as_deref() != Some("*"))),
    };
    Line { field, value, kept: (kept != "!").then_some(Kept { places, text, other }) }
}

/// What stands where a rule wants something else.
const OTHER: &str = "unlike";

impl Form {
    /// Whether the platform never writes `value` there.
    pub(crate) fn never(&self, field: &str, value: &str) -> bool {
        let refused = |line: &Line| line.field == field && line.value.as_deref() == Some(value) && line.kept.is_none();
        self.lines.iter().any(refused)
    }

    /// Where the form keeps `value` of `field`; nothing where it does not have the field.
    pub(crate) fn keeps(&self, field: &str, value: &str) -> Option<Kept> {
        let named = |line: &&Line| line.field == field;
        let exactly = self.lines.iter().filter(named).find(|line| line.value.as_deref() == Some(value));
        let line = exactly.or_else(|| self.lines.iter().filter(named).find(|line| line.value.is_none()));
        match line {
            Some(line) => line.kept.clone(),
            None => {
                let other = Some(OTHER.to_owned()).filter(|_| value != "*");
                self.verbatim.then(|| Kept { places: vec![field.replace('.', ">")], text: None, other })
            }
        }
    }
}

/// Puts `value` at `place` of `record`.
pub(crate) fn put(record: &mut Value, place: &str, value: Value) {
    let (step, rest) = place.split_once('>').map_or((place, None), |(step, rest)| (step, Some(rest)));
    if !record.is_object() {
        *record = Value::Object(Map::new());
    }
    if let Some((list, named)) = step.strip_suffix('}').and_then(|step| step.split_once('{')) {
        let (key, name) = named.split_once('=').expect("a key and a name");
        let own = if key.starts_with(char::is_uppercase) { "Value" } else { "value" };
        let entries = entries(record, list);
        entries.retain(|entry| entry[key] != *name);
        entries.push(json!({key: name, own: value}));
        return;
    }
    let inner = match step.strip_suffix("[]") {
        Some(list) => {
            let entries = entries(record, list);
            if entries.is_empty() {
                entries.push(json!({}));
            }
            &mut entries[0]
        }
        None => &mut record[step],
    };
    match rest {
        Some(rest) => put(inner, rest, value),
        None => *inner = value,
    }
}

fn entries<'r>(record: &'r mut Value, list: &str) -> &'r mut Vec<Value> {
    let list = &mut record[list];
    if !list.is_array() {
        *list = json!([]);
    }
    list.as_array_mut().expect("a list")
}
