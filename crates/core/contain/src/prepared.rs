//! Prepared steps: cuts that somebody wrote down before they were needed. What to do and to what kind of thing is fixed and
//! checked when they are read; a record or a person fills in which one.
//!
//! Nothing here is permission: a prepared step goes through lint, gate and ledger as every other one.

use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, Reversibility, Text};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// What a step costs the business where nobody says, as an inventory's usual price.
const COST: u32 = 20;

/// Longer values are no names of things.
const VALUE_CHARS_MAX: usize = 512;

/// What is known of an action that a responder does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownAction {
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// Seconds until it denies everywhere, as its platform tells.
    pub delay_seconds: u32,
    /// How keys of what it acts on begin (`credential:aws/`); none where it acts on things of any kind.
    pub targets: Vec<Text>,
}

/// The actions that exist, by name (`aws_access_key/deactivate`).
pub type KnownActions = BTreeMap<Text, KnownAction>;

/// Text with places to fill in: `resource:google/link/{file}/anyone`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Said(String),
    Field(Text),
}

impl Template {
    /// Reads it. `{name}` is a place; there is no way to write a brace.
    ///
    /// # Errors
    /// In words, where a brace has no partner or a place no name.
    pub fn parse(text: &str) -> Result<Template, String> {
        let fault = || format!("`{text}` has a brace that begins or ends no `{{name}}`");
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((said, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(fault)?;
            let is_name = !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
            if !is_name || said.contains('}') {
                return Err(fault());
            }
            parts.extend((!said.is_empty()).then(|| Part::Said(said.to_owned())));
            parts.push(Part::Field(Text::new(name)));
            rest = after;
        }
        if rest.contains('}') {
            return Err(fault());
        }
        parts.extend((!rest.is_empty()).then(|| Part::Said(rest.to_owned())));
        Ok(Template(parts))
    }

    /// The names of its places.
    pub fn fields(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name),
            Part::Said(_) => None,
        })
    }

    /// What stands before its first place.
    pub fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Part::Said(text)) => text,
            _ => "",
        }
    }

    /// It with its places filled in; `None` where a value is missing.
    pub fn filled(&self, values: &BTreeMap<Text, String>) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Said(text) => Some(text.clone()),
            Part::Field(name) => values.get(name).cloned(),
        };
        self.0.iter().map(part).collect()
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Said(text) => f.write_str(text),
            Part::Field(name) => write!(f, "{{{name}}}"),
        })
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        let text = String::deserialize(deserializer)?;
        Template::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One step as it is written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedStep {
    /// The responder's folder, a slash and its verb.
    pub action: Text,
    /// What it acts on: a key, with places to fill in.
    pub target: Template,
    /// What the responder needs beside the target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Text, Template>,
    /// What it costs the business, from 1 to 1,000,000.
    #[serde(default = "usual_cost")]
    pub cost: u32,
    /// Whether a person must approve it, whatever else the gate says.
    #[serde(default)]
    pub needs_person: bool,
    /// Said where it cannot be taken back, so that nobody writes down such a step unawares.
    #[serde(default)]
    pub permanent: bool,
}

const fn usual_cost() -> u32 {
    COST
}

/// A prepared step that a responder can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    step: PreparedStep,
    reversibility: Reversibility,
    delay_seconds: u32,
}

impl PreparedStep {
    /// It with what is known of its action, where only `fields` can be filled in.
    ///
    /// # Errors
    /// All that is wrong with it, in words: an action that nobody does, a target of another kind, a permanence that is not
    /// said or not so, a place that nothing fills, a cost out of bounds.
    pub fn checked(self, known: &KnownActions, fields: &BTreeSet<Text>) -> Result<Cut, Vec<String>> {
        let mut faults = Vec::new();
        let Some(action) = known.get(&self.action) else {
            return Err(vec![format!("no responder does `{}`", self.action)]);
        };
        let begins = self.target.beginning();
        if !action.targets.is_empty() && !action.targets.iter().any(|target| begins.starts_with(target.as_str())) {
            let targets = action.targets.iter().map(|target| format!("`{target}`")).collect::<Vec<_>>().join(" or ");
            faults.push(format!("`{}` acts on what begins with {targets}, and not on `{}`", self.action, self.target));
        } else if NodeKey::parse(begins).is_none() {
            faults.push(format!("`{}` does not begin with the kind and the system of a target", self.target));
        }
        let permanent = matches!(action.reversibility, Reversibility::Irreversible | Reversibility::RecreateOnly);
        if permanent != self.permanent {
            faults.push(match permanent {
                true => format!("`{}` cannot be taken back, and the step does not say `permanent = true`", self.action),
                false => format!("`{}` can be taken back, and the step says `permanent = true`", self.action),
            });
        }
        for name in self.target.fields().chain(self.parameters.values().flat_map(Template::fields)) {
            if !fields.contains(name) {
                faults.push(format!("nothing says what `{{{name}}}` is"));
            }
        }
        if !(1..=crate::cost::MOST).contains(&self.cost) {
            faults.push(format!("the cost {} is not between 1 and {}", self.cost, crate::cost::MOST));
        }
        let (reversibility, delay_seconds) = (action.reversibility, action.delay_seconds);
        if faults.is_empty() { Ok(Cut { step: self, reversibility, delay_seconds }) } else { Err(faults) }
    }
}

impl Cut {
    /// The step as it is written down.
    pub fn step(&self) -> &PreparedStep {
        &self.step
    }

    /// Whether it can be taken back.
    pub fn reversibility(&self) -> Reversibility {
        self.reversibility
    }

    /// The cut itself, with its places filled in.
    ///
    /// # Errors
    /// In words, where a value is missing, or is not a name that anything could have.
    pub fn filled(&self, values: &BTreeMap<Text, String>) -> Result<CutOption, String> {
        if let Some((name, _)) = values.iter().find(|(_, value)| !is_name(value)) {
            return Err(format!("`{name}` is no name of a thing: empty, longer than {VALUE_CHARS_MAX} or unprintable"));
        }
        let fill = |template: &Template| {
            let missing = || {
                let absent = template.fields().find(|name| !values.contains_key(*name));
                format!("nothing says `{}`", absent.map_or("", Text::as_str))
            };
            template.filled(values).ok_or_else(missing)
        };
        let target = fill(&self.step.target)?;
        let target = NodeKey::parse(&target).ok_or_else(|| format!("`{target}` is no key of a thing"))?;
        let parameters = self.step.parameters.iter();
        let parameters = parameters.map(|(name, value)| Ok((name.clone(), Text::new(fill(value)?))));
        let parameters = parameters.collect::<Result<BTreeMap<Text, Text>, String>>()?;
        Ok(CutOption {
            action: Action { name: self.step.action.clone(), target, parameters },
            cost: self.step.cost,
            delay_seconds: self.delay_seconds,
            reversibility: self.reversibility,
            policy: if self.step.needs_person { CutPolicy::NeedsPerson } else { CutPolicy::Allowed },
        })
    }
}

/// A step that an incident profile prepares, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileStep {
    /// What to do, to one thing or to every credential that begins so.
    pub cut: Cut,
    /// Why, for people.
    pub because: String,
}

/// The one place of a profile's step: the rest of the key of a credential.
pub const NAME: &str = "name";

/// A step that a profile prepares for one incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreparedCut {
    /// The cut.
    pub cut: CutOption,
    /// The profile.
    pub profile: Text,
    /// Why, for people.
    pub because: String,
}

/// What profiles prepare for one incident.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prepared {
    /// The cuts.
    pub cuts: Vec<PreparedCut>,
    /// Why what is not among them is left out, in words.
    pub left_out: Vec<String>,
}

impl ProfileStep {
    /// The cuts of it where `readable` are the credentials that could be read: one for each that its target is about; the one
    /// that it names where its target has no place. What no cut can be made of is left out and named.
    pub fn cuts<'a>(&self, readable: impl Iterator<Item = &'a NodeKey>) -> (Vec<CutOption>, Vec<String>) {
        let target = &self.cut.step.target;
        let begins = target.beginning();
        let mut names: Vec<BTreeMap<Text, String>> = Vec::new();
        match target.fields().next() {
            None => names.push(BTreeMap::new()),
            Some(_) => names.extend(readable.filter_map(|key| {
                let rest = key.as_str().strip_prefix(begins)?;
                Some(BTreeMap::from([(Text::new_static(NAME), rest.to_owned())]))
            })),
        }
        let (mut cuts, mut faults) = (Vec::new(), Vec::new());
        for values in names {
            match self.cut.filled(&values) {
                Ok(cut) => cuts.push(cut),
                Err(why) => faults.push(format!("a prepared step `{}` is left out: {why}", self.cut.step.action)),
            }
        }
        (cuts, faults)
    }
}

fn is_name(value: &str) -> bool {
    !value.trim().is_empty() && value.chars().count() <= VALUE_CHARS_MAX && !value.chars().any(char::is_control)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn known() -> KnownActions {
        let action = |reversibility, target: &str| KnownAction {
            reversibility,
            delay_seconds: 60,
            targets: vec![Text::new(target)],
        };
        BTreeMap::from([
            ("aws_access_key/deactivate".into(), action(Reversibility::ReversibleReissuesAccess, "credential:aws/")),
            ("oauth_token/revoke".into(), action(Reversibility::Irreversible, "credential:oauth/")),
        ])
    }

    fn step(action: &str, target: &str) -> PreparedStep {
        PreparedStep {
            action: action.into(),
            target: Template::parse(target).expect("a template"),
            parameters: BTreeMap::from([("account".into(), Template::parse("{account}").expect("a template"))]),
            cost: COST,
            needs_person: false,
            permanent: false,
        }
    }

    fn fields() -> BTreeSet<Text> {
        ["account", "key"].map(Text::new).into()
    }

    fn faults(step: PreparedStep) -> String {
        step.checked(&known(), &fields()).expect_err("it is wrong").join("; ")
    }

    #[test]
    fn a_template_is_shown_as_it_was_written_and_filled_in() {
        for text in ["", "a", "{a}", "a{b}c{d}", "{a}{a}"] {
            assert_eq!(Template::parse(text).map(|one| one.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["{", "}", "{a", "a}", "{}", "{a b}", "{a}}", "{{a}}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_no_responder_does_or_not_so_is_refused_when_it_is_read() {
        assert!(faults(step("aws_access_key/explode", "credential:aws/{key}")).contains("no responder does"));
        let other = faults(step("aws_access_key/deactivate", "identity:aws/{key}"));
        assert!(other.contains("acts on what begins with `credential:aws/`"), "{other}");
        assert!(faults(step("oauth_token/revoke", "credential:oauth/{key}")).contains("cannot be taken back"));
        let mild = PreparedStep { permanent: true, ..step("aws_access_key/deactivate", "credential:aws/{key}") };
        assert!(faults(mild).contains("can be taken back"));
        assert!(faults(step("aws_access_key/deactivate", "credential:aws/{name}")).contains("what `{name}` is"));
        let free = PreparedStep { cost: 0, ..step("aws_access_key/deactivate", "credential:aws/{key}") };
        assert!(faults(free).contains("the cost 0"));
    }

    #[test]
    fn a_value_that_is_missing_or_no_name_makes_no_step() {
        let cut =
            step("aws_access_key/deactivate", "credential:aws/{key}").checked(&known(), &fields()).expect("right");
        let value = |key: &str| BTreeMap::from([("account".into(), "1".to_owned()), ("key".into(), key.to_owned())]);
        let filled = cut.filled(&value("AKIA1")).expect("whole");
        assert_eq!((filled.action.target, filled.delay_seconds), (NodeKey::credential("aws", "AKIA1"), 60));
        assert!(cut.filled(&BTreeMap::new()).expect_err("nothing is there").contains("nothing says `key`"));
        for wrong in ["", " ", "a\nb", &"a".repeat(VALUE_CHARS_MAX + 1)] {
            assert!(cut.filled(&value(wrong)).is_err(), "{wrong:?}");
        }
    }

    /// A token that is taken back for good, wherever one could be read.
    pub(crate) fn by_profile() -> ProfileStep {
        let mut written = step("oauth_token/revoke", "credential:oauth/{name}");
        written.parameters.clear();
        written.permanent = true;
        let cut = written.checked(&known(), &BTreeSet::from([Text::new_static(NAME)])).expect("a step");
        ProfileStep { cut, because: "whoever has it acts in your name".to_owned() }
    }

    #[test]
    fn a_profile_s_step_is_about_every_credential_that_could_be_read_and_begins_so() {
        let mut written = step("aws_access_key/deactivate", "credential:aws/{name}");
        written.parameters.clear();
        let cut = written.checked(&known(), &BTreeSet::from([Text::new_static(NAME)])).expect("a step");
        let step = ProfileStep { cut, because: "it was read".to_owned() };
        let readable = ["credential:aws/AKIA1", "credential:aws/AKIA2", "credential:oauth/t1"];
        let readable = readable.map(|key| NodeKey::parse(key).expect("a key"));
        let (cuts, faults) = step.cuts(readable.iter());
        let targets: Vec<_> = cuts.iter().map(|cut| cut.action.target.as_str()).collect();
        assert_eq!((targets, faults), (vec!["credential:aws/AKIA1", "credential:aws/AKIA2"], Vec::new()));
        assert_eq!(step.cuts([].iter()).0, [], "nothing was read, nothing is prepared");
    }
}
