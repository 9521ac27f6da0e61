//! Envoy's external authoriser over HTTP: the proxy sends each request's head, and its body as far as it is set to, to a path of
//! ours before it lets it on. 200 lets it on; anything else does not.
//!
//! Source: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter>. A message of JSON-RPC that calls a
//! tool of an MCP server is a tool call; a body with `model` is a prompt; everything else is a request to a site. Nothing can be
//! masked here: what would have to be is refused.

use crate::strings::strings;
use crate::{Caller, Destination, Direction, Exchange, Piece, Place};
use serde_json::Value;

/// What stands before the path of the request that is asked about.
pub const PREFIX: &str = "/ext_authz";
/// The protocol's name in records.
pub const NAME: &str = "ext_authz";

/// A request that the proxy asks about.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Path and query of the request, without [`PREFIX`].
    pub path: &'a str,
    /// Its headers, in lower case.
    pub headers: &'a [(String, String)],
    /// Its body, as far as the proxy sent it.
    pub body: &'a [u8],
}

impl Asked<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// What passes.
pub fn exchange(asked: &Asked<'_>) -> Exchange {
    let mut exchange = Exchange {
        id: asked.header("x-request-id").unwrap_or_default().to_owned(),
        direction: Direction::Request,
        caller: caller(asked),
        destination: Destination { kind: Place::Site, name: asked.header("host").unwrap_or_default().to_owned() },
        pieces: Vec::new(),
        tools: Vec::new(),
        changed: Vec::new(),
        images: 0,
        unread: Vec::new(),
    };
    let (path, query) = asked.path.split_once('?').unwrap_or((asked.path, ""));
    exchange.pieces.extend(path.split('/').map(|part| piece(&decoded(part, false), None)));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        exchange.pieces.push(piece(&decoded(value, true), Some(&decoded(name, true))));
    }
    exchange.pieces.retain(|piece| !piece.text.is_empty());
    body(asked, &mut exchange);
    exchange
}

/// Who asks, as an authentication filter before this one says in headers. A client must not be able to set these: the proxy removes
/// them from what comes from outside.
fn caller(asked: &Asked<'_>) -> Caller {
    let said = |name: &str| asked.header(name).unwrap_or_default().to_owned();
    Caller {
        user: said("x-firebreak-user"),
        team: said("x-firebreak-team"),
        organization: said("x-firebreak-organization"),
        key: said("x-firebreak-key"),
    }
}

/// Reads the body into `exchange`, and says what of it cannot be read.
fn body(asked: &Asked<'_>, exchange: &mut Exchange) {
    let encoding = asked.header("content-encoding").unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        exchange.unread.push("the body is compressed".to_owned());
        return;
    }
    let partial = asked.header("x-envoy-auth-partial-body").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let shorter = asked
        .header("x-firebreak-content-length")
        .or(asked.header("x-envoy-original-content-length"))
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: usize| length > asked.body.len());
    if partial || shorter {
        exchange.unread.push("the proxy sent a part of the body: raise `max_request_bytes`".to_owned());
    }
    let Ok(text) = std::str::from_utf8(asked.body) else {
        exchange.unread.push("the body is not text".to_owned());
        return;
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => read_json(&value, exchange),
        Err(_) if text.is_empty() => {}
        Err(_) => exchange.pieces.push(piece(text, None)),
    }
}

fn read_json(value: &Value, exchange: &mut Exchange) {
    exchange.pieces.extend(strings(value));
    let messages = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let calls = messages
        .iter()
        .filter(|one| one.get("jsonrpc").is_some() && one.get("method").is_some_and(|method| method == "tools/call"));
    let tools: Vec<&str> = calls.filter_map(|one| one.get("params")?.get("name")?.as_str()).collect();
    if !tools.is_empty() {
        exchange.direction = Direction::ToolCall;
        exchange.destination = Destination { kind: Place::Tool, name: tools.join(" ") };
    } else if let Some(model) = value.get("model").and_then(Value::as_str) {
        exchange.direction = Direction::Prompt;
        exchange.destination = Destination { kind: Place::Model, name: model.to_owned() };
        exchange.images = exchange.pieces.iter().filter(|piece| piece.text.starts_with("data:image/")).count() as u64;
        exchange.pieces.retain(|piece| !piece.text.starts_with("data:image/"));
    }
}

fn piece(text: &str, key: Option<&str>) -> Piece {
    Piece { text: text.to_owned(), key: key.filter(|key| !key.is_empty()).map(str::to_owned), maskable: false }
}

/// Percent-encoding undone; what is no text then stays as it was.
fn decoded(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        rest = match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                after.get(2..).unwrap_or_default()
            }
            (byte, ..) => {
                bytes.push(if plus && *byte == b'+' { b' ' } else { *byte });
                after
            }
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Exchange {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        exchange(&Asked { path, headers: &headers, body })
    }

    #[test]
    fn a_call_of_a_tool_is_told_with_its_arguments() {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "send_mail", "arguments": {"to": "a@b.example"}}});
        let exchange = asked("/mcp", &[("x-firebreak-user", "ada")], body.to_string().as_bytes());
        assert_eq!((exchange.direction, exchange.destination.kind), (Direction::ToolCall, Place::Tool));
        assert_eq!((exchange.destination.name.as_str(), exchange.caller.user.as_str()), ("send_mail", "ada"));
        assert!(exchange.pieces.iter().any(|piece| piece.text == "a@b.example" && piece.key.as_deref() == Some("to")));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let unread = |headers: &[(&str, &str)], body: &[u8]| asked("/", headers, body).unread.len();
        assert_eq!(unread(&[("content-encoding", "gzip")], b"x"), 1);
        assert_eq!(unread(&[("x-envoy-auth-partial-body", "true")], b"x"), 1);
        assert_eq!(unread(&[], b"\xff\xfe"), 1);
        assert_eq!(unread(&[], b"plain words"), 0);
    }

    #[test]
    fn paths_and_queries_are_read_as_the_site_would() {
        let exchange = asked("/people/123%2D45%2D6789?ssn=987+65+4321&x", &[("host", "hr.example")], b"");
        let has = |text: &str, key: Option<&str>| {
            exchange.pieces.iter().any(|one| one.text == text && one.key.as_deref() == key)
        };
        assert!(has("123-45-6789", None) && has("987 65 4321", Some("ssn")) && has("x", None));
        assert_eq!(decoded("100%", false), "100%");
        assert_eq!(decoded("%zz%f", false), "%zz%f");
    }
}
