//! Bytes in, events out: files, directories, globs and stdin, plain or compressed, framed into records, mapped to
//! [`firebreak_model::Event`] by one of the [`sources`], and to OCSF 1.8 when an event is stored or shown.
//!
//! Every record ends as events or in quarantine with its position and the reason; nothing is dropped and nothing is
//! repaired in silence. It is not a place for detection, for secrets (the caller's redaction runs before anything is
//! parsed) or for state on disk: cursors are handed to the caller, who commits them together with the events.

pub mod batch;
mod ci;
pub mod cursor;
pub mod file;
pub mod framing;
pub mod inputs;
mod json;
mod layout;
mod mapping;
pub mod merge;
mod names;
mod ocsf;
pub mod options;
mod parse;
pub mod reader;
mod reshape;
mod secret_fields;
pub mod source;
pub mod sources;
mod statement;
mod stream;
pub mod watcher;

pub use batch::{Batch, Quarantined};
pub use cursor::Cursor;
pub use file::FileReader;
pub use inputs::Inputs;
pub use merge::Merged;
pub use options::{Limits, MissingTime, Options, Redact, keep};
pub use reader::{Reader, read_all, read_bytes};
pub use source::{Framing, Making, Mapped, RawRecord, Refusal, Source};
pub use sources::SOURCES;
pub use watcher::Watcher;

/// The source whose folder is called `name`, or the one that a mapping of that name was configured for.
pub fn source(name: &str) -> Option<&'static dyn Source> {
    let built_in = SOURCES.iter().copied().find(|source| source.name() == name);
    built_in.or_else(|| sources::ndjson::configured(name))
}

/// The taxonomies of all sources, each with the path of its file; see [`Source::taxonomy`].
pub fn taxonomies() -> impl Iterator<Item = (String, &'static str)> {
    let of = |source: &&'static dyn Source| (format!("{}/taxonomy.yml", source.name()), source.taxonomy());
    SOURCES.iter().map(of).filter(|(_, text)| !text.is_empty())
}

/// What `event` shows to have been made, and with what, as the source that made it reads its records: see
/// [`Source::makings`].
pub fn makings(event: &firebreak_model::Event) -> Vec<Making> {
    // Few events make anything.
    let source = event.keys.minted.as_ref().and_then(|_| source(event.source));
    source.map(|source| source.makings(event)).unwrap_or_default()
}

/// The OCSF 1.8 record of `event`, written by the source that made it. `None` where no source has that name.
pub fn ocsf_record(event: &firebreak_model::Event) -> Option<serde_json::Value> {
    source(event.source).map(|source| source.ocsf(event))
}
