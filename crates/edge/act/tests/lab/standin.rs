//! A server that stands in for a platform that cannot run here. It takes only requests that agree with the platform's description
//! in `lab/descriptions`, and behaves as far as a handler of a few lines does: it shows the form of calls, and no effect of
//! the real platform.

use super::receiver::{Heard, hear};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What a platform does with a request: state, path in pieces, body. Gives status and JSON.
pub(crate) type Behaviour = fn(&mut Value, &Call<'_>) -> (u16, Value);

/// One request that agrees with the description.
pub(crate) struct Call<'h> {
    pub(crate) method: &'h str,
    /// The path's segments, decoded.
    pub(crate) path: Vec<String>,
    /// The query's values, decoded, by name.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    /// What the caller showed: a token, without `Bearer `.
    pub(crate) token: String,
}

/// A running stand-in. It lives as long as the test process.
#[derive(Clone)]
pub(crate) struct StandIn {
    state: Arc<Mutex<Inner>>,
    /// Its address.
    pub(crate) url: String,
}

struct Inner {
    state: Value,
    operations: Vec<Value>,
    strays: Vec<String>,
}

impl StandIn {
    /// Starts one for the platform that `description` is of.
    pub(crate) fn start(description: &str, state: Value, behaviour: Behaviour) -> StandIn {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../lab/descriptions/{description}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let operations = document["operations"].as_array().expect("operations").clone();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Mutex::new(Inner { state, operations, strays: Vec::new() }));
        let standin = StandIn { state: shared.clone(), url };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared, behaviour));
            }
        });
        standin
    }

    /// Looks at the state, or changes it from outside.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Value) -> T) -> T {
        let mut inner = self.state.lock().expect("no panic while held");
        assert!(inner.strays.is_empty(), "requests that the description does not know: {:?}", inner.strays);
        look(&mut inner.state)
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn serve(stream: TcpStream, inner: &Mutex<Inner>, behaviour: Behaviour) -> Option<()> {
    let heard = hear(&stream)?;
    let call = understood(&heard)?;
    let (status, answer) = {
        let mut inner = inner.lock().expect("no panic while held");
        match disagreement(&inner.operations, &call) {
            None => behaviour(&mut inner.state, &call),
            Some(why) => {
                inner.strays.push(format!("{} {}: {why}", heard.method, heard.path));
                (400, json!({"message": why}))
            }
        }
    };
    let text = if answer.is_null() { String::new() } else { answer.to_string() };
    let (length, mut stream) = (text.len(), stream);
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}").ok()
}

fn understood(heard: &Heard) -> Option<Call<'_>> {
    let (path, query) = heard.path.split_once('?').unwrap_or((&heard.path, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    let shown = heard.headers.get("authorization").or_else(|| heard.headers.get("x-vault-token"));
    Some(Call {
        method: &heard.method,
        path: path.split('/').skip(1).map(decoded).collect(),
        query: query.split('&').filter(|one| !one.is_empty()).map(pair).collect(),
        body: if heard.body.is_empty() { Value::Null } else { serde_json::from_str(&heard.body).ok()? },
        token: shown.map(|shown| shown.trim_start_matches("Bearer ").to_owned()).unwrap_or_default(),
    })
}

/// Why a call is none of the described ones.
fn disagreement(operations: &[Value], call: &Call<'_>) -> Option<String> {
    let of_path = |one: &&Value| {
        let template: Vec<&str> = one["path"].as_str().unwrap_or_default().split('/').skip(1).collect();
        one["method"] == call.method
            && template.len() == call.path.len()
            && template.iter().zip(&call.path).all(|(want, given)| want.starts_with('{') || want == given)
    };
    let Some(operation) = operations.iter().find(of_path) else { return Some("no such operation".to_owned()) };
    let known = |name: &str| operation["query"].as_array().is_some_and(|known| known.iter().any(|one| one == name));
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !known(name)) {
        return Some(format!("it takes no `{name}`"));
    }
    match (&operation["body"], &call.body) {
        (_, Value::Null) => None,
        (Value::Null, _) => Some("it takes no body".to_owned()),
        (schema, body) => mismatch(schema, body, "body"),
    }
}

/// Why a value does not agree with its schema.
fn mismatch(schema: &Value, value: &Value, place: &str) -> Option<String> {
    if let Some(allowed) = schema["enum"].as_array() {
        return (!allowed.contains(value)).then(|| format!("{place} is not one of {allowed:?}"));
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        _ => true,
    };
    if !fits {
        return Some(format!("{place} is no {}", schema["type"]));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Some(format!("{place} lacks `{name}`"));
        }
    }
    if let (Some(known), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, value) in fields {
            let Some(schema) = known.get(name) else { return Some(format!("{place} takes no `{name}`")) };
            if let Some(why) = mismatch(schema, value, &format!("{place}.{name}")) {
                return Some(why);
            }
        }
    }
    let items = value.as_array().filter(|_| schema["items"].is_object());
    items.into_iter().flatten().find_map(|item| mismatch(&schema["items"], item, &format!("{place}[]")))
}
