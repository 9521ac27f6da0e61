//! Fields: the names that rules use, and how a name finds its values in an event.
//!
//! A dotted name is every way of reading its dots: `a.b` is the member `b` of the object `a` and the member whose
//! literal name is `a.b`. Arrays stand for all their elements, at any depth. `a.*` is every value in `a`, at any depth.
//! Names under `firebreak.` are the event's normalised keys and never the body, so that a record cannot forge them.

use crate::text::Scalar;
use firebreak_model::{Event, Json, Outcome, Text};
use serde::{Deserialize, Serialize};
use sonic_rs::ValueRef;

/// A name with more dots than this is refused at load: each dot doubles the ways to read it.
pub(crate) const DOTS_MAX: usize = 8;
/// Arrays and objects nested deeper than this inside a used field are not searched.
pub(crate) const DEPTH_MAX: usize = 64;

/// One of the event's normalised keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum KeyField {
    /// `firebreak.operation`
    Operation,
    /// `firebreak.actor`
    Actor,
    /// `firebreak.credential`
    Credential,
    /// `firebreak.session`
    Session,
    /// `firebreak.address`
    Address,
    /// `firebreak.user_agent`
    UserAgent,
    /// `firebreak.outcome`
    Outcome,
    /// `firebreak.target`
    Target,
    /// `firebreak.bytes`
    Bytes,
    /// `firebreak.records`
    Records,
    /// `firebreak.environment`
    Environment,
    /// `firebreak.minted`
    Minted,
    /// `firebreak.source`
    Source,
}

impl KeyField {
    /// Every key with the word after `firebreak.`.
    pub(crate) const WORDS: [(&'static str, KeyField); 13] = [
        ("operation", KeyField::Operation),
        ("actor", KeyField::Actor),
        ("credential", KeyField::Credential),
        ("session", KeyField::Session),
        ("address", KeyField::Address),
        ("user_agent", KeyField::UserAgent),
        ("outcome", KeyField::Outcome),
        ("target", KeyField::Target),
        ("bytes", KeyField::Bytes),
        ("records", KeyField::Records),
        ("environment", KeyField::Environment),
        ("minted", KeyField::Minted),
        ("source", KeyField::Source),
    ];

    /// Gives the key's value in `event`, if it has one, to `with`.
    pub(crate) fn value<R>(self, event: &Event, with: impl FnOnce(Scalar<'_>) -> R) -> Option<R> {
        let keys = &event.keys;
        let scalar = match self {
            KeyField::Operation => Some(Scalar::Text(&keys.operation)).filter(|_| !keys.operation.is_empty()),
            KeyField::Actor => keys.actor.as_ref().map(|key| Scalar::Text(key.as_str())),
            KeyField::Credential => keys.credential.as_ref().map(|key| Scalar::Text(key.as_str())),
            KeyField::Session => keys.session.as_deref().map(Scalar::Text),
            KeyField::Address => {
                if let Some(address) = keys.address {
                    return Some(with(Scalar::Text(&address.to_canonical().to_string())));
                }
                keys.address_text.as_deref().map(Scalar::Text)
            }
            KeyField::UserAgent => keys.user_agent.as_deref().map(Scalar::Text),
            KeyField::Outcome => Some(Scalar::Text(outcome_word(keys.outcome))),
            KeyField::Target => keys.target.as_ref().map(|key| Scalar::Text(key.as_str())),
            KeyField::Bytes => keys.bytes.map(Scalar::Unsigned),
            KeyField::Records => keys.records.map(Scalar::Unsigned),
            KeyField::Environment => keys.environment.as_ref().map(|key| Scalar::Text(key.as_str())),
            KeyField::Minted => keys.minted.as_ref().map(|key| Scalar::Text(key.as_str())),
            KeyField::Source => Some(Scalar::Text(event.source)),
        };
        scalar.map(with)
    }
}

/// The word that rules use for an outcome.
pub(crate) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
        Outcome::Unknown => "unknown",
    }
}

/// The field whose every value `name` means, where it is written `field.*`.
pub(crate) fn whole(name: &str) -> Option<&str> {
    name.strip_suffix(".*").filter(|field| !field.is_empty())
}

/// Where a predicate looks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// A dotted name in the record.
    Body(Text),
    /// One of the normalised keys.
    Key(KeyField),
    /// Any scalar anywhere in the record: what Sigma calls a keyword.
    Anywhere,
}

/// What a search of the body met.
pub(crate) enum Found<'a> {
    /// A scalar.
    Scalar(Scalar<'a>),
    /// An object: present, but without a text.
    Object,
}

impl Field {
    /// Gives every value that the field has in `event` to `visit`.
    pub(crate) fn values(&self, event: &Event, visit: &mut dyn FnMut(Found<'_>)) {
        match self {
            Field::Body(name) => match whole(name) {
                Some(name) => by_name(&event.body, name, 0, &mut |value, depth| anywhere(value, depth, visit)),
                None => by_name(&event.body, name, 0, &mut |value, depth| terminal(value, depth, visit)),
            },
            Field::Key(key) => {
                key.value(event, |scalar| visit(Found::Scalar(scalar)));
            }
            Field::Anywhere => anywhere(&event.body, 0, visit),
        }
    }

    /// Its name as a rule writes it.
    pub(crate) fn spelled(&self) -> String {
        match self {
            Field::Body(name) => name.to_string(),
            Field::Key(key) => {
                let word = KeyField::WORDS.iter().find(|(_, known)| known == key).map_or("", |(word, _)| word);
                format!("firebreak.{word}")
            }
            Field::Anywhere => "any value".to_owned(),
        }
    }

    /// The text of the first value that the field has in `event`.
    pub(crate) fn first_text(&self, event: &Event) -> Option<Text> {
        let mut first = None;
        let mut buffer = String::new();
        self.values(event, &mut |found| {
            if let (None, Found::Scalar(scalar)) = (&first, found) {
                first = Some(Text::new(scalar.text(&mut buffer)));
            }
        });
        first
    }
}

/// Every text that the field `name`, as rules write it, has in `event`.
pub fn texts(event: &Event, name: &str) -> Vec<String> {
    let key = name.strip_prefix("firebreak.");
    let key = key.and_then(|word| KeyField::WORDS.iter().find(|(known, _)| *known == word));
    let field = match (key, name.starts_with("firebreak.")) {
        (Some((_, key)), _) => Field::Key(*key),
        (None, true) => return Vec::new(),
        (None, false) => Field::Body(Text::new(name)),
    };
    let (mut texts, mut buffer) = (Vec::new(), String::new());
    field.values(event, &mut |found| {
        if let Found::Scalar(scalar) = found {
            texts.push(scalar.text(&mut buffer).to_owned());
        }
    });
    texts
}

/// Gives all that stands under the dotted `name` in `value` to `at_end`, with its depth.
fn by_name(value: &Json, name: &str, depth: usize, at_end: &mut dyn FnMut(&Json, usize)) {
    if depth > DEPTH_MAX {
        return;
    }
    match value.as_ref() {
        ValueRef::Array(elements) => {
            for element in elements.iter() {
                by_name(element, name, depth + 1, at_end);
            }
        }
        ValueRef::Object(members) => {
            for (key, member) in members.iter() {
                match beyond(name, key) {
                    None => {}
                    Some("") => at_end(member, depth + 1),
                    Some(rest) => by_name(member, rest, depth + 1, at_end),
                }
            }
        }
        _ => {}
    }
}

/// What is left of the dotted `name` below the member `key`: nothing where it ends there, `None` where it does not lead there.
#[inline]
pub(crate) fn beyond<'n>(name: &'n str, key: &str) -> Option<&'n str> {
    // Where the name must end or have a dot tells most members apart before any of their bytes are read.
    match name.as_bytes().get(key.len()) {
        None if key.len() == name.len() => name.strip_prefix(key),
        Some(b'.') if !key.is_empty() => name.strip_prefix(key)?.strip_prefix('.'),
        _ => None,
    }
}

/// All values of `value`, where a field's name ends.
pub(crate) fn terminal(value: &Json, depth: usize, visit: &mut dyn FnMut(Found<'_>)) {
    if depth > DEPTH_MAX {
        return;
    }
    match value.as_ref() {
        ValueRef::Array(elements) => {
            for element in elements.iter() {
                terminal(element, depth + 1, visit);
            }
        }
        ValueRef::Object(_) => visit(Found::Object),
        _ => {
            if let Some(scalar) = Scalar::of(value) {
                visit(Found::Scalar(scalar));
            }
        }
    }
}

/// All scalars in `value`.
fn anywhere(value: &Json, depth: usize, visit: &mut dyn FnMut(Found<'_>)) {
    if depth > DEPTH_MAX {
        return;
    }
    match value.as_ref() {
        ValueRef::Array(elements) => {
            for element in elements.iter() {
                anywhere(element, depth + 1, visit);
            }
        }
        ValueRef::Object(members) => {
            for (_, member) in members.iter() {
                anywhere(member, depth + 1, visit);
            }
        }
        _ => {
            if let Some(scalar) = Scalar::of(value) {
                visit(Found::Scalar(scalar));
            }
        }
    }
}
