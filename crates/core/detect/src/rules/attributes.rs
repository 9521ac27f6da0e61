//! What a detection and a correlation have in common: title, level, tags, and Firebreak's own block of attributes.
//!
//! ```yaml
//! firebreak:
//!   signal: watch | novelty | volume | tripwire      # default watch
//!   armed_by: novelty                                # only with signal: tripwire
//!   armed_seconds: 3600
//!   subject: credential | actor | environment | target
//!   suppress_seconds: 3600
//! ```

use super::condition::Refusal;
use super::yaml::{kind, scalar_text};
use firebreak_model::{Severity, Signal, Text};
use yaml_serde::{Mapping, Value};

/// Whom a finding is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SubjectKind {
    /// The credential, else the actor, else the environment.
    #[default]
    Usual,
    /// The credential, else the usual.
    Credential,
    /// The actor, else the usual.
    Actor,
    /// The environment, else the usual.
    Environment,
    /// The target, else the usual.
    Target,
}

/// Longest time that a rule may ask for, in seconds: 90 days.
pub(crate) const SECONDS_MAX: i64 = 90 * 86_400;

/// The attributes of one rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Attributes {
    /// Sigma `title`.
    pub title: Text,
    /// Sigma `id`.
    pub id: Option<Text>,
    /// Sigma `name`, by which correlations may refer to it.
    pub name: Option<Text>,
    /// The detector's folder.
    pub detector: Text,
    /// What tells this rule from every other, in finding ids and snapshots: detector and id, name or title.
    pub key: Text,
    /// The file.
    pub path: Text,
    /// The line of the file on which the rule begins.
    pub line: u64,
    /// Sigma `level`; medium where the rule does not say.
    pub severity: Severity,
    /// Whether the rule says its level.
    pub says_level: bool,
    /// ATT&CK techniques from `tags`.
    pub techniques: Vec<Text>,
    /// What a finding may lead to.
    pub signal: Signal,
    /// A tripwire that counts only near a novelty of the same subject: how near, in seconds.
    pub armed_seconds: Option<i64>,
    /// Whom a finding is about.
    pub subject: SubjectKind,
    /// One finding for each subject in so many seconds.
    pub suppress_seconds: i64,
}

/// What is wrong, and the key on which it was found.
pub(crate) type Refusals = Vec<(String, Refusal)>;

fn push(refusals: &mut Refusals, key: &str, reason: impl Into<String>, hint: impl Into<String>) {
    refusals.push((key.to_owned(), Refusal { reason: reason.into(), hint: hint.into() }));
}

impl Attributes {
    /// Reads them; what is wrong is pushed to `refusals` and the default stands.
    pub(crate) fn read(document: &Mapping, path: &str, line: u64, refusals: &mut Refusals) -> Attributes {
        let text = |key: &str| document.get(key).and_then(scalar_text).map(Text::new);
        let title = text("title").filter(|title| !title.is_empty()).unwrap_or_else(|| {
            push(refusals, "title", "the rule has no title", "write `title: what it finds`");
            Text::new("untitled")
        });
        let (id, name) = (text("id"), text("name"));
        let detector = detector_of(path);
        let own = id.as_ref().or(name.as_ref()).unwrap_or(&title);
        let mut attributes = Attributes {
            key: Text::new(format!("{detector}/{own}")),
            severity: severity(document.get("level"), refusals),
            says_level: document.contains_key("level"),
            techniques: techniques(document.get("tags"), refusals),
            path: Text::new(path),
            title,
            id,
            name,
            detector,
            line,
            signal: Signal::Watch,
            armed_seconds: None,
            subject: SubjectKind::Usual,
            suppress_seconds: 3_600,
        };
        match document.get("firebreak") {
            None | Some(Value::Null) => {}
            Some(Value::Mapping(block)) => attributes.read_block(block, refusals),
            Some(other) => {
                push(
                    refusals,
                    "firebreak",
                    format!("`firebreak` is {}, not a map", kind(other)),
                    "see the rule's page",
                );
            }
        }
        attributes
    }

    fn read_block(&mut self, block: &Mapping, refusals: &mut Refusals) {
        let mut armed_seconds = 3_600;
        let mut armed = false;
        for (key, value) in block {
            let word = scalar_text(value).unwrap_or_default();
            match (key.as_str().unwrap_or_default(), word.as_str()) {
                ("signal", "watch") => self.signal = Signal::Watch,
                ("signal", "novelty") => self.signal = Signal::Novelty,
                ("signal", "volume") => self.signal = Signal::Volume,
                ("signal", "tripwire") => self.signal = Signal::Tripwire,
                ("signal", other) => {
                    push(refusals, "signal", unknown("signal", other), "one of watch, novelty, volume, tripwire");
                }
                ("armed_by", "novelty") => armed = true,
                ("armed_by", other) => push(refusals, "armed_by", unknown("armed_by", other), "only novelty arms"),
                ("subject", "credential") => self.subject = SubjectKind::Credential,
                ("subject", "actor") => self.subject = SubjectKind::Actor,
                ("subject", "environment") => self.subject = SubjectKind::Environment,
                ("subject", "target") => self.subject = SubjectKind::Target,
                ("subject", other) => {
                    push(
                        refusals,
                        "subject",
                        unknown("subject", other),
                        "one of credential, actor, environment, target",
                    );
                }
                ("armed_seconds", _) => armed_seconds = seconds("armed_seconds", value, refusals),
                ("suppress_seconds", _) => self.suppress_seconds = seconds("suppress_seconds", value, refusals),
                (other, _) => push(
                    refusals,
                    "firebreak",
                    format!("`{other}` is not an attribute of `firebreak`"),
                    "they are: signal, armed_by, armed_seconds, subject, suppress_seconds",
                ),
            }
        }
        if armed && self.signal != Signal::Tripwire {
            push(
                refusals,
                "armed_by",
                "`armed_by` without `signal: tripwire` does nothing",
                "add it, or remove `armed_by`",
            );
        }
        self.armed_seconds = (armed && self.signal == Signal::Tripwire).then_some(armed_seconds);
    }
}

fn unknown(key: &str, word: &str) -> String {
    format!("`{word}` is not a value of `{key}`")
}

fn seconds(key: &str, value: &Value, refusals: &mut Refusals) -> i64 {
    match value.as_i64() {
        Some(seconds) if (1..=SECONDS_MAX).contains(&seconds) => seconds,
        _ => {
            push(refusals, key, format!("`{key}` is not a time in seconds"), format!("write 1 to {SECONDS_MAX}"));
            3_600
        }
    }
}

/// The folder of a file called `rule` or `rules`, else the file's own name, both without ending.
fn detector_of(path: &str) -> Text {
    let mut parts = path.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match parts.next() {
        Some(folder) if matches!(stem, "rule" | "rules") && !folder.is_empty() => Text::new(folder),
        _ => Text::new(stem),
    }
}

fn severity(level: Option<&Value>, refusals: &mut Refusals) -> Severity {
    match level.and_then(Value::as_str) {
        Some("informational") => Severity::Informational,
        Some("low") => Severity::Low,
        Some("medium") => Severity::Medium,
        Some("high") => Severity::High,
        Some("critical") => Severity::Critical,
        None if level.is_none() => Severity::Medium,
        other => {
            let word = other.unwrap_or("what is written");
            push(refusals, "level", unknown("level", word), "one of informational, low, medium, high, critical");
            Severity::Medium
        }
    }
}

/// `T1528` for the tag `attack.t1528`.
fn techniques(tags: Option<&Value>, refusals: &mut Refusals) -> Vec<Text> {
    let list = match tags {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Sequence(list)) => list,
        Some(other) => {
            push(refusals, "tags", format!("`tags` is {}, not a list", kind(other)), "write `- attack.t1528` lines");
            return Vec::new();
        }
    };
    let technique = |tag: &Value| {
        let tag = tag.as_str()?.to_ascii_lowercase();
        let number = tag.strip_prefix("attack.t")?;
        number.starts_with(|digit: char| digit.is_ascii_digit()).then(|| Text::new(format!("T{number}")))
    };
    list.iter().filter_map(technique).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detector_is_its_folder() {
        assert_eq!(detector_of("detectors/stolen_key_probe/rule.yml"), "stolen_key_probe");
        assert_eq!(detector_of("sigma/aws_enum.yml"), "aws_enum");
        assert_eq!(detector_of("rule.yml"), "rule");
    }

    #[test]
    fn attributes_are_read_and_checked() {
        let read = |text: &str| {
            let mut refusals = Vec::new();
            let document: Mapping = yaml_serde::from_str(text).expect("yaml");
            (Attributes::read(&document, "d/rule.yml", 1, &mut refusals), refusals)
        };
        let (attributes, refusals) = read(
            "title: x\nlevel: high\ntags: [attack.t1528, attack.impact, attack.T1552.007]\nfirebreak: {signal: tripwire, \
             armed_by: novelty, subject: actor, suppress_seconds: 60}",
        );
        assert!(refusals.is_empty());
        assert_eq!(attributes.techniques, ["T1528", "T1552.007"]);
        assert_eq!((attributes.armed_seconds, attributes.suppress_seconds), (Some(3_600), 60));
        assert_eq!(attributes.subject, SubjectKind::Actor);
        for wrong in ["signal: loud", "armed_by: novelty", "subject: me", "suppress_seconds: -1", "colour: red"] {
            assert_eq!(read(&format!("title: x\nfirebreak: {{{wrong}}}")).1.len(), 1, "{wrong}");
        }
        assert_eq!(read("level: loud").1.len(), 2);
    }
}
