//! `truth.json` of the scenario: what is really so. Only scoring reads it.

use anyhow::{Context, Result};
use firebreak_model::{Event, NodeKey, Time, Verdict};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is really so.
#[derive(Debug, Deserialize)]
pub struct Truth {
    verdicts: Vec<TrueVerdict>,
    /// Harmless things that look bad.
    pub benign: Vec<Benign>,
    /// When it happened.
    pub attack: Attack,
    /// The credentials that the intruder got.
    pub credentials_lost: Vec<NodeKey>,
    /// The records that these lead to, by class.
    pub records_reachable: BTreeMap<String, u64>,
    /// Bytes that leave if nobody does anything.
    pub bytes_without: u64,
    attack_events: Vec<Selector>,
}

#[derive(Debug, Deserialize)]
struct TrueVerdict {
    environment: NodeKey,
    verdict: Verdict,
}

/// A harmless thing that looks bad.
#[derive(Debug, Deserialize)]
pub struct Benign {
    /// What it is.
    pub name: String,
    /// Who or what must not be cut for it.
    pub subjects: Vec<NodeKey>,
}

/// When it happened.
#[derive(Debug, Deserialize)]
pub struct Attack {
    /// The first thing that the intruder does in any log.
    pub first_malicious: Time,
    /// The first use of a stolen key from outside.
    pub first_use_of_a_stolen_key: Time,
}

/// Which events of one source are the attack.
#[derive(Debug, Deserialize)]
struct Selector {
    source: String,
    from: Time,
    to: Time,
    address: Option<String>,
    actor: Option<NodeKey>,
    user_agent: Option<String>,
}

impl Selector {
    fn selects(&self, event: &Event) -> bool {
        let keys = &event.keys;
        let address = |wanted: &String| keys.address.is_some_and(|address| address.to_string() == *wanted);
        self.source == event.source
            && self.from <= event.time
            && event.time < self.to
            && self.address.as_ref().is_none_or(address)
            && self.actor.as_ref().is_none_or(|wanted| keys.actor.as_ref() == Some(wanted))
            && self.user_agent.as_ref().is_none_or(|wanted| keys.user_agent.as_deref() == Some(wanted))
    }
}

impl Truth {
    /// Reads the truth beside a scenario.
    ///
    /// # Errors
    /// If it is not there or not one.
    pub fn read(scenario: &Path) -> Result<Truth> {
        let path = scenario.join("truth.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading `{}`", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("reading `{}`", path.display()))
    }

    /// Whether `event` is part of the attack.
    pub fn is_attack(&self, event: &Event) -> bool {
        self.attack_events.iter().any(|selector| selector.selects(event))
    }

    /// The true verdict on each environment.
    pub fn verdicts(&self) -> BTreeMap<&str, Verdict> {
        self.verdicts.iter().map(|one| (one.environment.as_str(), one.verdict)).collect()
    }
}
