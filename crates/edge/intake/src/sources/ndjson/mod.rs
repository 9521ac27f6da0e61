//! Any log of JSON objects. `ndjson` itself reads what most programs write; a mapping in the configuration makes a source
//! of its own, under its own name, for a program whose fields are called otherwise.

mod mapping;
mod ocsf;

pub use mapping::{Key, Mapping, TimeFormat};

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, NodeKind, Outcome, Text};
use std::sync::{PoisonError, RwLock};

/// Logs of JSON objects as most programs write them.
pub static SOURCE: Ndjson = Ndjson { mapping: None };

/// A log of JSON objects.
#[derive(Debug)]
pub struct Ndjson {
    /// Where the fields are; none for what most programs write.
    mapping: Option<Configured>,
}

/// A mapping whose names last as long as the program: events name their source by reference.
#[derive(Debug)]
struct Configured {
    name: &'static str,
    log_source: LogSource,
    mapping: Mapping,
}

/// The sources that were configured, in their order.
static CONFIGURED: RwLock<Vec<&'static Ndjson>> = RwLock::new(Vec::new());

/// Makes a source of `mapping`, or replaces the one of that name. Its names are kept until the program ends, once for
/// each different mapping.
///
/// # Errors
/// If the mapping cannot be used: the text names the key and the cure.
pub fn configure(mapping: Mapping) -> Result<&'static dyn Source, String> {
    mapping.check()?;
    if super::SOURCES.iter().any(|source| source.name() == mapping.name) {
        let name = &mapping.name;
        return Err(format!("`intake.ndjson.name`: `{name}` is a source already\nhint: choose a name of your own"));
    }
    let mut configured = CONFIGURED.write().unwrap_or_else(PoisonError::into_inner);
    let known = configured.iter().position(|source| source.name() == mapping.name);
    if let Some(same) = known.and_then(|at| configured.get(at)).filter(|source| source.is(&mapping)) {
        return Ok(*same);
    }
    let source: &'static Ndjson = Box::leak(Box::new(Ndjson { mapping: Some(Configured::of(mapping)) }));
    match known.and_then(|at| configured.get_mut(at)) {
        Some(place) => *place = source,
        None => configured.push(source),
    }
    Ok(source)
}

/// The configured source of this name.
pub(crate) fn configured(name: &str) -> Option<&'static dyn Source> {
    let configured = CONFIGURED.read().unwrap_or_else(PoisonError::into_inner);
    configured.iter().find(|source| source.name() == name).map(|source| *source as &dyn Source)
}

impl Configured {
    fn of(mapping: Mapping) -> Configured {
        let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        Configured {
            name: kept(&mapping.name),
            log_source: LogSource { product: kept(&mapping.product), service: kept(&mapping.service) },
            mapping,
        }
    }
}

impl Ndjson {
    fn is(&self, mapping: &Mapping) -> bool {
        self.mapping.as_ref().is_some_and(|configured| configured.mapping == *mapping)
    }
}

impl Source for Ndjson {
    fn name(&self) -> &'static str {
        self.mapping.as_ref().map_or("ndjson", |configured| configured.name)
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        match &self.mapping {
            Some(configured) => configured.map(record),
            None => common(record),
        }
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// Names that most programs use, the likeliest first. A dot leads into an object.
const TIMES: [&str; 6] = ["time", "timestamp", "@timestamp", "ts", "created_at", "date"];
const IDS: [&str; 5] = ["id", "event_id", "eventId", "uuid", "request_id"];
const ACTORS: [&str; 8] = ["actor.email", "user.email", "email", "actor.id", "user.name", "username", "user", "actor"];
const ADDRESSES: [&str; 7] = ["ip", "ip_address", "remote_addr", "client_ip", "source.ip", "client.ip", "src_ip"];
const AGENTS: [&str; 3] = ["user_agent", "userAgent", "http.user_agent"];
const OPERATIONS: [&str; 7] = ["action", "operation", "event.action", "event_type", "event", "method", "type"];
const TARGETS: [&str; 4] = ["target.id", "target", "resource", "object"];
const OUTCOMES: [&str; 5] = ["outcome", "event.outcome", "result", "status", "success"];

/// The text at the first of `names`.
fn first<'j>(json: &'j Json, names: &[&str]) -> Option<&'j str> {
    names.iter().find_map(|name| json::text(json, &name.split('.').collect::<Vec<_>>()))
}

/// What a record says whose fields are called as most programs call them.
fn common(record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
    let operation = first(record.json, &OPERATIONS).ok_or_else(|| {
        let hint = "say where it is with a mapping under `[[intake.ndjson]]`";
        Refusal::new("no field that names what was done", hint)
    })?;
    let paths: Vec<[&str; 1]> = TIMES.iter().map(|name| [*name]).collect();
    let paths: Vec<&[&str]> = paths.iter().map(|path| &path[..]).collect();
    let actor = first(record.json, &ACTORS);
    let outcome = OUTCOMES.iter().find_map(|name| said(record.json, name));
    let mut keys = Keys {
        actor: person(actor).or_else(|| actor.map(|name| NodeKey::identity("ndjson", name))),
        user_agent: json::owned(first(record.json, &AGENTS)),
        operation: Text::new(operation),
        target: first(record.json, &TARGETS).map(|name| NodeKey::resource("ndjson", name)),
        outcome: outcome.map_or(Outcome::Unknown, |word| mapping::outcome(&word)),
        ..Keys::default()
    };
    set_address(&mut keys, first(record.json, &ADDRESSES));
    Ok(Mapped {
        native_id: record.native_id(first(record.json, &IDS)),
        time: record.time(&paths)?,
        log_source: LogSource { product: "ndjson", service: "event" },
        keys,
        body: None,
    })
}

/// A word, number or truth value at a dotted name, as text.
fn said(json: &Json, name: &str) -> Option<String> {
    use sonic_rs::JsonValueTrait;
    let path: Vec<&str> = name.split('.').collect();
    let value = json::at(json, &path)?;
    let word = json::id(json, &path).map(|text| text.into_owned());
    word.or_else(|| value.as_bool().map(|truth| truth.to_string()))
}

impl Configured {
    /// What a record says by this mapping.
    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let mapping = &self.mapping;
        let text = |path: &Option<String>| path.as_deref().and_then(|path| said(record.json, path));
        let key = |key: &Option<Key>, kind: NodeKind| key.as_ref().and_then(|key| key.of(record.json, kind));
        let operation = said(record.json, &mapping.operation).ok_or_else(|| {
            let hint = "check the mapping's `operation` and whether the input is this program's log";
            Refusal::new(format!("nothing at `{}`, where the operation should be", mapping.operation), hint)
        })?;
        let number = |path: &Option<String>| {
            let path = path.as_deref()?;
            json::count(record.json, &path.split('.').collect::<Vec<_>>())
        };
        let mut keys = Keys {
            actor: key(&mapping.actor, NodeKind::Identity),
            credential: key(&mapping.credential, NodeKind::Credential),
            session: text(&mapping.session).map(Text::from),
            user_agent: text(&mapping.user_agent).map(Text::from),
            operation: Text::from(operation),
            target: key(&mapping.target, NodeKind::Resource),
            outcome: text(&mapping.outcome).map_or(Outcome::Unknown, |word| mapping.outcome_of(&word)),
            bytes: number(&mapping.bytes),
            records: number(&mapping.records),
            ..Keys::default()
        };
        set_address(&mut keys, text(&mapping.address).as_deref());
        Ok(Mapped {
            native_id: record.native_id(text(&mapping.id).as_deref()),
            time: mapping.time(record)?,
            log_source: self.log_source,
            keys,
            body: None,
        })
    }
}
