//! Findings: something wrong, with the events that show it and one sentence that says why.

use crate::{DataClass, EventUid, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};

/// The deterministic name of a finding: the same detector, subject and first event always give the same id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(Text);

impl FindingId {
    /// The id of what `detector` found about `subject`, beginning with `first`.
    pub fn of(detector: &str, subject: Option<&NodeKey>, first: EventUid) -> FindingId {
        let subject = subject.map_or("", NodeKey::as_str);
        let uid = EventUid::of(detector, format!("{subject}\n{first}").as_bytes());
        FindingId(smol_str::format_smolstr!("fnd-{:016x}", (uid.0 >> 64) as u64))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FindingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad, in the words of Sigma's `level`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Informational,
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Wake someone.
    Critical,
}

/// What a finding may lead to. Containment needs a tripwire, or novelty and volume about the same subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Only watch.
    Watch,
    /// Something about this subject is seen for the first time.
    Novelty,
    /// Far more leaves than this subject's budget.
    Volume,
    /// No honest user does this.
    Tripwire,
}

/// One finding.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Its name.
    pub id: FindingId,
    /// The detector's folder.
    pub detector: Text,
    /// The detector's title.
    pub title: Text,
    /// How bad.
    pub severity: Severity,
    /// What it may lead to.
    pub signal: Signal,
    /// Who or what is in question: the credential where there is one, else the actor, else the environment.
    pub subject: Option<NodeKey>,
    /// The actor behind the subject.
    pub actor: Option<NodeKey>,
    /// The data class in question, for a breaker.
    #[serde(default)]
    pub class: Option<DataClass>,
    /// Time of the first event.
    pub first: Time,
    /// Time of the event that completed it.
    pub at: Time,
    /// The events that show it, at most 100; `event_count` has them all.
    pub events: Vec<EventUid>,
    /// How many events show it.
    pub event_count: u64,
    /// One sentence with the numbers that decided it. Never holds a secret.
    pub explanation: String,
    /// ATT&CK techniques: `T1528`.
    pub techniques: Vec<Text>,
}
