//! Events for tests of what happens over time: a list that is written in the order of the story.

use crate::{Matcher, Observed, Scratch};
use firebreak_model::{Event, EventUid, Finding, Keys, LogSource, NodeKey, Outcome, Text, Time};
use std::sync::Arc;

/// A list of events, in the order in which they arrive.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    events: Vec<Line>,
}

/// One event as the story tells it.
#[derive(Clone)]
pub(crate) struct Line {
    at: i64,
    number: usize,
    source: &'static str,
    keys: Keys,
    raw: &'static str,
}

impl Trace {
    /// Adds an event at so many seconds.
    pub(crate) fn event(&mut self, at: i64) -> &mut Line {
        let number = self.events.len();
        let keys = Keys { outcome: Outcome::Success, ..Keys::default() };
        self.events.push(Line { at, number, source: "aws_cloudtrail", keys, raw: "{}" });
        self.events.last_mut().expect("just pushed")
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The same events by time.
    pub(crate) fn in_order(&self) -> Trace {
        let mut trace = self.clone();
        trace.events.sort_by_key(|line| (line.at, line.number));
        trace
    }

    /// The same events, each delayed by up to so many seconds.
    pub(crate) fn jittered(&self, seed: u64, seconds: u64) -> Trace {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut arrivals: Vec<(i64, Line)> = Vec::new();
        for line in &self.events {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            arrivals.push((line.at * 1_000 + (state % (seconds * 1_000)) as i64, line.clone()));
        }
        arrivals.sort_by_key(|(arrives, line)| (*arrives, line.number));
        Trace { events: arrivals.into_iter().map(|(_, line)| line).collect() }
    }

    /// Every event twice.
    pub(crate) fn doubled(&self) -> Trace {
        Trace { events: self.in_order().events.into_iter().flat_map(|line| [line.clone(), line]).collect() }
    }

    /// The events with the rules that they meet.
    pub(crate) fn observed(&self, matcher: &Matcher) -> Vec<Observed> {
        let mut scratch = Scratch::default();
        let observe = |line: &Line| {
            let event = line.event();
            let matches = matcher.matches(&event, &mut scratch).to_vec();
            Observed { event: Arc::new(event), matches }
        };
        self.events.iter().map(observe).collect()
    }
}

impl Line {
    pub(crate) fn by(&mut self, actor: &str, credential: &str) -> &mut Line {
        self.keys.actor = Some(NodeKey::identity("aws", actor));
        self.keys.credential = Some(NodeKey::credential("aws", credential));
        self
    }

    /// Only the actor, in a session.
    pub(crate) fn in_session(&mut self, actor: NodeKey, session: &str) -> &mut Line {
        (self.keys.actor, self.keys.session) = (Some(actor), Some(Text::new(session)));
        self
    }

    pub(crate) fn holding(&mut self, credential: NodeKey) -> &mut Line {
        self.keys.credential = Some(credential);
        self
    }

    pub(crate) fn with(&mut self, agent: &str) -> &mut Line {
        self.keys.user_agent = Some(Text::new(agent));
        self
    }

    pub(crate) fn raw(&mut self, raw: &'static str) -> &mut Line {
        self.raw = raw;
        self
    }

    pub(crate) fn from(&mut self, address: &str) -> &mut Line {
        self.keys.address = Some(address.parse().expect("an address"));
        self
    }

    pub(crate) fn does(&mut self, operation: &str) -> &mut Line {
        self.keys.operation = Text::new(operation);
        self
    }

    pub(crate) fn on(&mut self, bucket: &str) -> &mut Line {
        self.keys.target = Some(NodeKey::resource("aws", bucket));
        self
    }

    pub(crate) fn takes(&mut self, bytes: u64, records: u64) -> &mut Line {
        (self.keys.bytes, self.keys.records) = (Some(bytes), Some(records));
        self
    }

    pub(crate) fn refused(&mut self) -> &mut Line {
        self.keys.outcome = Outcome::Denied;
        self
    }

    pub(crate) fn source(&mut self, source: &'static str) -> &mut Line {
        self.source = source;
        self
    }

    fn event(&self) -> Event {
        let native_id = Text::new(format!("{}", self.number));
        Event {
            uid: EventUid::of(self.source, native_id.as_bytes()),
            source: self.source,
            native_id,
            time: Time::from_seconds(self.at),
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys: self.keys.clone(),
            body: sonic_rs::from_str("{}").expect("json"),
            raw: Arc::from(self.raw.as_bytes()),
        }
    }
}

/// Puts findings into an order of their own.
pub(crate) fn sorted(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (&a.id, a.at).cmp(&(&b.id, b.at)));
}
