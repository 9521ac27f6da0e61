//! A mapping as the operator writes it: where each key is, by dotted names.

use super::said;
use crate::mapping::{no_time, person};
use crate::source::{RawRecord, Refusal};
use firebreak_model::{Json, NodeKey, NodeKind, Outcome, Time};
use serde::Deserialize;

/// `[[intake.ndjson]]`. Paths are dotted names: `user.email` is `email` in the object `user`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The name of the source that this makes: small letters, digits and underscores.
    pub name: String,
    /// Sigma's product.
    pub product: String,
    /// Sigma's service.
    #[serde(default)]
    pub service: String,
    /// Path of the time.
    pub time: String,
    /// How the time is written.
    #[serde(default)]
    pub time_format: TimeFormat,
    /// Path of the record's own id; without it, an id is made from the record.
    #[serde(default)]
    pub id: Option<String>,
    /// Who acted.
    #[serde(default)]
    pub actor: Option<Key>,
    /// With which credential. The field must hold a public id, never the secret.
    #[serde(default)]
    pub credential: Option<Key>,
    /// Path of the session's id.
    #[serde(default)]
    pub session: Option<String>,
    /// Path of the address.
    #[serde(default)]
    pub address: Option<String>,
    /// Path of the client's description of itself.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Path of what was done.
    pub operation: String,
    /// On what.
    #[serde(default)]
    pub target: Option<Key>,
    /// Path of how it ended.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Words of `outcome` that mean success; without them, the usual words do.
    #[serde(default)]
    pub success: Vec<String>,
    /// Words of `outcome` that mean a refusal.
    #[serde(default)]
    pub denied: Vec<String>,
    /// Path of the number of bytes that left.
    #[serde(default)]
    pub bytes: Option<String>,
    /// Path of the number of records that were read.
    #[serde(default)]
    pub records: Option<String>,
}

/// Where the name of a node is, and what kind of node of which system it names.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Path of the name.
    pub path: String,
    /// The system: `person` for e-mail addresses, else a word of your own, or one of Firebreak's such as `aws`.
    pub system: String,
    /// `identity`, `credential`, `resource`, `environment` or `group`; without it, what the key usually is.
    #[serde(default)]
    pub kind: Option<NodeKind>,
}

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// As text, or as a number since 1970 whose unit its size tells.
    #[default]
    Auto,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
}

impl Key {
    /// The node that a record names.
    pub(super) fn of(&self, record: &Json, usual: NodeKind) -> Option<NodeKey> {
        let name = said(record, &self.path)?;
        let kind = self.kind.unwrap_or(usual);
        if self.system == "person" && kind == NodeKind::Identity {
            return person(Some(&name));
        }
        Some(NodeKey::of(kind, &self.system, &[&name]))
    }
}

impl Mapping {
    /// Whether it can be used.
    pub(super) fn check(&self) -> Result<(), String> {
        let word = |text: &str| {
            let usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            !text.is_empty() && text.bytes().all(usual)
        };
        if !word(&self.name) {
            let name = &self.name;
            return Err(format!("`intake.ndjson.name`: `{name}` is no name\nhint: use small letters, digits and `_`"));
        }
        let of = |key: &str| format!("`intake.ndjson.{key}` of `{}`", self.name);
        if self.product.is_empty() {
            return Err(format!("{} is empty\nhint: rules ask for it as `logsource.product`", of("product")));
        }
        let mut paths = vec![("time", &self.time), ("operation", &self.operation)];
        let optional = [
            ("id", &self.id),
            ("session", &self.session),
            ("address", &self.address),
            ("user_agent", &self.user_agent),
            ("outcome", &self.outcome),
            ("bytes", &self.bytes),
            ("records", &self.records),
        ];
        paths.extend(optional.iter().filter_map(|(key, path)| path.as_ref().map(|path| (*key, path))));
        let keys = [("actor", &self.actor), ("credential", &self.credential), ("target", &self.target)];
        for (name, key) in keys {
            let Some(key) = key else { continue };
            paths.push((name, &key.path));
            if key.system.is_empty() || key.system.contains('/') {
                return Err(format!("{} has no system\nhint: one word, such as `person` or `billing`", of(name)));
            }
        }
        match paths.iter().find(|(_, path)| path.split('.').any(str::is_empty)) {
            Some((key, path)) => {
                Err(format!("{} is no path: `{path}`\nhint: names with dots between, `user.email`", of(key)))
            }
            None => Ok(()),
        }
    }

    /// When it happened.
    pub(super) fn time(&self, record: &RawRecord<'_>) -> Result<Time, Refusal> {
        let path: Vec<&str> = self.time.split('.').collect();
        let micros = match self.time_format {
            TimeFormat::Auto => return record.time(&[&path]),
            TimeFormat::Seconds => 1_000_000.0,
            TimeFormat::Millis => 1_000.0,
            TimeFormat::Micros => 1.0,
            TimeFormat::Nanos => 0.001,
        };
        let written = said(record.json, &self.time);
        let number: Option<f64> = written.as_deref().and_then(|text| text.parse().ok()).filter(|number| *number > 0.0);
        match number {
            Some(number) => Ok(Time((number * micros) as i64)),
            None => record.received.ok_or_else(|| no_time(written.as_deref())),
        }
    }

    /// What a word of the operator's program means.
    pub(super) fn outcome_of(&self, word: &str) -> Outcome {
        let among = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        match () {
            () if among(&self.denied) => Outcome::Denied,
            () if among(&self.success) => Outcome::Success,
            () if self.success.is_empty() => outcome(word),
            () => Outcome::Failure,
        }
    }
}

/// What the usual words mean.
pub(super) fn outcome(word: &str) -> Outcome {
    match word.to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "ok" | "true" | "allow" | "allowed" | "200" | "201" | "204" => Outcome::Success,
        "denied" | "deny" | "forbidden" | "unauthorized" | "401" | "403" => Outcome::Denied,
        "failure" | "failed" | "fail" | "error" | "false" | "400" | "404" | "500" => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping() -> Mapping {
        Mapping {
            name: "billing".to_owned(),
            product: "billing".to_owned(),
            time: "ts".to_owned(),
            operation: "what".to_owned(),
            ..Mapping::default()
        }
    }

    #[test]
    fn a_mapping_that_cannot_be_used_names_the_key_and_the_cure() {
        assert_eq!(mapping().check(), Ok(()));
        let no_path = Mapping { address: Some("client..ip".to_owned()), ..mapping() };
        assert_eq!(
            no_path.check().unwrap_err(),
            "`intake.ndjson.address` of `billing` is no path: `client..ip`\nhint: names with dots between, `user.email`"
        );
        let no_name = Mapping { name: "Billing App".to_owned(), ..mapping() };
        assert!(no_name.check().unwrap_err().starts_with("`intake.ndjson.name`: `Billing App` is no name\nhint: "));
        let key = Key { path: "who".to_owned(), system: String::new(), kind: None };
        let no_system = Mapping { actor: Some(key), ..mapping() };
        assert!(no_system.check().unwrap_err().starts_with("`intake.ndjson.actor` of `billing` has no system\nhint: "));
    }

    #[test]
    fn words_of_ones_own_come_before_the_usual_ones() {
        let own = Mapping { success: vec!["done".to_owned()], denied: vec!["nope".to_owned()], ..mapping() };
        assert_eq!(
            ["Done", "nope", "ok"].map(|word| own.outcome_of(word)),
            [Outcome::Success, Outcome::Denied, Outcome::Failure]
        );
        assert_eq!(mapping().outcome_of("403"), Outcome::Denied);
    }
}
