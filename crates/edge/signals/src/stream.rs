//! A stream of the transmitter: what a receiver asked for, whether it flows, about whom, and what is still to be taken.

use crate::event::{Event, SUPPORTED};
use crate::set::Set;
use crate::subject::Subject;
use firebreak_model::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};

/// Push (RFC 8935).
pub const PUSH: &str = "urn:ietf:rfc:8935";
/// Poll (RFC 8936).
pub const POLL: &str = "urn:ietf:rfc:8936";
/// Events that wait in one stream, at most; then the oldest goes, and is counted.
pub const WAITING_MAX: usize = 10_000;
/// Names of events that a stream had, at most.
const NAMES_MAX: usize = 50_000;
/// Subjects that are left out of one stream, at most.
const SUBJECTS_MAX: usize = 10_000;

/// Whether a stream flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamStatus {
    /// Events go out.
    #[default]
    Enabled,
    /// Events are held.
    Paused,
    /// Events are neither sent nor held.
    Disabled,
}

impl StreamStatus {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            StreamStatus::Enabled => "enabled",
            StreamStatus::Paused => "paused",
            StreamStatus::Disabled => "disabled",
        }
    }

    /// The status of that name.
    pub fn of(word: &str) -> Option<StreamStatus> {
        [StreamStatus::Enabled, StreamStatus::Paused, StreamStatus::Disabled]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// How events are taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum Delivery {
    /// We bring them.
    Push {
        /// Where.
        endpoint_url: String,
    },
    /// The receiver fetches them.
    Poll,
}

/// An event that waits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Queued {
    /// What is said. It is signed when it goes out, with the key of that time.
    pub set: Set,
    /// How often it was pushed.
    pub tries: u32,
    /// When it may be pushed again.
    pub due: Time,
}

/// A stream.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// Its name.
    pub id: String,
    /// Whose it is, as the operator calls the receiver.
    pub receiver: String,
    /// What its tokens call the receiver.
    pub aud: Vec<String>,
    /// What the receiver asked for.
    pub requested: Option<Vec<String>>,
    /// How events are taken.
    pub delivery: Delivery,
    /// For people.
    pub description: Option<String>,
    /// Whether it flows.
    pub status: StreamStatus,
    /// Why it does not.
    pub reason: Option<String>,
    /// Subjects that the receiver had left out. All others are in.
    pub left_out: Vec<Subject>,
    /// What waits, oldest first.
    pub waiting: VecDeque<Queued>,
    /// Names of the events that it had.
    pub names: VecDeque<String>,
    /// When the receiver last asked for a verification.
    pub verified: Option<Time>,
    /// Events that went because too many waited.
    pub dropped: u64,
    /// Events that the receiver refused, and what it said last.
    pub refused: u64,
    /// The receiver's words.
    pub refusal: Option<String>,
}

impl Stream {
    /// The types of events that it has.
    pub fn delivered(&self) -> Vec<&'static str> {
        let wanted =
            |kind: &&&'static str| self.requested.as_ref().is_none_or(|asked| asked.iter().any(|one| one == **kind));
        SUPPORTED.iter().filter(wanted).copied().collect()
    }

    /// Its configuration as a receiver sees it.
    pub fn json(&self, issuer: &str, poll_url: &str) -> Value {
        let delivery = match &self.delivery {
            Delivery::Push { endpoint_url } => json!({"method": PUSH, "endpoint_url": endpoint_url}),
            Delivery::Poll => json!({"method": POLL, "endpoint_url": poll_url}),
        };
        let mut shown = json!({
            "stream_id": self.id, "iss": issuer, "aud": self.aud, "delivery": delivery, "events_supported": SUPPORTED,
            "events_delivered": self.delivered(), "min_verification_interval": crate::transmitter::VERIFY_SECONDS_MIN,
        });
        if let Some(requested) = &self.requested {
            shown["events_requested"] = json!(requested);
        }
        if let Some(description) = &self.description {
            shown["description"] = json!(description);
        }
        shown
    }

    /// Its status as a receiver sees it.
    pub fn status_json(&self) -> Value {
        let mut shown = json!({"stream_id": self.id, "status": self.status.word()});
        if let Some(reason) = &self.reason {
            shown["reason"] = json!(reason);
        }
        shown
    }

    /// Whether events about `subject` are in it.
    pub fn tells_of(&self, subject: &Subject) -> bool {
        !self.left_out.iter().any(|one| one.matches(subject))
    }

    /// Leaves `subject` out, or takes it in again. `false` where too many are left out already.
    pub fn leave_out(&mut self, subject: &Subject, out: bool) -> bool {
        self.left_out.retain(|one| one != subject);
        if out && self.left_out.len() >= SUBJECTS_MAX {
            return false;
        }
        if out {
            self.left_out.push(subject.clone());
        }
        true
    }

    /// Puts an event in, once by its name. A stream that is disabled holds nothing.
    pub fn put(&mut self, set: Set, now: Time) -> bool {
        if self.status == StreamStatus::Disabled || self.names.contains(&set.jti) {
            return false;
        }
        self.names.push_back(set.jti.clone());
        if self.names.len() > NAMES_MAX {
            self.names.pop_front();
        }
        self.waiting.push_back(Queued { set, tries: 0, due: now });
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        true
    }

    /// Whether it has events of that type.
    pub fn has(&self, event: &Event) -> bool {
        self.delivered().contains(&event.kind.as_str())
    }

    /// The receiver has taken these.
    pub fn taken(&mut self, names: &BTreeSet<String>) {
        self.waiting.retain(|queued| !names.contains(&queued.set.jti));
    }

    /// The receiver refused this one.
    pub fn refuse(&mut self, name: &str, why: &str) {
        let before = self.waiting.len();
        self.waiting.retain(|queued| queued.set.jti != name);
        if self.waiting.len() < before {
            self.refused += 1;
            self.refusal = Some(why.chars().take(300).collect());
        }
    }
}
