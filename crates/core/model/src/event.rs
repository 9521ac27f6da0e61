//! Events: one audit record each, with the keys that every stage needs and the raw bytes it came from.

use crate::{Json, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// The 128-bit name of an event: a digest of its source and the source's own id, so that a record delivered twice is
/// one event. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventUid(pub u128);

impl EventUid {
    /// The uid of the record that `source` calls `native_id`.
    pub fn of(source: &str, native_id: &[u8]) -> EventUid {
        use sha2::Digest;
        let mut digest = sha2::Sha256::new();
        digest.update((source.len() as u64).to_be_bytes());
        digest.update(source.as_bytes());
        digest.update(native_id);
        let bytes: [u8; 32] = digest.finalize().into();
        EventUid(bytes.first_chunk().map_or(0, |half| u128::from_be_bytes(*half)))
    }
}

impl std::fmt::Display for EventUid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::fmt::Debug for EventUid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventUid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.to_be_bytes().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for EventUid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<EventUid, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 16]>::deserialize(deserializer).map(|bytes| EventUid(u128::from_be_bytes(bytes)));
        }
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(EventUid).map_err(serde::de::Error::custom)
    }
}

/// Sigma's words for the kind of log a record is from: rules are routed by them before anything is matched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogSource {
    /// Sigma `product`: `aws`, `github`, `okta`, `gcp`, `slack`, `kubernetes`, `litellm`, `ci`, `package`.
    pub product: &'static str,
    /// Sigma `service`: `cloudtrail`, `audit`, `okta`, `google_workspace.login`, …
    pub service: &'static str,
}

/// How an operation ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused for want of authority.
    Denied,
    /// It failed for another reason.
    Failure,
    /// The record does not say.
    #[default]
    Unknown,
}

/// The identity keys: what every event is reduced to on the hot path. Absent is `None`, never an empty string.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    /// Who acted, as an `identity:` key.
    pub actor: Option<NodeKey>,
    /// With which credential, as a `credential:` key.
    pub credential: Option<NodeKey>,
    /// In which session: the platform's own session id.
    pub session: Option<Text>,
    /// From which address.
    pub address: Option<IpAddr>,
    /// The address as written, where it is not one (`cloudformation.amazonaws.com`).
    pub address_text: Option<Text>,
    /// The client's own description of itself.
    pub user_agent: Option<Text>,
    /// What was done, in the platform's words: `s3:GetObject`, `git.clone`, `user.session.start`.
    pub operation: Text,
    /// On what, as a `resource:`, `identity:`, `credential:` or `environment:` key. For an object in a store: the store.
    pub target: Option<NodeKey>,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes that left, where the record says.
    pub bytes: Option<u64>,
    /// Records (objects, files, messages, rows, secrets, repositories) that were read, where the operation reads data.
    pub records: Option<u64>,
    /// A credential that this operation made and handed to the actor, as a `credential:` key.
    pub minted: Option<NodeKey>,
    /// Where it ran, as an `environment:` key, where the record says.
    pub environment: Option<NodeKey>,
}

/// One audit record.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name: the same for the same record, however often it arrives.
    pub uid: EventUid,
    /// The source's folder: `aws_cloudtrail`.
    pub source: &'static str,
    /// The id that the source gave it, or a digest of the raw bytes where it gives none.
    pub native_id: Text,
    /// When it happened, by the source's clock.
    pub time: Time,
    /// For routing rules.
    pub log_source: LogSource,
    /// What every stage needs.
    pub keys: Keys,
    /// The record, parsed.
    pub body: Json,
    /// The record as it arrived, after secrets were replaced by fingerprints.
    pub raw: Arc<[u8]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_separates_source_and_id() {
        assert_ne!(EventUid::of("ab", b"c"), EventUid::of("a", b"bc"));
        let uid = EventUid::of("a", b"b");
        let text = serde_json::to_string(&uid).expect("plain data");
        assert_eq!(serde_json::from_str::<EventUid>(&text).expect("what we wrote"), uid);
    }
}
