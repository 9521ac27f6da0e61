//! Events for tests: what they say is in their keys.

use firebreak_model::{Event, EventUid, Json, Keys, LogSource, Text, Time};
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
