//! Standing policies: what the owner wants contained on sight, with the narrow steps that do it written down beforehand.
//!
//! A policy says when it fires and what it asks for. It decides nothing: whether its steps happen is the gate's matter, and
//! where the owner has not switched it on it is not even looked at.

use crate::prepared::{Cut, KnownActions, PreparedStep};
use firebreak_model::{CutOption, EventUid, Finding, NodeKey, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The form of a policy's file.
pub const FORMAT: &str = "firebreak.standing_policy/1";

/// How long what its finding is about is followed where the file says nothing, in seconds: an hour.
const FOLLOW_SECONDS: i64 = 3_600;

/// The longest that it may be followed, in seconds: a week.
const FOLLOW_SECONDS_MAX: i64 = 7 * 86_400;

/// More steps are not read out of one event.
const CUTS_OF_ONE_EVENT_MAX: usize = 100;

/// What the owner wants of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is not looked at.
    #[default]
    Off,
    /// It makes its plan, and a person must approve that, whatever the gate says.
    Ask,
    /// It makes its plan, and the gate decides.
    On,
}

/// What the owner wants of a policy's steps that cannot be taken back, where the policy is [`Mode::On`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Irreversible {
    /// They wait for a person; the rest of the plan goes ahead.
    #[default]
    Ask,
    /// The gate decides over them as over the others.
    Allow,
}

/// A policy and what the owner wants of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The policy.
    pub policy: StandingPolicy,
    /// What the owner wants of it.
    pub mode: Mode,
    /// What the owner wants of its steps that cannot be taken back.
    pub irreversible: Irreversible,
    /// What it leaves alone: keys of things, or values of parameters (the client of an app that the owner trusts).
    pub except: BTreeSet<String>,
}

impl Standing {
    /// The policy with nothing spared, and its steps that cannot be taken back asked about.
    pub fn of(policy: StandingPolicy, mode: Mode) -> Standing {
        Standing { policy, mode, irreversible: Irreversible::Ask, except: BTreeSet::new() }
    }
}

/// A policy's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// [`FORMAT`].
    pub format: String,
    /// Its name: its folder's.
    pub id: Text,
    /// What it does, for people.
    pub title: String,
    /// When it fires.
    pub when: When,
    /// For so long after a finding what its actor does more of the same is contained too.
    #[serde(default = "follow_seconds")]
    pub follow_seconds: i64,
    /// Steps that the events of a finding fill in.
    #[serde(default, rename = "event_step")]
    pub event_steps: Vec<EventStepFile>,
    /// Steps that the map says.
    #[serde(default, rename = "map_step")]
    pub map_steps: Vec<MapStep>,
}

const fn follow_seconds() -> i64 {
    FOLLOW_SECONDS
}

/// When a policy fires: on any of these.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// A finding of one of these detectors or behaviours.
    pub findings: BTreeSet<Text>,
    /// Only findings of these signals, where some are named.
    pub signals: BTreeSet<Signal>,
    /// A verdict that an environment was exposed, where something could be read there.
    pub exposed: bool,
}

impl When {
    /// Whether the policy fires on `finding`.
    pub fn names(&self, finding: &Finding) -> bool {
        self.findings.contains(&finding.detector) && (self.signals.is_empty() || self.signals.contains(&finding.signal))
    }
}

/// A step for each event of a finding that met one of these rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventStepFile {
    /// Rules by name, or detectors by folder.
    pub rules: BTreeSet<Text>,
    /// Fields that must have one of these values.
    #[serde(default)]
    pub only: BTreeMap<Text, BTreeSet<String>>,
    /// Pairs of fields that must have a value in common.
    #[serde(default)]
    pub same: Vec<(Text, Text)>,
    /// Only where the map says that what the event acts on holds a class of data.
    #[serde(default)]
    pub sensitive: bool,
    /// What the places of the step are filled with.
    pub fields: BTreeMap<Text, FieldRule>,
    /// The step.
    pub step: PreparedStep,
}

/// Where a value stands in an event.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldRule {
    /// The field, as rules name it; several where records of one source name it otherwise.
    pub of: Vec<Text>,
    /// The text before the value, where the field holds more than it.
    pub after: String,
    /// The text after it.
    pub until: String,
    /// Where the part of the text ends that belongs to the value, and what one of must stand in it.
    pub end: String,
    /// One of these must stand in that part; anything may where none is named.
    pub containing: BTreeSet<String>,
    /// What it is where the record does not say.
    pub otherwise: Option<String>,
}

/// What the map is asked to cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapStep {
    /// Which things.
    pub cut: MapCut,
}

/// Which things the map is asked about. Each is cut by itself, at its cheapest, and nothing beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapCut {
    /// What the finding is about; its actor where the map cannot cut that.
    Subject,
    /// Every credential that could be read in the exposed environment and still lives.
    ReadableThere,
}

/// A policy that can be carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingPolicy {
    /// Its name.
    pub id: Text,
    /// What it does, for people.
    pub title: String,
    /// When it fires.
    pub when: When,
    /// For how long it follows what it found.
    pub follow_seconds: i64,
    /// Steps that events fill in.
    pub event_steps: Vec<EventStep>,
    /// Steps that the map says.
    pub map_steps: Vec<MapStep>,
}

/// A step that an event fills in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventStep {
    /// Rules by name, or detectors by folder.
    pub rules: BTreeSet<Text>,
    only: BTreeMap<Text, BTreeSet<String>>,
    same: Vec<(Text, Text)>,
    /// Only where the map says that what the event acts on holds a class of data.
    pub sensitive: bool,
    fields: BTreeMap<Text, FieldRule>,
    cut: Cut,
}

/// What one event fills in for one policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// The policy.
    pub policy: Text,
    /// The event.
    pub event: EventUid,
    /// When it happened.
    pub at: Time,
    /// Who and what it is about: actor, credential, target, environment.
    pub about: BTreeSet<NodeKey>,
    /// The cuts.
    pub cuts: Vec<CutOption>,
    /// What the event acts on, and the cuts that are wanted only where the map says that it holds a class of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_sensitive: Option<(NodeKey, Vec<CutOption>)>,
    /// Why a step could not be filled in.
    pub unread: Vec<String>,
}

impl StandingPolicy {
    /// The policy of a file, where these actions exist.
    ///
    /// # Errors
    /// All that is wrong with it, in words with the number of the step.
    pub fn load(file: PolicyFile, known: &KnownActions) -> Result<StandingPolicy, Vec<String>> {
        let mut faults = Vec::new();
        if file.format != FORMAT {
            faults.push(format!("its format is `{}`, and `{FORMAT}` is read", file.format));
        }
        if file.when.findings.is_empty() && !file.when.exposed {
            faults.push("it never fires: `when` names no finding and not `exposed`".to_owned());
        }
        if file.event_steps.is_empty() && file.map_steps.is_empty() {
            faults.push("it asks for nothing: it has no `[[event_step]]` and no `[[map_step]]`".to_owned());
        }
        if !(0..=FOLLOW_SECONDS_MAX).contains(&file.follow_seconds) {
            faults.push(format!("`follow_seconds` is not between 0 and {FOLLOW_SECONDS_MAX}"));
        }
        let mut misplaced = |cut: MapCut, fires: bool, on: &str| {
            if file.map_steps.iter().any(|step| step.cut == cut) && !fires {
                faults.push(format!("a step of the map needs {on}, and `when` has none"));
            }
        };
        misplaced(MapCut::Subject, !file.when.findings.is_empty(), "a finding");
        misplaced(MapCut::ReadableThere, file.when.exposed, "an exposed environment");
        let mut event_steps = Vec::new();
        for (step, number) in file.event_steps.into_iter().zip(1..) {
            match EventStep::load(step, known) {
                Ok(step) => event_steps.push(step),
                Err(why) => faults.extend(why.into_iter().map(|why| format!("event_step {number}: {why}"))),
            }
        }
        let PolicyFile { id, title, when, follow_seconds, map_steps, .. } = file;
        match faults.is_empty() {
            true => Ok(StandingPolicy { id, title, when, follow_seconds, event_steps, map_steps }),
            false => Err(faults),
        }
    }
}

impl EventStep {
    fn load(file: EventStepFile, known: &KnownActions) -> Result<EventStep, Vec<String>> {
        let EventStepFile { rules, only, same, sensitive, fields, step } = file;
        let mut faults = Vec::new();
        if rules.is_empty() {
            faults.push("it names no rule, so that no event fills it in".to_owned());
        }
        match step.checked(known, &fields.keys().cloned().collect()) {
            Ok(cut) if faults.is_empty() => return Ok(EventStep { rules, only, same, sensitive, fields, cut }),
            Ok(_) => {}
            Err(why) => faults.extend(why),
        }
        Err(faults)
    }

    /// The cut as it is written down.
    pub fn cut(&self) -> &Cut {
        &self.cut
    }

    /// What an event fills in, where `read` gives all texts of a field: a cut for each value of the one field that has
    /// several. Nothing where the event is not one that the step is for.
    ///
    /// # Errors
    /// In words, where a value is missing or cannot be one, or where several fields have several values, so that nobody could
    /// tell which belong together.
    pub fn cuts(&self, read: &dyn Fn(&str) -> Vec<String>) -> Result<Vec<CutOption>, String> {
        let fits = |(field, values): (&Text, &BTreeSet<String>)| read(field).iter().any(|one| values.contains(one));
        let agree = |(one, other): &(Text, Text)| {
            let other = read(other);
            read(one).iter().any(|value| other.contains(value))
        };
        if !self.only.iter().all(fits) || !self.same.iter().all(agree) {
            return Ok(Vec::new());
        }
        let mut values: BTreeMap<Text, String> = BTreeMap::new();
        let mut several: Option<(&Text, BTreeSet<String>)> = None;
        for (name, rule) in &self.fields {
            let texts = rule.of.iter().flat_map(|field| read(field));
            let found: BTreeSet<String> = texts.flat_map(|text| rule.values(&text)).collect();
            let other = several.as_ref().map(|(other, _)| (*other).clone());
            match (found.len(), other) {
                (0, _) => match &rule.otherwise {
                    Some(value) => values.extend([(name.clone(), value.clone())]),
                    None => return Err(format!("the record does not say `{name}` (`{}`)", rule.of.join("`, `"))),
                },
                (1, _) => values.extend(found.into_iter().map(|value| (name.clone(), value))),
                (_, None) => several = Some((name, found)),
                (_, Some(other)) => return Err(format!("both `{other}` and `{name}` have several values")),
            }
        }
        let Some((name, found)) = several else { return self.cut.filled(&values).map(|cut| vec![cut]) };
        if found.len() > CUTS_OF_ONE_EVENT_MAX {
            return Err(format!("`{name}` has more than {CUTS_OF_ONE_EVENT_MAX} values in one record"));
        }
        let with = |value: String| {
            let mut values = values.clone();
            values.insert(name.clone(), value);
            self.cut.filled(&values)
        };
        found.into_iter().map(with).collect()
    }
}

impl FieldRule {
    /// The values in the text of a field.
    fn values(&self, text: &str) -> Vec<String> {
        if self.after.is_empty() && self.until.is_empty() {
            return vec![text.to_owned()];
        }
        let pieces: Vec<&str> = match self.after.is_empty() {
            true => vec![text],
            false => text.split(self.after.as_str()).skip(1).collect(),
        };
        let value = |piece: &str| {
            let part = match self.end.is_empty() {
                true => piece,
                false => piece.split(self.end.as_str()).next().unwrap_or_default(),
            };
            let belongs = self.containing.is_empty() || self.containing.iter().any(|text| part.contains(text.as_str()));
            let value = match self.until.is_empty() {
                true => Some(part),
                false => part.split_once(self.until.as_str()).map(|(value, _)| value),
            };
            value.filter(|_| belongs).map(str::to_owned)
        };
        pieces.into_iter().filter_map(value).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::prepared::Template;

    fn rule(of: &str, after: &str, until: &str) -> FieldRule {
        FieldRule { of: vec![of.into()], after: after.to_owned(), until: until.to_owned(), ..FieldRule::default() }
    }

    /// A policy that deactivates the keys that its events name.
    pub(crate) fn file() -> PolicyFile {
        let template = |text: &str| Template::parse(text).expect("a template");
        PolicyFile {
            format: FORMAT.to_owned(),
            id: "public_key".into(),
            title: "A key that is public is deactivated".to_owned(),
            when: When { findings: BTreeSet::from(["key_public".into()]), ..When::default() },
            follow_seconds: 3_600,
            event_steps: vec![EventStepFile {
                rules: BTreeSet::from(["key_public".into()]),
                only: BTreeMap::from([("kind".into(), BTreeSet::from(["aws".to_owned()]))]),
                same: Vec::new(),
                sensitive: false,
                fields: BTreeMap::from([("key".into(), rule("keys", "id: ", ","))]),
                step: PreparedStep {
                    action: "aws_access_key/deactivate".into(),
                    target: template("credential:aws/{key}"),
                    parameters: BTreeMap::new(),
                    cost: 5,
                    needs_person: false,
                    permanent: false,
                },
            }],
            map_steps: Vec::new(),
        }
    }

    fn read(kind: &'static str, keys: &'static str) -> impl Fn(&str) -> Vec<String> {
        move |field| match field {
            "kind" => vec![kind.to_owned()],
            "keys" => vec![keys.to_owned()],
            _ => Vec::new(),
        }
    }

    fn load(file: PolicyFile) -> Result<StandingPolicy, Vec<String>> {
        StandingPolicy::load(file, &crate::prepared::tests::known())
    }

    #[test]
    fn an_event_fills_in_a_cut_for_each_value_that_it_names() {
        let policy = load(file()).expect("right");
        let cuts = |kind, keys| {
            let cuts = policy.event_steps[0].cuts(&read(kind, keys))?;
            Ok::<_, String>(cuts.into_iter().map(|cut| cut.action.target.name().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(cuts("aws", "[id: AKIA2, x; id: AKIA1, y]"), Ok(vec!["AKIA1".to_owned(), "AKIA2".to_owned()]));
        assert_eq!(cuts("gcp", "[id: AKIA2, x"), Ok(Vec::new()), "an event of another kind is none of its");
        assert!(cuts("aws", "nothing").expect_err("no value").contains("does not say `key`"));
        assert!(cuts("aws", "id: \n,").expect_err("no name").contains("no name of a thing"));
    }

    #[test]
    fn two_fields_with_several_values_are_not_guessed_at() {
        let mut two = file();
        two.event_steps[0].fields.insert("account".into(), rule("keys", "a: ", ","));
        let policy = load(two).expect("right");
        let why = policy.event_steps[0].cuts(&read("aws", "id: 1,id: 2,a: 3,a: 4,")).expect_err("which is whose?");
        assert!(why.contains("both `account` and `key` have several values"), "{why}");
    }

    #[test]
    fn a_policy_that_could_never_do_anything_is_refused_with_the_place() {
        let refused = |change: &dyn Fn(&mut PolicyFile)| {
            let mut file = file();
            change(&mut file);
            load(file).expect_err("it is wrong").join("; ")
        };
        assert!(refused(&|file| file.when = When::default()).contains("it never fires"));
        assert!(refused(&|file| file.event_steps.clear()).contains("it asks for nothing"));
        assert!(refused(&|file| file.event_steps[0].rules.clear()).contains("event_step 1: it names no rule"));
        assert!(refused(&|file| file.format = "x".to_owned()).contains("its format is `x`"));
        assert!(refused(&|file| file.map_steps.push(MapStep { cut: MapCut::ReadableThere })).contains("exposed"));
        let other = refused(&|file| file.event_steps[0].step.action = "aws_moon/close".into());
        assert!(other.contains("event_step 1: no responder does `aws_moon/close`"), "{other}");
    }
}
