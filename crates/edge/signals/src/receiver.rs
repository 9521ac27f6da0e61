//! What a receiver makes of a token: taken, known already, put aside, or refused with the code that RFC 8935 has for it.
//!
//! It keeps the names of the tokens of the last days, within a bound, and nothing else. What it takes is what somebody said.

use crate::TOKEN_BYTES_MAX;
use crate::jose::{JoseError, Keys, Unverified};
use crate::set::{Set, TYP};
use firebreak_model::Time;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use thiserror::Error;

/// Whom we hear, and how we are called there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The issuer, to the letter.
    pub issuer: String,
    /// What its tokens call us in `aud`.
    pub audience: String,
    /// Its keys, as they were last read.
    pub keys: Keys,
}

/// Bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// A token made longer ago than this is refused: its name may be forgotten already.
    pub age_seconds_max: i64,
    /// How far our clocks may be apart.
    pub skew_seconds: i64,
    /// Names that are kept of each issuer.
    pub names_max: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { age_seconds_max: 7 * 86_400, skew_seconds: 300, names_max: 100_000 }
    }
}

/// What a token came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Heard {
    /// Something new.
    New(Box<Set>),
    /// It was heard before: it is acknowledged and does nothing.
    Again,
    /// It is rightly signed and of a type that we do not understand: acknowledged, counted and kept aside.
    Aside(Box<Set>),
    /// The stream's own word: verification, or a change of its status.
    Stream(Box<Set>),
}

/// Why a token is refused, with the codes of RFC 8935, section 2.4, and SSF 1.0.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{code}: {description}")]
pub struct Refused {
    /// `invalid_request`, `invalid_key`, `invalid_issuer`, `invalid_audience`, `authentication_failed`, `access_denied` or
    /// `invalid_state`.
    pub code: &'static str,
    /// In words.
    pub description: String,
}

impl Refused {
    /// With a code and words.
    pub fn new(code: &'static str, description: impl Into<String>) -> Refused {
        Refused { code, description: description.into() }
    }

    /// As it is answered.
    pub fn json(&self) -> Value {
        json!({"err": self.code, "description": self.description})
    }
}

#[derive(Default)]
struct Names {
    known: BTreeSet<String>,
    order: VecDeque<String>,
}

/// How often each thing happened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Tokens that said something new.
    pub new: u64,
    /// Tokens that were known.
    pub again: u64,
    /// Tokens of types that we do not understand.
    pub aside: u64,
    /// Refusals by code.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Judges tokens.
#[derive(Default)]
pub struct Receiver {
    sources: Vec<Source>,
    bounds: Bounds,
    names: BTreeMap<String, Names>,
    /// States that we asked streams to say back, by issuer.
    asked: BTreeMap<String, String>,
    counts: Counts,
}

impl Receiver {
    /// One that hears `sources`.
    pub fn new(sources: Vec<Source>, bounds: Bounds) -> Receiver {
        Receiver { sources, bounds, ..Receiver::default() }
    }

    /// How often each thing happened since the start.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes the keys of `issuer` in place of those known: keys change, and old ones are gone with that.
    pub fn set_keys(&mut self, issuer: &str, keys: Keys) {
        if let Some(source) = self.sources.iter_mut().find(|source| source.issuer == issuer) {
            source.keys = keys;
        }
    }

    /// Which issuer's keys should be read again before `token` is judged: it names a key that we do not have.
    pub fn lacks_key(&self, token: &str) -> Option<&str> {
        let token = Unverified::parse(token).ok()?;
        let issuer = token.hint("iss")?;
        let source = self.sources.iter().find(|source| source.issuer == issuer)?;
        (!source.keys.has(&token.header.kid)).then_some(source.issuer.as_str())
    }

    /// Remembers that `issuer` was asked to say `state` back.
    pub fn expect_state(&mut self, issuer: &str, state: &str) {
        self.asked.insert(issuer.to_owned(), state.to_owned());
    }

    /// Remembers a name, as one that was heard before the start.
    pub fn remember(&mut self, issuer: &str, jti: &str) {
        self.is_new(issuer, jti);
    }

    /// Judges `token`, handed in by whoever speaks for `from` where that is known by other means.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn hear(&mut self, token: &[u8], from: Option<&str>, now: Time) -> Result<Heard, Refused> {
        let heard = self.judge(token, from, now);
        match &heard {
            Ok(Heard::New(_)) => self.counts.new += 1,
            Ok(Heard::Again) => self.counts.again += 1,
            Ok(Heard::Aside(_)) => self.counts.aside += 1,
            Ok(Heard::Stream(_)) => {}
            Err(refused) => *self.counts.refused.entry(refused.code).or_default() += 1,
        }
        heard
    }

    fn judge(&mut self, token: &[u8], from: Option<&str>, now: Time) -> Result<Heard, Refused> {
        let request = |words: String| Refused::new("invalid_request", words);
        if token.len() > TOKEN_BYTES_MAX {
            return Err(request(format!("it has more than {TOKEN_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(token).map_err(|_| request("it is not text".to_owned()))?.trim();
        let token = Unverified::parse(text).map_err(|error| match error {
            JoseError::Algorithm(_) => Refused::new("invalid_key", error.to_string()),
            other => request(other.to_string()),
        })?;
        let typ = token.header.typ.trim_start_matches("application/").to_ascii_lowercase();
        if typ != TYP {
            return Err(request(format!("its `typ` is not `{TYP}`")));
        }
        let issuer = token.hint("iss").unwrap_or_default().to_owned();
        let source =
            self.sources.iter().find(|source| source.issuer == issuer && from.is_none_or(|from| from == issuer));
        let source = source.ok_or_else(|| Refused::new("invalid_issuer", "we do not hear this issuer here"))?;
        let claims = token.verified(&source.keys).map_err(|error| match error {
            JoseError::Forged => Refused::new("authentication_failed", error.to_string()),
            other => Refused::new("invalid_key", other.to_string()),
        })?;
        let set = Set::parse(&claims).map_err(request)?;
        if !set.aud.contains(&source.audience) {
            return Err(Refused::new("invalid_audience", "it is not for us"));
        }
        if set.iat > now.plus_seconds(self.bounds.skew_seconds) {
            return Err(request("its `iat` is in the future".to_owned()));
        }
        if set.iat < now.plus_seconds(-self.bounds.age_seconds_max) {
            return Err(request("its `iat` is too long ago".to_owned()));
        }
        self.sort(set)
    }

    fn sort(&mut self, set: Set) -> Result<Heard, Refused> {
        if set.event.kind == crate::event::VERIFICATION {
            let state = set.event.body["state"].as_str();
            // A transmitter may verify by itself, and then says no state.
            if state.is_some() && state != self.asked.get(&set.iss).map(String::as_str) {
                return Err(Refused::new("invalid_state", "this is not the state that we asked for"));
            }
        }
        if !self.is_new(&set.iss, &set.jti) {
            return Ok(Heard::Again);
        }
        let set = Box::new(set);
        Ok(match set.event.kind.as_str() {
            crate::event::VERIFICATION | crate::event::STREAM_UPDATED => Heard::Stream(set),
            _ if set.event.is_known() => Heard::New(set),
            _ => Heard::Aside(set),
        })
    }

    fn is_new(&mut self, issuer: &str, jti: &str) -> bool {
        let names = self.names.entry(issuer.to_owned()).or_default();
        if !names.known.insert(jti.to_owned()) {
            return false;
        }
        names.order.push_back(jti.to_owned());
        if names.order.len() > self.bounds.names_max {
            // The oldest: what comes that late again is told apart by its name in the lake.
            if let Some(oldest) = names.order.pop_front() {
                names.known.remove(&oldest);
            }
        }
        true
    }

    /// Takes back that a token was heard: it could not be kept, and is to be sent again.
    pub fn forget(&mut self, issuer: &str, jti: &str) {
        if let Some(names) = self.names.get_mut(issuer) {
            names.known.remove(jti);
            names.order.retain(|name| name != jti);
        }
    }
}
