//! Events and facts for tests: what they say is in their keys.

use firebreak_model::{
    EdgeFact, EdgeKind, Event, EventUid, Fact, Interval, Json, Keys, LogSource, NodeKey, Text, Time,
};
use std::sync::Arc;

/// An event with these keys.
pub(crate) fn event(seconds: i64, keys: Keys) -> Event {
    Event {
        uid: EventUid::of("t", &seconds.to_be_bytes()),
        source: "aws_cloudtrail",
        native_id: Text::new("x"),
        time: Time::from_seconds(seconds),
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys,
        body: Json::default(),
        raw: Arc::from(&b""[..]),
    }
}

/// The key that `text` spells.
pub(crate) fn key(text: &str) -> NodeKey {
    NodeKey::parse(text).unwrap()
}

/// A relation that always was, with these actions.
pub(crate) fn edge(kind: EdgeKind, from: &str, to: &str, actions: &[&str]) -> Fact {
    let mut edge = EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(0), "test");
    edge.actions = actions.iter().map(Text::new).collect();
    Fact::Edge(edge)
}
