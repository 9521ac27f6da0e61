//! Muting, outside of the core: which detectors there are to mute, and the mutes as they are kept.

use crate::config::DetectConfig;
use crate::content;
use crate::store::Store;
use anyhow::{Context, Result};
use firebreak_contain::Mute;
use firebreak_contain::incident::{HELD_BACK, MUTE};
use firebreak_contain::mute::needs_a_name;
use firebreak_detect::{Rules, behaviours};
use firebreak_model::{Text, Time};
use firebreak_world::Disk;
use serde::Serialize;
use std::collections::BTreeMap;

/// A mute, and what it holds back.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Muted {
    /// Its name.
    pub id: String,
    /// What was said.
    #[serde(flatten)]
    pub mute: Mute,
    /// Findings that it holds back.
    pub held_back: u64,
}

/// The mutes that last at `now`, those that end first before the others.
///
/// # Errors
/// If the state cannot be read.
pub async fn lasting(store: &Store, now: Time) -> Result<Vec<Muted>> {
    let held = store.remembered_count(HELD_BACK, "mute").await?;
    let mut mutes = Vec::new();
    for (id, body) in store.remembered_of(MUTE).await? {
        let mute: Mute = serde_json::from_str(&body).context("a mute in the state is damaged")?;
        let held_back = held.get(&id).copied().unwrap_or_default();
        mutes.push(Muted { id, mute, held_back });
    }
    mutes.retain(|one| one.mute.until > now);
    mutes.sort_by(|one, other| (one.mute.until, &one.id).cmp(&(other.mute.until, &other.id)));
    Ok(mutes)
}

/// What of each detector can be muted: whether all that it finds trips on its own or is critical.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Detectors(BTreeMap<Text, bool>);

impl Detectors {
    /// Those of `rules`, and what is found without a rule.
    pub fn of(rules: &Rules) -> Detectors {
        let single = rules.detections().iter().filter(|rule| rule.emits).map(|rule| &rule.attributes);
        let joined = rules.correlations().iter().filter(|rule| rule.emits).map(|rule| &rule.attributes);
        let mut grave: BTreeMap<Text, bool> = behaviours().map(|one| (Text::new_static(one.name), false)).collect();
        for rule in single.chain(joined) {
            let all = grave.entry(rule.detector.clone()).or_insert(true);
            *all &= needs_a_name(rule.signal, rule.severity);
        }
        Detectors(grave)
    }

    /// Those that are configured.
    pub fn configured(disk: &dyn Disk, detect: &DetectConfig) -> Detectors {
        Detectors::of(&content::configured_rules(disk, detect, &[]).0)
    }

    /// Why `mute` cannot be had at `now`, and what to do.
    ///
    /// # Errors
    /// That is the error.
    pub fn allow(&self, mute: &Mute, now: Time) -> Result<(), (String, String)> {
        let detector = &mute.detector;
        match self.0.get(detector) {
            None => {
                let hint = "findings name their detector; the console's page Detections lists all".to_owned();
                return Err((format!("no detector or behaviour is called `{detector}`"), hint));
            }
            Some(true) if mute.about.is_none() => {
                let hint = "say which thing is meant: only what is about it or done by it is muted then".to_owned();
                return Err((format!("what `{detector}` finds trips on its own or is critical"), hint));
            }
            Some(_) => {}
        }
        mute.refusal(now).map_or(Ok(()), |(why, hint)| Err((why.to_owned(), hint)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::NodeKey;

    fn mute(detector: &str, about: Option<&str>) -> Mute {
        Mute {
            detector: Text::new(detector),
            about: about.map(|key| NodeKey::parse(key).expect("a key")),
            until: Time::from_seconds(3_600),
            by: NodeKey::identity("person", "ada@example.com"),
            at: Time(0),
            because: "the office moves".to_owned(),
        }
    }

    #[test]
    fn what_always_trips_is_muted_for_a_named_thing_alone_and_what_nobody_knows_not_at_all() {
        let (rules, _) = content::rules(&firebreak_world::RealDisk, &[]);
        let known = Detectors::of(&rules);
        let grave = known.0.iter().find(|(_, grave)| **grave).map(|(name, _)| name.to_string()).expect("tripwires");
        let allowed = |detector: &str, about| known.allow(&mute(detector, about), Time(0));
        assert!(allowed(&grave, None).expect_err("it trips").0.contains("trips on its own"));
        assert_eq!(allowed(&grave, Some("credential:aws/AKIA1")), Ok(()));
        assert_eq!(allowed("first_seen_network", None), Ok(()));
        assert!(allowed("nothing_of_the_kind", None).is_err());
    }
}
