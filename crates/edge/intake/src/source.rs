//! What a source is: how its files are cut into records and what one record says. A source never opens a file, keeps
//! no state and decides nothing about detection.

use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, NodeKind, Text, Time};
use std::borrow::Cow;

/// How the bytes of an input are cut into records.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// JSON objects: one a line, concatenated, in an array, or in an array below one of these keys of an object
    /// (`{"Records":[…]}`).
    Json {
        /// The keys whose array holds records.
        envelopes: &'static [&'static str],
    },
    /// Lines of text. A line that does not start a record belongs to the record before it.
    Lines {
        /// Whether a line starts a record. Sees at most the first [`LINE_START_BYTES`] bytes of the line.
        starts: fn(&[u8]) -> bool,
    },
}

/// How much of a line [`Framing::Lines`] shows to `starts`.
pub const LINE_START_BYTES: usize = 40;

/// One record as it was cut out of its input.
#[derive(Debug)]
pub struct RawRecord<'a> {
    /// The record, parsed; JSON null where the framing is lines.
    pub json: &'a Json,
    /// The record as text.
    pub text: &'a str,
    /// The input, as the operator knows it: some sources read an account, cluster or job from it.
    pub input: &'a str,
    /// Number of the record in its input, from 0.
    pub index: u64,
    /// Line on which it starts, from 1.
    pub line: u64,
    /// Which of the record's [`Source::parts`] to map, from 0.
    pub part: usize,
    /// The input's first line, where it names the columns of the others: see [`Source::headed`].
    pub header: Option<&'a str>,
    /// The time to give a record that has none of its own; `None` means that such a record is refused.
    pub received: Option<Time>,
}

/// What a source reads out of one record. The frame adds the source's name, the uid and the raw bytes.
#[derive(Debug)]
pub struct Mapped {
    /// The source's own id for the record; see [`RawRecord::native_id`].
    pub native_id: Text,
    /// When it happened.
    pub time: Time,
    /// For routing rules.
    pub log_source: LogSource,
    /// What every stage needs.
    pub keys: Keys,
    /// The body, where it is not the parsed record itself (decoded or flattened).
    pub body: Option<Json>,
}

/// One thing that an event shows to have been made with another: a session from a key, a login by whoever has another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Making {
    /// What was used: the credential, or the identity where the log names no credential.
    pub with: NodeKey,
    /// What was handed out: the credential, or the login itself where the log knows logins alone.
    pub what: NodeKey,
    /// When that ends by itself, where the record says.
    pub until: Option<Time>,
    /// Whom it acts as, where known.
    pub acts_as: Option<NodeKey>,
}

impl Making {
    /// What `event` says as most platforms' records do: the credential that was used made the one that was handed out,
    /// which acts as the identity that the event is about, or else as whoever asked for it.
    pub fn by_credential(event: &Event) -> Option<Making> {
        let (with, what) = (event.keys.credential.clone()?, event.keys.minted.clone()?);
        Some(Making { with, what, until: None, acts_as: Making::acts_as(event) }).filter(|made| made.with != made.what)
    }

    /// Whom what `event` made acts as.
    pub fn acts_as(event: &Event) -> Option<NodeKey> {
        let about = event.keys.target.clone().filter(|target| target.kind() == NodeKind::Identity);
        about.or_else(|| event.keys.actor.clone())
    }
}

/// Why a record is no event of this source, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong: lower case, no full stop, user input in backticks.
    pub reason: Cow<'static, str>,
    /// What to do about it.
    pub hint: &'static str,
}

impl Refusal {
    /// A refusal with this reason and hint.
    pub fn new(reason: impl Into<Cow<'static, str>>, hint: &'static str) -> Refusal {
        Refusal { reason: reason.into(), hint }
    }
}

/// One kind of log.
pub trait Source: Sync + Send {
    /// The name of its folder.
    fn name(&self) -> &'static str;

    /// How its files are cut into records.
    fn framing(&self) -> Framing;

    /// How many events one record holds. At least 1: a record that should hold events and holds none is refused by
    /// [`Source::map`].
    fn parts(&self, _record: &Json) -> usize {
        1
    }

    /// Without a line: whether the first line of an input may name the columns of the lines after it. With the first line:
    /// whether this one does. Such a line is no record.
    fn headed(&self, _line: Option<&str>) -> bool {
        false
    }

    /// Whether a file's name alone says that it holds this source's records, where the platform gives such files no ending
    /// that is known as a log's.
    fn knows(&self, _name: &str) -> bool {
        false
    }

    /// Whether a file found in a directory may hold this source's records. A file named by the operator is always read.
    fn wants(&self, _path: &str) -> bool {
        true
    }

    /// The names of the fields that a record of this source may have at its top. Empty where they are not known: rules
    /// about such a source cannot be checked for misspelt fields.
    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// The source's `taxonomy.yml`: a Sigma processing pipeline that leads names which published rules have for the platform's
    /// fields, and no record has, to those that the records have. Empty where rules and records agree.
    fn taxonomy(&self) -> &'static str {
        ""
    }

    /// The record without the secrets that only this source knows by their place. Called before anything of the record is
    /// parsed, kept or shown, after the operator's own redaction.
    fn redact<'r>(&self, record: &'r [u8]) -> Cow<'r, [u8]> {
        Cow::Borrowed(record)
    }

    /// What the record says.
    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal>;

    /// What `event` shows to have been made, and with what: one for each thing that was used. Nothing where nothing was made.
    fn makings(&self, event: &Event) -> Vec<Making> {
        Making::by_credential(event).into_iter().collect()
    }

    /// The event as an OCSF 1.8 record. What has no field there goes to `unmapped`; nothing is dropped.
    fn ocsf(&self, event: &Event) -> serde_json::Value;
}
