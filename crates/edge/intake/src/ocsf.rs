//! Builds OCSF 1.8 records: a source moves what it knows a field for out of its own record, and what is left goes to
//! `unmapped`. It knows the shape of a record, not of any platform.

use crate::mapping::is_email;
use firebreak_model::ocsf::{Class, VERSION};
use firebreak_model::{Event, Outcome};
use serde_json::{Map, Value, json};

/// `activity_id` of what the schema has no number for.
pub(crate) const OTHER: u32 = 99;

/// `activity_id` of API Activity for an operation whose name begins with a verb, as most do.
pub(crate) fn crud(verb: &str) -> u32 {
    const VERBS: [(u32, &[&str]); 4] = [
        (
            2,
            &[
                "get", "list", "describe", "head", "batchget", "lookup", "search", "select", "scan", "query", "read",
                "view", "download", "fetch", "clone", "watch", "check", "test", "simulate", "export",
            ],
        ),
        (1, &["create", "run", "allocate", "register", "import", "generate", "add", "issue", "upload"]),
        (4, &["delete", "remove", "terminate", "deregister", "destroy", "purge", "release"]),
        (
            3,
            &[
                "update",
                "modify",
                "put",
                "set",
                "attach",
                "detach",
                "associate",
                "disassociate",
                "enable",
                "disable",
                "patch",
                "edit",
                "change",
                "rename",
                "transfer",
                "rotate",
                "restore",
                "reset",
                "tag",
                "untag",
            ],
        ),
    ];
    let verb = verb.to_ascii_lowercase();
    let found = VERBS.iter().find(|(_, words)| words.iter().any(|word| verb.starts_with(word)));
    found.map_or(OTHER, |(activity, _)| *activity)
}

/// One record being written.
pub(crate) struct Record<'e> {
    event: &'e Event,
    class: Class,
    activity: u32,
    fields: Map<String, Value>,
    profiles: Vec<&'static str>,
    rest: Value,
}

impl<'e> Record<'e> {
    /// A record of `class` for `event`, with everything that is still to be moved.
    pub(crate) fn new(event: &'e Event, class: Class, activity: u32, product: &str, vendor: &str) -> Record<'e> {
        let rest = sonic_rs::to_string(&event.body)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or(Value::Null);
        let mut record = Record { event, class, activity, fields: Map::new(), profiles: Vec::new(), rest };
        record.put("metadata.version", VERSION);
        record.put("metadata.product", json!({"name": product, "vendor_name": vendor}));
        record.put("metadata.uid", event.uid.to_string());
        record.put("metadata.original_event_uid", event.native_id.as_str());
        record
    }

    /// Whether it is a record of `class`.
    pub(crate) fn is(&self, class: Class) -> bool {
        self.class == class
    }

    /// Writes the operation as the keys have it.
    pub(crate) fn put_operation(&mut self, path: &str) {
        self.put(path, self.event.keys.operation.as_str());
    }

    /// Says that the fields of a profile are used.
    pub(crate) fn profile(&mut self, name: &'static str) {
        if !self.profiles.contains(&name) {
            self.profiles.push(name);
        }
    }

    /// Writes a field by its dotted path. Null and empty text write nothing.
    pub(crate) fn put(&mut self, path: &str, value: impl Into<Value>) {
        let value = value.into();
        if value.is_null() || value.as_str() == Some("") {
            return;
        }
        let mut keys: Vec<&str> = path.split('.').collect();
        let Some(last) = keys.pop() else { return };
        let mut object = &mut self.fields;
        for key in keys {
            let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            object = inner;
        }
        object.insert(last.to_owned(), value);
    }

    /// Takes the value at a path out of the source's record, where it is usable; objects that this empties go too.
    pub(crate) fn take_where(&mut self, path: &[&str], usable: &dyn Fn(&Value) -> bool) -> Option<Value> {
        take(&mut self.rest, path, usable)
    }

    /// Takes the text at a path, unless there is none.
    pub(crate) fn take_text(&mut self, path: &[&str]) -> Option<String> {
        let usable = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        match take(&mut self.rest, path, &usable) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Takes the text, number or truth value at a path, written out.
    pub(crate) fn take_written(&mut self, path: &[&str]) -> Option<String> {
        let usable = |value: &Value| value.is_number() || value.as_str().is_some_and(|text| !text.is_empty());
        take(&mut self.rest, path, &usable).map(|value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// Takes the whole number at a path.
    pub(crate) fn take_whole(&mut self, path: &[&str]) -> Option<i64> {
        take(&mut self.rest, path, &|value| value.is_i64()).and_then(|value| value.as_i64())
    }

    /// Takes the value at a path where it is an object, array or null.
    pub(crate) fn take_data(&mut self, path: &[&str]) -> Option<Value> {
        take(&mut self.rest, path, &|value| value.is_object() || value.is_array())
    }

    /// Looks at the text at a path without taking it.
    pub(crate) fn look(&self, path: &[&str]) -> Option<&str> {
        let found = path.iter().try_fold(&self.rest, |value, key| value.get(key))?;
        found.as_str().filter(|text| !text.is_empty())
    }

    /// Moves text from the source's record to a field.
    pub(crate) fn move_text(&mut self, from: &[&str], to: &str) {
        if let Some(text) = self.take_text(from) {
            self.put(to, text);
        }
    }

    /// Moves text, or a number written out.
    pub(crate) fn move_written(&mut self, from: &[&str], to: &str) {
        if let Some(text) = self.take_written(from) {
            self.put(to, text);
        }
    }

    /// Moves an object or array as it is.
    pub(crate) fn move_data(&mut self, from: &[&str], to: &str) {
        if let Some(value) = self.take_data(from) {
            self.put(to, value);
        }
    }

    /// The time as the source wrote it.
    pub(crate) fn move_time(&mut self, from: &[&str]) {
        self.move_written(from, "metadata.original_time");
    }

    /// The endpoint from which it was done: the address that the keys hold, under a name because the schema asks for one.
    pub(crate) fn source_endpoint(&mut self, written_at: &[&str]) {
        let written = self.take_text(written_at);
        let keys = &self.event.keys;
        let (address, text) = (keys.address.map(|address| address.to_string()), keys.address_text.as_ref());
        let name = written.or_else(|| address.clone()).or_else(|| text.map(ToString::to_string));
        self.put("src_endpoint.name", name.as_deref().unwrap_or("unknown"));
        if let Some(address) = address {
            self.put("src_endpoint.ip", address);
        }
    }

    /// Writes an e-mail address where the field's form allows it.
    pub(crate) fn put_email(&mut self, path: &str, text: &str) {
        if is_email(text) {
            self.put(path, text);
        }
    }

    /// Whether a field was written.
    pub(crate) fn has(&self, path: &str) -> bool {
        let mut keys = path.split('.');
        let first = keys.next().and_then(|key| self.fields.get(key));
        keys.try_fold(first, |value, key| value.map(|value| value.get(key))).flatten().is_some()
    }

    /// Writes a name for an actor that the source does not name: the schema asks for one.
    pub(crate) fn need_actor(&mut self) {
        self.profile("host");
        if !["user", "invoked_by", "app_name", "session"].iter().any(|key| self.has(&format!("actor.{key}"))) {
            self.put("actor.user", json!({"name": "unknown", "type_id": 0}));
        }
    }

    /// The whole record.
    pub(crate) fn finish(mut self) -> Value {
        let (status_id, status) = match self.event.keys.outcome {
            Outcome::Success => (1, "Success"),
            Outcome::Denied | Outcome::Failure => (2, "Failure"),
            Outcome::Unknown => (0, "Unknown"),
        };
        self.put("status_id", status_id);
        self.put("status", status);
        self.put("class_uid", self.class.uid());
        self.put("category_uid", self.class.category_uid());
        self.put("activity_id", self.activity);
        if self.activity == OTHER {
            self.put("activity_name", self.event.keys.operation.as_str());
        }
        self.put("type_uid", self.class.type_uid(self.activity));
        self.put("severity_id", 1);
        self.put("time", self.event.time.millis());
        if !self.profiles.is_empty() {
            self.profiles.sort_unstable();
            self.put("metadata.profiles", json!(self.profiles));
        }
        if let Value::Object(rest) = &self.rest
            && !rest.is_empty()
        {
            let rest = self.rest.take();
            self.put("unmapped", rest);
        }
        Value::Object(self.fields)
    }
}

fn take(value: &mut Value, path: &[&str], usable: &dyn Fn(&Value) -> bool) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    let object = value.as_object_mut()?;
    if rest.is_empty() {
        return object.get(*first).is_some_and(usable).then(|| object.remove(*first)).flatten();
    }
    let inner = object.get_mut(*first)?;
    let taken = take(inner, rest, usable)?;
    if inner.as_object().is_some_and(Map::is_empty) {
        object.remove(*first);
    }
    Some(taken)
}
