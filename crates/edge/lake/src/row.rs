//! Rows: one event each, with its identity keys as columns, the whole OCSF record as text, and the raw bytes.
//!
//! It is not a schema for queries by people: the console's views are built on it.

use firebreak_model::{Event, EventUid, Keys, NodeKey, Outcome, Text, Time};

/// One event in the lake. Absent is `None`, never an empty text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The event's name.
    pub uid: EventUid,
    /// The source's folder.
    pub source: Text,
    /// The source's own id of the record.
    pub native_id: Text,
    /// When it happened.
    pub time: Time,
    /// OCSF `class_uid`.
    pub class_uid: u32,
    /// Who acted.
    pub actor: Option<NodeKey>,
    /// With which credential.
    pub credential: Option<NodeKey>,
    /// From which address, as written where it is not one.
    pub address: Option<Text>,
    /// The client's description of itself.
    pub user_agent: Option<Text>,
    /// What was done, in the platform's words.
    pub operation: Text,
    /// On what.
    pub target: Option<NodeKey>,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes that left; more than 2^63 - 1 is written as that.
    pub bytes: Option<u64>,
    /// Records that were read; likewise.
    pub records: Option<u64>,
    /// Where it ran.
    pub environment: Option<NodeKey>,
    /// A credential that it made.
    pub minted: Option<NodeKey>,
    /// In which session.
    pub session: Option<Text>,
    /// The record as it arrived, after secrets were replaced by fingerprints.
    pub raw: Vec<u8>,
    /// The OCSF record, as JSON.
    pub ocsf: String,
}

impl Row {
    /// The row of `event`, whose OCSF record is `ocsf` of class `class_uid`.
    pub fn of(event: &Event, class_uid: u32, ocsf: String) -> Row {
        let keys = &event.keys;
        let address = keys.address.map(|address| Text::new(address.to_string()));
        Row {
            uid: event.uid,
            source: Text::new_static(event.source),
            native_id: event.native_id.clone(),
            time: event.time,
            class_uid,
            actor: keys.actor.clone(),
            credential: keys.credential.clone(),
            address: address.or_else(|| keys.address_text.clone()),
            user_agent: keys.user_agent.clone(),
            operation: keys.operation.clone(),
            target: keys.target.clone(),
            outcome: keys.outcome,
            bytes: keys.bytes,
            records: keys.records,
            environment: keys.environment.clone(),
            minted: keys.minted.clone(),
            session: keys.session.clone(),
            raw: event.raw.to_vec(),
            ocsf,
        }
    }

    /// The identity keys of the event.
    pub fn keys(&self) -> Keys {
        let address = self.address.as_ref().and_then(|text| text.parse().ok());
        Keys {
            actor: self.actor.clone(),
            credential: self.credential.clone(),
            session: self.session.clone(),
            address,
            address_text: self.address.clone().filter(|_| address.is_none()),
            user_agent: self.user_agent.clone(),
            operation: self.operation.clone(),
            target: self.target.clone(),
            outcome: self.outcome,
            bytes: self.bytes,
            records: self.records,
            minted: self.minted.clone(),
            environment: self.environment.clone(),
        }
    }
}
